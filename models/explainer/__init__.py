"""Shapley values of the calibrated log-odds, for each player of a feature spec.

The value of a coalition is the mean log-odds over the rows a bundle compares with, the
coalition's features taken from the payment and the others from such a row (interventional SHAP).
A value and its missing indicator are one player.

    explanations.py   what an explanation is, and what every explainer does
    permutation.py    the exact method: antithetic permutations through the score graph
    deeplift.py       the rescale rule, a graph of its own: fast, additive, and only nearly right
    sweeping.py       the fast method: walks that stop three times and ask for slopes
    sweep.py          its compiled steps
    checked.py        the default: swept, checked, and done again where the check says so
    graphs.py         the graphs of a bundle, in tiles
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.explainer.checked import SWEPT_AGAIN, CheckedExplainer
from models.explainer.deeplift import RESCALE, DeepLiftExplainer
from models.explainer.explanations import Explainer, Explanations
from models.explainer.permutation import PERMUTATION, PermutationExplainer
from models.explainer.sweeping import SWEEP, SweepExplainer

if TYPE_CHECKING:
    from models.bundle import Bundle
    from models.scorer import Scorer

__all__ = [
    "PERMUTATION",
    "RESCALE",
    "SWEEP",
    "SWEPT_AGAIN",
    "CheckedExplainer",
    "DeepLiftExplainer",
    "Explainer",
    "Explanations",
    "PermutationExplainer",
    "SweepExplainer",
    "explainer_of",
]


def explainer_of(bundle: Bundle, scorer: Scorer) -> Explainer:
    """Return the explainer of a bundle: checked sweeps, or permutations if it has no graphs."""
    if bundle.has_explanation_graphs:
        return CheckedExplainer(bundle, scorer)
    return PermutationExplainer(bundle, scorer)
