"""Which days and which payments a comparison is about, and which periods that covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from models.errors import BadInput
from models.instants import format_instant
from service.ledger.facts import DAY_MS, NOT_TOLD, RISK_CUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.ledger import Ledger
    from service.ledger.rollups import Sums


_EPOCH = date(1970, 1, 1).toordinal()
MOST_DAYS = 3_660
"""Ten years: a longer window would keep a server busy for as long as somebody likes."""


@dataclass(frozen=True, slots=True)
class Window:
    """Whole days (UTC) since the epoch, `last_day` included, and what is asked of them.

    `bundle_id` and `ruleset` narrow it to one champion and one version of the legacy rules.
    """

    first_day: int
    last_day: int
    bundle_id: str | None = None
    ruleset: str | None = None

    @property
    def from_ms(self) -> int:
        """The first moment of the window."""
        return self.first_day * DAY_MS

    @property
    def to_ms(self) -> int:
        """The first moment after the window."""
        return (self.last_day + 1) * DAY_MS

    @property
    def days(self) -> int:
        """How many days it has."""
        return self.last_day - self.first_day + 1


@dataclass(frozen=True, slots=True)
class Period:
    """A span in which neither the champion nor the legacy's rules changed.

    `ruleset` is None where no legacy decision is known. Times are of the first and last payment.
    """

    bundle_id: str
    ruleset: str | None
    first_ms: int
    last_ms: int
    payments: int

    def __str__(self) -> str:
        rules = "no legacy decisions" if self.ruleset is None else f"rules {self.ruleset}"
        return (
            f"{self.bundle_id} with {rules} from {format_instant(self.first_ms)} to "
            f"{format_instant(self.last_ms)}"
        )


def month_window(first: date) -> Window:
    """Return the month that begins on a day."""
    return Window(number_of(first), number_of(_next_month(first)) - 1)


def previous_month(first: date) -> date:
    """Return the first day of the month before."""
    return (first - timedelta(days=1)).replace(day=1)


def _next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def number_of(day: date) -> int:
    """Return a day as days since the epoch."""
    return day.toordinal() - _EPOCH


def day_of(number: int) -> date:
    """Return the day that is so many days after the epoch."""
    return date.fromordinal(number + _EPOCH)


class MixedPeriods(BadInput):
    """A window covers several periods: figures over all of them would be of no system at all."""

    def __init__(self, periods: Sequence[Period]) -> None:
        super().__init__(
            f"the window covers {len(periods)} periods ({'; '.join(map(str, periods))}): narrow "
            "it by from and to, bundle_id or ruleset, or mix them knowingly with mix=true"
        )
        self.periods = tuple(periods)


def periods(ledger: Ledger, window: Window) -> list[Period]:
    """Return the periods of the champions in a window, in order of their first payment."""
    sums = ledger.sums(
        RISK_CUT,
        first_day=window.first_day,
        last_day=window.last_day,
        bundle_id=window.bundle_id,
        role="champion",
    )
    return [
        one
        for one in periods_of(sums)
        if window.ruleset is None or one.ruleset in {window.ruleset, None}
    ]


def one_period(ledger: Ledger, window: Window, *, mix: bool) -> list[Period]:
    """Return the periods that a comparison covers. Raises MixedPeriods unless it is one system.

    A period that comes back after another is the same system.
    """
    found = periods(ledger, window)
    if not mix and len({(one.bundle_id, one.ruleset) for one in found}) > 1:
        raise MixedPeriods(found)
    return found


def periods_of(sums: Sums) -> list[Period]:
    """Return the periods that sums tell of."""
    days: dict[tuple[int, str, str], list[int]] = {}
    for row, key in enumerate(sums.keys):
        span = int(sums.first_ms[row]), int(sums.last_ms[row])
        first, last, count = days.get((key.day, key.bundle_id, key.ruleset), (*span, 0))
        days[key.day, key.bundle_id, key.ruleset] = [
            min(first, span[0]),
            max(last, span[1]),
            count + int(sums.cells[row]["count"].sum(dtype=np.int64)),
        ]
    told = {bundle for (_, bundle, ruleset), (*_, n) in days.items() if ruleset != NOT_TOLD and n}
    spans = sorted(
        (first, last, n, bundle, ruleset)
        for (_, bundle, ruleset), (first, last, n) in days.items()
        if n and (ruleset != NOT_TOLD or bundle not in told)
    )
    found = []
    for (bundle, ruleset), some in groupby(spans, key=lambda span: span[3:]):
        run = list(some)
        found.append(
            Period(
                bundle,
                ruleset or None,
                run[0][0],
                max(span[1] for span in run),
                sum(span[2] for span in run),
            )
        )
    return found
