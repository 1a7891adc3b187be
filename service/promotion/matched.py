"""Thresholds of matched comparisons, fixed on the days before the period they are judged on.

A threshold chosen inside the period would know its outcome. So legacy's own rate on the earlier
days is what the model is matched to there, and what both rates turn out to be in the period is
shown beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.comparison.paired import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.comparison.paired import Paired

CHOSEN = "chosen_threshold"
ALERT_RATE = "legacy_alert_rate"
DETECTION_RATE = "legacy_detection_rate"


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where the model flags in one comparison, and how that was decided.

    `log_odds` None keeps the flags as they were made. `target` is legacy's rate on the earlier
    days, `realised` the model's in the period, `legacy_realised` legacy's there.
    """

    at: str
    log_odds: float | None
    target: float | None
    realised: float
    legacy_realised: float

    @property
    def told(self) -> str:
        """Return target and outcome in words."""
        if self.target is None:
            return (
                f"the bundle's own threshold: {self.realised:.3%} flagged, legacy "
                f"{self.legacy_realised:.3%}"
            )
        return (
            f"threshold {self.log_odds:.3f} log-odds, fixed before for {self.target:.3%}; in the "
            f"period {self.realised:.3%}, legacy {self.legacy_realised:.3%}"
        )


def fixed_thresholds(before: Paired, judged: Paired) -> dict[str, Threshold | None]:
    """Return the threshold of every kind of comparison; None where the earlier days give none."""
    return {
        CHOSEN: _told(CHOSEN, None, None, judged),
        ALERT_RATE: _at_alert_rate(before, judged),
        DETECTION_RATE: _at_detection_rate(before, judged),
    }


def threshold_for(log_odds: NDArray[np.float64], count: int) -> float:
    """Return the lowest threshold at which no more than `count` of the scores are flagged.

    Scores that are equal are flagged together, so fewer may be.
    """
    ordered = np.sort(log_odds)[::-1]
    if count >= len(ordered):
        return float(ordered[-1])
    return float(np.nextafter(ordered[count], np.inf))


def _at_alert_rate(before: Paired, judged: Paired) -> Threshold | None:
    rows = before.take(before.legacy != UNKNOWN)
    alerts = int((rows.legacy == 1).sum())
    if not alerts:
        return None
    log_odds = threshold_for(rows.log_odds, alerts)
    return _told(ALERT_RATE, log_odds, alerts / len(rows), judged)


def _at_detection_rate(before: Paired, judged: Paired) -> Threshold | None:
    fraud = before.take((before.legacy != UNKNOWN) & (before.settled() == 1))
    found = int((fraud.legacy == 1).sum())
    if not found:
        return None
    log_odds = float(np.sort(fraud.log_odds)[::-1][found - 1])
    return _told(DETECTION_RATE, log_odds, found / len(fraud), judged)


def _told(at: str, log_odds: float | None, target: float | None, judged: Paired) -> Threshold:
    """Return a threshold with what came of it in the period."""
    rows = judged.take(judged.legacy != UNKNOWN)
    if at == DETECTION_RATE:
        rows = rows.take(rows.settled() == 1)
    flagged = rows.flagged if log_odds is None else rows.log_odds >= log_odds
    if not len(rows):
        return Threshold(at, log_odds, target, float("nan"), float("nan"))
    return Threshold(at, log_odds, target, float(flagged.mean()), float((rows.legacy == 1).mean()))
