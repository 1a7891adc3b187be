"""Thresholds of the comparisons that a gate asks for, fixed on the days before its period.

What legacy's rate was on the earlier days is what the model is matched to there; what both
rates turn out to be in the period is shown beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.comparison.matching import legacys_alert_rate, legacys_detection_rate
from models.comparison.paired import UNKNOWN

if TYPE_CHECKING:
    from models.comparison.matching import Matched
    from models.comparison.paired import Paired
    from service.promotion.gate import Matched as Place

CHOSEN: Place = "chosen_threshold"
_FIXED = {
    "legacy_alert_rate": legacys_alert_rate,
    "legacy_detection_rate": legacys_detection_rate,
}


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where the model flags in one comparison; `matched` None keeps the flags as they were made.

    `realised` is the share that the model flags in the period, of payments or, where detection
    was matched, of frauds; `legacy` is legacy's share of the same.
    """

    matched: Matched | None
    realised: float
    legacy: float

    def flagged(self, rows: Paired) -> Paired:
        """Return the rows as this threshold flags them."""
        return rows if self.matched is None else rows.at_threshold(self.matched.threshold)

    @property
    def told(self) -> str:
        """Return target and outcome in words."""
        if self.matched is None:
            return (
                f"the bundle's own threshold: flags {self.realised:.3%}, legacy {self.legacy:.3%}"
            )
        return (
            f"threshold {self.matched.threshold:.3f} log-odds, fixed before for "
            f"{self.matched.target:.3%}; in the period {self.realised:.3%}, legacy "
            f"{self.legacy:.3%}"
        )


def fixed_thresholds(before: Paired, judged: Paired) -> dict[str, Threshold | None]:
    """Return the threshold of every kind of comparison; None where the earlier days give none."""
    found: dict[str, Threshold | None] = {CHOSEN: _realised(None, judged)}
    for place, fix in _FIXED.items():
        try:
            matched = fix(before)
        except ValueError:  # no payments, or no frauds, to fix one on
            found[place] = None
            continue
        found[place] = _realised(matched, judged) if matched.target > 0 else None
    return found


def _realised(matched: Matched | None, judged: Paired) -> Threshold:
    """Return a threshold with what came of it in the period."""
    rows = judged.take(judged.legacy != UNKNOWN)
    if matched is not None and matched.what == "detection_rate":
        rows = rows.take(rows.settled() == 1)
    if not len(rows):
        return Threshold(matched, float("nan"), float("nan"))
    flagged = rows.flagged if matched is None else rows.log_odds >= matched.threshold
    return Threshold(matched, float(flagged.mean()), float(np.mean(rows.legacy == 1)))
