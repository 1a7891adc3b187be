"""The default: swept once, checked, and explained more slowly where the check says so.

The check costs nothing more. Both walks against each background row are an antithetic pair, and
at every stop the slopes say how far the next block takes the log-odds; where the walk really led
is known. Where the slopes miss much of the way they are not to be trusted, and the flag is
explained by permutations through the score graph. (That contributions add up would prove nothing:
they always do.) Where the third and the fourth strongest player are too close for one sweep to
tell them apart, the flag is swept again in other orders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.explainer.explanations import Explanations
from models.explainer.permutation import PERMUTATION, PermutationExplainer
from models.explainer.sweeping import SEEDS, SWEEP, SweepExplainer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.scorer import Scorer

    Doubles = NDArray[np.float64]

SWEPT_AGAIN = f"{SWEEP}-{len(SEEDS)}"
MOST_MISSED = 1.5
"""What slopes may miss of a walk, as a share of the range of the flag's values."""
CLOSE = 0.016
"""Third and fourth strongest closer than this share of the range are swept again."""
EXACT_PAIRS = 4
_STRONGEST = 3
_NO_RANGE = 1e-9


class CheckedExplainer:
    """Sweeps rows, and does more for those that do not pass the check."""

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
        encoded = self._sweep.encoded(features)
        each, misses = self._sweep.sweep(encoded, log_odds)
        values = each.mean(axis=1)
        methods = np.full(len(features), SWEEP, object)
        missed = missed_share(values, misses) > MOST_MISSED
        close = np.flatnonzero(~missed & (gap(values) < CLOSE))
        if len(close):
            for round_ in range(1, len(SEEDS)):
                again, _ = self._sweep.sweep(encoded.take(close), log_odds[close], round_)
                values[close] += again.mean(axis=1)
            values[close] /= len(SEEDS)
            methods[close] = SWEPT_AGAIN
        if missed.any():
            values[missed] = self._exact.values(features[missed], log_odds[missed])
            methods[missed] = PERMUTATION
        return Explanations.of(values, self._sweep.base_value, log_odds, methods.tolist())


def missed_share(values: Doubles, misses: Doubles) -> Doubles:
    """Return what slopes missed on walks (n, B, 2), a mean, over the range of values (n, P)."""
    share: Doubles = misses.mean(axis=(1, 2)) / _range(values)
    return share


def gap(values: Doubles) -> Doubles:
    """Return how far the third and fourth strongest lie apart, over the range of values (n, P)."""
    strength = -np.sort(-np.abs(values), axis=1)
    if strength.shape[1] <= _STRONGEST:
        return np.ones(len(values))
    found: Doubles = (strength[:, _STRONGEST - 1] - strength[:, _STRONGEST]) / _range(values)
    return found


def _range(values: Doubles) -> Doubles:
    span: Doubles = np.maximum(np.ptp(values, axis=1), _NO_RANGE)
    return span
