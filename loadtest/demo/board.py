"""What the page "Break it" shows: both lanes second by second, and what became of everything."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from loadtest.demo.interval import difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from loadtest.demo.disturbing import Disturbance
    from loadtest.demo.live_path import Sent
    from loadtest.demo.reconciliation import Reconciliation

SECONDS = 120
MOST_SAMPLES = 1_000


class Board:
    """Measurements of the live path and the shadow lane since it was made."""

    def __init__(self) -> None:
        self._at_ms = np.empty(0, np.int64)
        self._took_ms = np.empty(0, np.float64)
        self._waiting: deque[tuple[int, int]] = deque(maxlen=SECONDS)

    def add(self, sent: Sent) -> None:
        """Take in what the live path decided, and how long it took."""
        asked = ~np.isnan(sent.took_ms)
        self._at_ms = np.concatenate([self._at_ms, sent.at_ms[asked]])
        self._took_ms = np.concatenate([self._took_ms, sent.took_ms[asked]])

    def look(self, now_ms: int, waiting: int) -> None:
        """Note how many payments wait; the most of each second is kept."""
        second = now_ms // 1000
        if self._waiting and self._waiting[-1][0] == second:
            waiting = max(waiting, self._waiting.pop()[1])
        self._waiting.append((second, waiting))

    def document(
        self, past: Sequence[Disturbance], found: Reconciliation, refused: int, now_ms: int
    ) -> dict[str, Any]:
        """Return everything as JSON; `refused` counts dead letters."""
        return {
            "now_ms": now_ms,
            "sent": found.sent,
            "recorded": found.recorded,
            "lost": found.lost,
            "doubled": found.doubled,
            "unknown": found.unknown,
            "refused": refused,
            "seconds": [self._second(*one) for one in self._waiting],
            "disturbances": [self._told(one, found, now_ms) for one in past],
            "live_path": self._live_path(past, now_ms),
        }

    def _second(self, second: int, waiting: int) -> dict[str, Any]:
        took = self._took_ms[self._at_ms // 1000 == second]
        return {
            "second": second,
            "waiting": waiting,
            "took_ms": float(np.median(took)) if len(took) else None,
        }

    def _told(self, one: Disturbance, found: Reconciliation, now_ms: int) -> dict[str, Any]:
        came, recorded = found.between(one.begun_ms, one.over_ms or now_ms)
        return {
            "kind": one.kind.value,
            "begun_ms": one.begun_ms,
            "over_ms": one.over_ms,
            "came": came,
            "caught_up": recorded,
        }

    def _live_path(self, past: Sequence[Disturbance], now_ms: int) -> dict[str, Any]:
        during = np.zeros(len(self._at_ms), bool)
        for one in past:
            until_ms = one.over_ms or now_ms
            during |= (self._at_ms >= one.begun_ms) & (self._at_ms <= until_ms)
        disturbed = self._took_ms[during][-MOST_SAMPLES:]
        others = self._took_ms[~during][-MOST_SAMPLES:]
        told = difference(disturbed, others, np.random.default_rng(len(self._took_ms)))
        return {
            "undisturbed": _sample(others),
            "disturbed": _sample(disturbed),
            "difference_ms": told and told.difference_ms,
            "low_ms": told and told.low_ms,
            "high_ms": told and told.high_ms,
        }


def _sample(took_ms: NDArray[np.float64]) -> dict[str, Any]:
    return {
        "payments": len(took_ms),
        "median_ms": float(np.median(took_ms)) if len(took_ms) else None,
        "slowest_ms": float(took_ms.max()) if len(took_ms) else None,
    }
