"""Shapley values from one pair of walks against each background row, every stop asked once.

A Shapley value is a player's marginal contribution to mixtures of all sizes, averaged (Owen,
"Multilinear Extensions of Games", 1972). A walk through a permutation asks the network again
for each player that comes in. Here it stops three times, at a quarter, a half and three quarters,
and each stop tells the marginal contributions of all players at once: the change of the first
units is known exactly, what follows is carried back by the slopes there. Simpson's rule makes the
mean over sizes. A mixture and its complement are both asked (antithetic), each background row has
an order of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.bundle import ENCODING, SLOPES
from models.explainer.explanations import Explanations
from models.explainer.graphs import explanation_graph, first_layer
from models.explainer.sweep import LANES, gather, lay_out

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.scorer import Scorer

SWEEP = "antithetic-sweep"
SEEDS = (7, 6, 2)
"""Of the orders of each round: the first is what every flag gets."""
BATCH = 64
STOPS = np.array([0.25, 0.5, 0.75])
SHARES = np.array([1.0, 4.0, 2.0, 4.0, 1.0]) / 12.0
"""Simpson's rule over the background row, the stops and the payment."""


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """Rows as the first layers read them: encoded features (n, E), and their sums (n, K)."""

    features: NDArray[np.float32]
    state: NDArray[np.float32]

    def take(self, rows: NDArray[np.int64]) -> Encoded:
        """Return some of the rows."""
        return Encoded(self.features[rows], self.state[rows])


class SweepExplainer:
    """Explains rows of a bundle that has explanation graphs, some flags a call of the graph."""

    def __init__(self, bundle: Bundle, scorer: Scorer) -> None:
        self._scorer = scorer
        self._encoding = explanation_graph(bundle, ENCODING, min(bundle.tile, BATCH))
        self._slopes = explanation_graph(bundle, SLOPES, bundle.tile)
        self._weights, feature = first_layer(bundle)
        players = bundle.spec.players
        owner = np.empty(len(bundle.spec.features), np.int64)
        for player, theirs in enumerate(players):
            owner[list(theirs)] = player
        self._columns = np.argsort(owner[feature], kind="stable")
        self._starts = np.searchsorted(owner[feature][self._columns], np.arange(len(players) + 1))
        self._against, against_state = self._encoding.run(bundle.compared)
        self._against_state = against_state
        self._orders = [
            np.stack([rng.permutation(len(players)) for _ in bundle.compared])
            for rng in map(np.random.default_rng, SEEDS)
        ]
        _, self._units, self._steep = self._slopes.run(against_state)
        self._alone = scorer.score(bundle.compared).log_odds.astype(np.float64)
        self._flags = max(1, self._slopes.tile // self._rows_a_flag)

    @property
    def compared(self) -> int:
        """How many background rows a payment is compared with."""
        return len(self._against)

    @property
    def _rows_a_flag(self) -> int:
        return 1 + 2 * len(STOPS) * len(self._against)

    def explain(self, features: NDArray[np.float32]) -> Explanations:
        """Explain rows (n, F) of the bundle's features."""
        log_odds = self._scorer.score(features).log_odds.astype(np.float64)
        values, _ = self.sweep(self.encoded(features), log_odds)
        methods = (SWEEP,) * len(features)
        return Explanations.of(values.mean(axis=1), self.base_value, log_odds, methods)

    @property
    def base_value(self) -> float:
        """Mean log-odds of the background rows."""
        return float(self._alone.mean())

    def encoded(self, features: NDArray[np.float32]) -> Encoded:
        """Return rows (n, F) as the network's first layers read them."""
        return Encoded(*self._encoding.run(features))

    def sweep(
        self, flags: Encoded, log_odds: NDArray[np.float64], round_: int = 0
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return values against each background row, (n, B, P), and misses of each walk, (n, B, 2).

        A miss is what the slopes do not tell of the log-odds' way, the sum of its absolute values
        over a walk's blocks. Each of the rounds has orders of its own.
        """
        n, b, p = len(log_odds), self.compared, len(self._starts) - 1
        encoded, state = flags.features, flags.state
        values, misses = np.zeros((n, b, p)), np.zeros((n, b, 2))
        size, orders = self._flags, self._orders[round_]
        rows = np.zeros((max(self._slopes.tile, self._rows_a_flag), state.shape[1]), np.float32)
        changes = np.zeros((size, b, self._weights.shape[1], p + -p % LANES), np.float32)
        came, counts = np.empty((size, b, p), np.int64), np.empty((size, b), np.int64)
        for start in range(0, n, size):
            part = slice(start, start + size)
            lay_out(
                encoded[part], state[part], self._against, self._against_state, self._weights,
                self._columns, self._starts, orders, STOPS, rows, changes, came, counts,
            )  # fmt: skip
            asked, here, steep = self._slopes.run(rows)
            gather(
                encoded[part], self._against, self._columns, self._starts, STOPS, SHARES,
                log_odds[part], self._alone, asked, here, steep, self._units, self._steep,
                changes, came, counts, values[part], misses[part],
            )  # fmt: skip
        return values, misses
