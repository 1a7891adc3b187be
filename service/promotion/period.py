"""A shadow period as it is judged: days that fix thresholds, then the mature days after them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from models.errors import BadInput
from models.instants import format_instant
from service.ledger.facts import DAY_MS, ruleset_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.comparison.paired import Paired
    from service.promotion.gate import Gate
    from service.promotion.shadowed import Shadowed


@dataclass(frozen=True, slots=True)
class Window:
    """Thresholds are fixed from `begin_ms` on, payments judged from `judged_ms` to `end_ms`."""

    begin_ms: int
    judged_ms: int
    end_ms: int

    @property
    def days(self) -> float:
        """How many days are judged."""
        return max(self.end_ms - self.judged_ms, 0) / DAY_MS

    def told(self) -> dict[str, Any]:
        """Return the window as plain data."""
        return {
            "thresholds_fixed": [format_instant(self.begin_ms), format_instant(self.judged_ms)],
            "judged": [format_instant(self.judged_ms), format_instant(self.end_ms)],
            "judged_days": self.days,
        }


def window_of(
    shadowed: Shadowed, gate: Gate, *, begin_ms: int | None, end_ms: int | None, mature_ms: int
) -> Window:
    """Return what is judged: the mature days after those that fix thresholds.

    Without `begin_ms` the day (UTC) of the first payment that the bundle scored begins it, without
    `end_ms` that of the last ends it. Raises BadInput where nothing was scored.
    """
    if not len(shadowed):
        raise BadInput(
            f"bundle {shadowed.bundle_ids[0]} has scored nothing in this ledger; let it run as a "
            "challenger first (PENUMBRA_CHALLENGER_PATHS)"
        )
    newest = int(shadowed.occurred_ms.max())
    first = int(shadowed.occurred_ms.min()) // DAY_MS * DAY_MS if begin_ms is None else begin_ms
    last = (newest // DAY_MS + 1) * DAY_MS if end_ms is None else end_ms
    judged = first + gate.threshold_days * DAY_MS
    return Window(first, judged, max(judged, min(last, mature_ms)))


@dataclass(frozen=True)
class Period:
    """What several bundles and legacy said in a window; the first bundle is the one judged."""

    shadowed: Shadowed
    window: Window
    positive: str
    mature_ms: int

    @cached_property
    def earlier(self) -> Paired:
        """The bundle's rows on the days that fix thresholds."""
        return self._earlier(self._of(self.shadowed.bundle_ids[0]))

    @cached_property
    def judged(self) -> Paired:
        """The bundle's rows on the days judged."""
        return self._judged(self._of(self.shadowed.bundle_ids[0]))

    def members(self, kinds: Sequence[str]) -> dict[str, NDArray[np.object_]]:
        """Return by kind the name of the segment of each judged row."""
        rows = self._rows()
        return {kind: self.shadowed.members(kind)[rows] for kind in kinds}

    def rulesets(self) -> list[str]:
        """Return the versions of legacy's rules on the days judged."""
        rows = self._rows() & (self.shadowed.legacy >= 0)
        return sorted({ruleset_of(True, one) for one in self.shadowed.ruleset[rows].tolist()})

    def of_all(self) -> tuple[dict[str, Paired], dict[str, Paired]]:
        """Return by bundle the earlier and the judged rows that every bundle scored."""
        every = np.logical_and.reduce(np.isfinite(self.shadowed.log_odds), axis=1)
        rows = {
            name: self._of(name).take(every[self.shadowed.scored(name)])
            for name in self.shadowed.bundle_ids
        }
        return (
            {name: self._earlier(one) for name, one in rows.items()},
            {name: self._judged(one) for name, one in rows.items()},
        )

    def _of(self, name: str) -> Paired:
        return self.shadowed.against_legacy(
            name, positive=self.positive, mature_before_ms=self.mature_ms
        )

    def _earlier(self, rows: Paired) -> Paired:
        return rows.between(self.window.begin_ms, self.window.judged_ms)

    def _judged(self, rows: Paired) -> Paired:
        return rows.between(self.window.judged_ms, self.window.end_ms)

    def _rows(self) -> NDArray[np.bool_]:
        inside = self.shadowed.between(self.window.judged_ms, self.window.end_ms)
        return inside & self.shadowed.scored(self.shadowed.bundle_ids[0])
