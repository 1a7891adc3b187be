"""DeepSHAP: the rescale rule against every background row, one call of a graph for many.

Fast and additive to rounding, but a player's part is told from one path between two payments,
not from many: it ranks the strongest features less surely than walks do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.bundle import DEEPLIFT
from models.explainer.explanations import Explanations
from models.explainer.graphs import explanation_graph

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.scorer import Scorer

RESCALE = "deeplift-rescale"


class DeepLiftExplainer:
    """Explains rows of a bundle that has explanation graphs."""

    def __init__(self, bundle: Bundle, scorer: Scorer) -> None:
        self._scorer = scorer
        self._graph = explanation_graph(bundle, DEEPLIFT, bundle.tile)
        self._background = bundle.compared
        self._base_value = float(scorer.score(bundle.compared).log_odds.astype(np.float64).mean())

    @property
    def compared(self) -> int:
        """How many background rows a payment is compared with."""
        return len(self._background)

    def explain(self, features: NDArray[np.float32]) -> Explanations:
        """Explain rows (n, F) of the bundle's features."""
        log_odds = self._scorer.score(features).log_odds.astype(np.float64)
        n, count = len(features), self.compared
        payments = np.repeat(features, count, axis=0)
        (found,) = self._graph.run(payments, np.tile(self._background, (n, 1)))
        values = found.astype(np.float64).reshape(n, count, found.shape[1]).mean(axis=1)
        return Explanations.of(values, self._base_value, log_odds, (RESCALE,) * n)
