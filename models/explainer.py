"""Shapley values of the calibrated log-odds, for each player of a feature spec.

The value of a coalition is the mean log-odds over the background set with the coalition's
features taken from the payment and the others from a background row (interventional
SHAP). Values are estimated by antithetic permutations (Mitchell et al. 2022): a walk
through a permutation adds the players one by one, its mirror adds them in reverse. Every
walk telescopes, so the values add up to log-odds minus base value up to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.scorer import Scorer

METHOD = "antithetic-permutation"
PAIRS = 1
COMPARED = 25
"""Rows of the background set, evenly spaced, that a payment is compared with."""
SEED = 20_180_401


@dataclass(frozen=True, slots=True, eq=False)
class Explanations:
    """Explanations of n rows. `contributions` is float32 (n, players), in log-odds.

    `additivity_error` (n,) is |base + sum of contributions - log-odds| in float64.
    """

    base_value: float
    contributions: NDArray[np.float32]
    additivity_error: NDArray[np.float64]
    method: str


class PermutationExplainer:
    """Antithetic permutations over whole batches of coalitions.

    The permutations are drawn once, from a fixed seed: a row's values depend on nothing but
    the row and the bundle.
    """

    def __init__(self, bundle: Bundle, scorer: Scorer, pairs: int = PAIRS) -> None:
        self._scorer = scorer
        step = max(1, len(bundle.background) // COMPARED)
        self._background = bundle.background[::step][:COMPARED]
        self._players = bundle.spec.players
        self._column_player = np.empty(len(bundle.spec.features), np.int64)
        for player, columns in enumerate(self._players):
            self._column_player[list(columns)] = player
        rng = np.random.default_rng(SEED)
        forward = [rng.permutation(len(self._players)) for _ in range(pairs)]
        self._walks = [walk for order in forward for walk in (order, order[::-1])]
        self._coalitions = self._all_coalitions()
        self._base = scorer.score(self._background).log_odds.astype(np.float64).mean()

    def _all_coalitions(self) -> NDArray[np.bool_]:
        """Coalitions (walks, players + 1, players): after k steps of a walk, k are in."""
        n = len(self._players)
        masks = np.zeros((len(self._walks), n + 1, n), bool)
        for number, order in enumerate(self._walks):
            for step, player in enumerate(order):
                masks[number, step + 1 :, player] = True
        return masks

    def explain(self, features: NDArray[np.float32]) -> Explanations:
        """Explain rows (n, F) of the bundle's features."""
        log_odds = self._scorer.score(features).log_odds.astype(np.float64)
        contributions = np.zeros((len(features), len(self._players)), np.float64)
        for row in range(len(features)):
            contributions[row] = self._values(features[row], log_odds[row])
        rounded = contributions.astype(np.float32)
        error = np.abs(self._base + rounded.astype(np.float64).sum(axis=1) - log_odds)
        return Explanations(float(self._base), rounded, error, METHOD)

    def _values(self, row: NDArray[np.float32], log_odds: float) -> NDArray[np.float64]:
        n = len(self._players)
        inner = self._coalitions[:, 1:-1].reshape(-1, n)
        means = self._mean_log_odds(row, inner).reshape(len(self._walks), n - 1)
        values = np.empty((len(self._walks), n + 1))
        values[:, 0], values[:, -1] = self._base, log_odds
        values[:, 1:-1] = means
        gains = np.diff(values, axis=1)
        total = np.zeros(n)
        for number, order in enumerate(self._walks):
            total[order] += gains[number]
        return total / len(self._walks)

    def _mean_log_odds(
        self, row: NDArray[np.float32], coalitions: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the value of each coalition (m, players) for one row (F,)."""
        taken = coalitions[:, self._column_player]
        mixed = np.where(taken[:, None, :], row, self._background[None, :, :])
        scored = self._scorer.score(mixed.reshape(-1, len(row))).log_odds.astype(np.float64)
        means: NDArray[np.float64] = scored.reshape(len(coalitions), len(self._background)).mean(
            axis=1
        )
        return means
