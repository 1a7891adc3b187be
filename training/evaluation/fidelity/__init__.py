"""How faithful explanations are: ways to explain one bundle's flags, against converged values.

flags.py        the flags of a file, and payments that other models learn from
reference.py    Shapley values until their standard error is small, twice
measures.py     rank agreement, strongest three, additivity, time
methods.py      the product's own ways to explain
shap_ways.py    those of the shap library
torch_graph.py  a bundle's graphs as torch modules, for shap's explainers of networks
trees.py        LightGBM and TreeSHAP beside them
compare.py      the whole comparison, and its page
"""
