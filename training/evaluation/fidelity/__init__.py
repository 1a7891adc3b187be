"""How faithful explanations are: ways to explain one bundle's flags, against converged values.

flags.py        the flags of a file, and payments that other models learn from
reference.py    Shapley values until their standard error is small, twice
measures.py     rank agreement, strongest three, additivity, time
torch_graph.py  the score graph as torch modules, for shap's explainers of networks
methods.py      the ways to explain
trees.py        LightGBM and TreeSHAP beside them
compare.py      the whole comparison, and its page
"""
