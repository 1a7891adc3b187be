"""Thresholds at which two systems may be compared, fixed before the weeks they are judged on.

A threshold matched inside the judged weeks has seen their truth: what it then shows is how well
the scores rank, not what anybody could have had.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.comparison.paired import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.comparison.paired import Paired

FORECAST, RANKING_ONLY = "fixed beforehand", "ranking only"


@dataclass(frozen=True, slots=True)
class Matched:
    """A threshold, what it was to keep to, and the span it was fixed on.

    `what` is "alert_rate" or "detection_rate"; `target` is legacy's own on that span, or a
    budget. `reached` is the shadow's there: scores that are equal cannot be told apart.
    """

    threshold: float
    what: str
    target: float
    reached: float
    begin_ms: int
    end_ms: int

    def standing(self, judged: Paired) -> str:
        """Return whether the judged rows could have known it: FORECAST, or RANKING_ONLY."""
        return FORECAST if (judged.occurred_ms >= self.end_ms).all() else RANKING_ONLY

    def realised(self, judged: Paired) -> float:
        """Return what the threshold gives on other rows, to be shown beside the target."""
        flagged = judged.log_odds >= self.threshold
        if self.what == "alert_rate":
            return _share(flagged, judged.presence)
        fraud = judged.settled() == 1
        return _share(flagged[fraud], judged.weight[fraud])


def legacys_alert_rate(earlier: Paired) -> Matched:
    """Return the threshold with as many alerts as legacy had, of the payments it decided."""
    rows = earlier.take(earlier.legacy != UNKNOWN)
    return budget(rows, _share(rows.legacy == 1, rows.presence))


def budget(earlier: Paired, rate: float) -> Matched:
    """Return the threshold that flags at most this share of payments."""
    return _matched(earlier, "alert_rate", earlier, rate, at_most=True)


def legacys_detection_rate(earlier: Paired) -> Matched:
    """Return the threshold that finds as large a share of frauds as legacy found."""
    frauds = earlier.take((earlier.settled() == 1) & (earlier.legacy != UNKNOWN))
    return detection(earlier, _share(frauds.legacy == 1, frauds.weight))


def detection(earlier: Paired, rate: float) -> Matched:
    """Return the threshold that finds at least this share of frauds."""
    frauds = earlier.take(earlier.settled() == 1)
    return _matched(frauds, "detection_rate", earlier, rate, at_most=False)


def _matched(rows: Paired, what: str, span: Paired, target: float, *, at_most: bool) -> Matched:
    if not len(rows) or np.isnan(target):
        raise ValueError(f"no payments to fix a threshold for {what} on")
    weight = rows.presence if at_most else rows.weight
    values, inverse = np.unique(rows.log_odds, return_inverse=True)
    above = np.cumsum(np.bincount(inverse, weights=weight)[::-1])[::-1] / weight.sum()
    if at_most:
        fits = np.flatnonzero(above <= target + 1e-12)
        place = int(fits[0]) if len(fits) else len(values)
    else:
        place = int(np.flatnonzero(above >= min(target, 1) - 1e-12)[-1])
    threshold = float(values[place]) if place < len(values) else np.inf
    reached = float(above[place]) if place < len(values) else 0.0
    begin, end = int(span.occurred_ms.min()), int(span.occurred_ms.max()) + 1
    return Matched(threshold, what, target, reached, begin, end)


def _share(part: NDArray[np.bool_], weight: NDArray[np.float64]) -> float:
    total = float(weight.sum())
    return float(weight[part].sum()) / total if total else float("nan")
