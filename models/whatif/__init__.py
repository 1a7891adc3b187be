"""What if the payment had been another: the fewest changes under which it is not flagged.

edits.py      what a payment could have differed in, one customer's normal at a time
search.py     one change, then two, then three, each scored by the bundle itself
"""
