"""Shadow beside legacy, as the ledger has it: what was seen, what it came to, what it is worth.

Figures over sums (`totals`, `simulator`, `money`) cost the same for a thousand payments and for
ten million. What needs the payments themselves (`rows`) is computed by `models.comparison`.
"""
