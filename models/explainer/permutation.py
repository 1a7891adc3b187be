"""Shapley values of the calibrated log-odds, for each player of a feature spec.

The value of a coalition is the mean log-odds over the background set with the coalition's
features taken from the payment and the others from a background row (interventional
SHAP). Values are estimated by antithetic permutations (Mitchell et al. 2022): a walk
through a permutation adds the players one by one, its mirror adds them in reverse. Every
walk telescopes, so the values add up to log-odds minus base value up to rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.explainer.explanations import Explanations

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.scorer import Scorer

PERMUTATION = "antithetic-permutation"
PAIRS = 1
SEED = 20_180_401


class PermutationExplainer:
    """Antithetic permutations over whole batches of coalitions, scored by the score graph.

    Each background row has permutations of its own, drawn once from a fixed seed: a row's values
    depend on nothing but the row and the bundle. With more `pairs` they converge to the exact
    Shapley values.
    """

    def __init__(
        self, bundle: Bundle, scorer: Scorer, pairs: int = PAIRS, seed: int = SEED
    ) -> None:
        self._scorer = scorer
        self._background = bundle.compared
        self._width = len(bundle.spec.players)
        self._column_player = np.empty(len(bundle.spec.features), np.int64)
        for player, columns in enumerate(bundle.spec.players):
            self._column_player[list(columns)] = player
        rng = np.random.default_rng(seed)
        shape = (pairs, len(self._background), self._width)
        forward = rng.permuted(np.broadcast_to(np.arange(self._width), shape), axis=2)
        self.walks = [walk for orders in forward for walk in (orders, orders[:, ::-1])]
        self._alone = scorer.score(self._background).log_odds.astype(np.float64)

    @property
    def compared(self) -> int:
        """How many background rows a payment is compared with."""
        return len(self._background)

    def explain(self, features: NDArray[np.float32]) -> Explanations:
        """Explain rows (n, F) of the bundle's features."""
        log_odds = self._scorer.score(features).log_odds.astype(np.float64)
        methods = (PERMUTATION,) * len(features)
        values = self.values(features, log_odds)
        return Explanations.of(values, float(self._alone.mean()), log_odds, methods)

    def values(
        self, features: NDArray[np.float32], log_odds: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return contributions (n, players) to rows whose log-odds (n,) are known."""
        values = np.zeros((len(features), self._width), np.float64)
        for row in range(len(features)):
            values[row] = self._values(features[row], log_odds[row])
        return values

    def _values(self, row: NDArray[np.float32], log_odds: float) -> NDArray[np.float64]:
        """Return the value of each player for one row (F,).

        A step that changes no bit of a mixed row is not scored again: most features of most
        payments are what they are in the background. The last change makes the row itself.
        """
        changes = self._changed_players(row)
        walks = [np.take_along_axis(changes, order, axis=1) for order in self.walks]
        asked = [_all_but_last(changed) for changed in walks]
        mixed = [
            self._mixed(row, order, *np.nonzero(steps))
            for order, steps in zip(self.walks, asked, strict=True)
        ]
        scored = self._scorer.score(np.concatenate(mixed)).log_odds.astype(np.float64)
        total = np.zeros(self._width)
        for order, changed, steps in zip(self.walks, walks, asked, strict=True):
            known = np.full((len(changed), self._width + 1), log_odds)
            known[:, 0] = self._alone
            count = int(steps.sum())
            known[:, 1:][steps], scored = scored[:count], scored[count:]
            newest = np.where(changed, np.arange(1, self._width + 1), 0)
            newest = np.maximum.accumulate(np.insert(newest, 0, 0, axis=1), axis=1)
            reached = np.take_along_axis(known, newest, axis=1)
            np.add.at(total, order, np.diff(reached, axis=1))
        return total / (len(self.walks) * len(changes))

    def _changed_players(self, row: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Return (background rows, players): where the row has other bits than the background."""
        differs = self._background.view(np.uint32) != row.view(np.uint32)
        changed = np.zeros((self._width, len(differs)), bool)
        np.logical_or.at(changed, self._column_player, differs.T)
        return changed.T

    def _mixed(
        self,
        row: NDArray[np.float32],
        order: NDArray[np.int64],
        behind: NDArray[np.int64],
        step: NDArray[np.int64],
    ) -> NDArray[np.float32]:
        """Return a row for each (background row, step of a walk): what came in so far is there."""
        place = np.argsort(order, axis=1)[:, self._column_player]
        return np.where(place[behind] <= step[:, None], row, self._background[behind])


def _all_but_last(changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return `changed` (rows, steps) without the last change of each row."""
    later = np.cumsum(changed[:, ::-1], axis=1)[:, ::-1]
    return changed & (later > 1)
