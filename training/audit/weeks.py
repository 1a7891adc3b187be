"""Time cut into whole weeks, so that weekdays do not look like change."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_WEEK_MS = 7 * 86_400_000
_DAY_MS = 86_400_000
_LEAST = 4
_MOST_REFERENCE = 4


@dataclass(frozen=True, eq=False)
class Weeks:
    """Whole weeks from the first day of the file on.

    `index` (n,) is each payment's week, -1 in the days left over at the end. The first
    `reference` of `count` weeks are what the others are compared with.
    """

    index: npt.NDArray[np.int64]
    first_ms: int
    count: int
    reference: int

    def start(self, week: int) -> str:
        """Return the first day of a week, as a date."""
        return str(np.datetime64((self.first_ms + week * _WEEK_MS) // _DAY_MS, "D"))

    def end_ms(self, week: int) -> int:
        """Return when a week is over."""
        return self.first_ms + (week + 1) * _WEEK_MS

    def counts(self, rows: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.int64]:
        """Return the payments of each week, (count,); of a mask's rows only, where given."""
        index = self.index if rows is None else self.index[rows]
        return np.bincount(index[index >= 0], minlength=self.count)


def weeks_of(occurred_ms: npt.NDArray[np.int64]) -> Weeks | None:
    """Cut the time of payments, (n,), into weeks of UTC days; None for less than four."""
    first_ms = int(occurred_ms.min()) // _DAY_MS * _DAY_MS
    whole = (int(occurred_ms.max()) // _DAY_MS * _DAY_MS + _DAY_MS - first_ms) // _WEEK_MS
    if whole < _LEAST:
        return None
    index = (occurred_ms - first_ms) // _WEEK_MS
    reference = max(1, min(_MOST_REFERENCE, whole // _LEAST))
    return Weeks(np.where(index < whole, index, -1), first_ms, int(whole), reference)


def told_weeks(which: str, count: int) -> str:
    """Return "the first week", "the first 4 weeks"."""
    return f"the {which} week" if count == 1 else f"the {which} {count} weeks"
