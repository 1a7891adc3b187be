"""The default: swept, checked, and explained exactly where the check says so.

The check costs nothing more. Both walks against each background row are an antithetic pair, and
at every stop the slopes say how far the next block would take the log-odds; where the walk really
led is known. What the slopes miss, as a share of the range of the values, tells how far to trust
them: additivity alone would prove nothing. A flag whose third and fourth strongest are closer than
that can not be told apart by the sweep either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.explainer.explanations import Explanations
from models.explainer.permutation import PERMUTATION, PermutationExplainer
from models.explainer.sweeping import SWEEP, SweepExplainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.scorer import Scorer

    Doubles = NDArray[np.float64]

MOST_DOUBT = 1.0
"""Mean miss of a walk, as a share of the range of the values, above which it is explained again."""
EXACT_PAIRS = 4


class CheckedExplainer:
    """Sweeps rows, and explains by permutations those that do not pass the check."""

    def __init__(self, bundle: Bundle, scorer: Scorer) -> None:
        self._scorer = scorer
        self._sweep = SweepExplainer(bundle, scorer)
        self._exact = PermutationExplainer(bundle, scorer, EXACT_PAIRS)

    @property
    def compared(self) -> int:
        """How many background rows a payment is compared with."""
        return self._sweep.compared

    def explain(self, features: NDArray[np.float32]) -> Explanations:
        """Explain rows (n, F) of the bundle's features."""
        log_odds = self._scorer.score(features).log_odds.astype(np.float64)
        each, misses = self._sweep.sweep(features, log_odds)
        values = each.mean(axis=1)
        doubtful = np.flatnonzero(doubt(each, misses) > MOST_DOUBT)
        methods = [SWEEP] * len(features)
        if len(doubtful):
            values[doubtful] = self._exact.values(features[doubtful], log_odds[doubtful])
            for row in doubtful.tolist():
                methods[row] = PERMUTATION
        return Explanations.of(values, self._sweep.base_value, log_odds, methods)


def doubt(each: Doubles, misses: Doubles) -> Doubles:
    """Return what slopes missed on walks (n, B, 2), a mean, as a share of the range of values.

    `each` (n, B, P) are the values against each background row.
    """
    values = each.mean(axis=1)
    span = np.ptp(values, axis=1) if values.shape[1] > 1 else np.abs(values[:, 0])
    return misses.mean(axis=(1, 2)) / np.maximum(span, _NO_SPAN)


_NO_SPAN = 1e-6
