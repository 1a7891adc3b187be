"""The Fraud Detection Handbook's protocol: learn, wait for labels, judge a week of new frauds.

Le Borgne, Siblini, Lebichot, Bontempi: "Reproducible Machine Learning for Credit Card Fraud
Detection" (2022), chapters 3 to 5.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from training.windows import DAY_MS, Window

WEEK_DAYS = 7
Rows = npt.NDArray[np.int64]
Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Fold:
    """A span to learn from, and a later one to judge on; labels take the time between them.

    `short` is the week that the handbook learns from, `history` all that may be learned from:
    both end at the same moment. With `known_cards_removed`, cards whose fraud is known by the
    day are left out of the judged span. Frauds known by `told_ms` teach.
    """

    name: str
    history: Window
    short: Window
    test: Window
    known_cards_removed: bool
    told_ms: int

    def judged(self, occurred_ms: Rows, customers: Rows, fraud: Truth) -> Rows:
        """Row numbers to judge on; `customers` are codes, negative where unknown."""
        rows = np.flatnonzero(self.test.mask(occurred_ms))
        if not self.known_cards_removed:
            return rows
        delay_ms = self.test.start_ms - self.short.end_ms
        day = (occurred_ms[rows] - self.test.start_ms) // DAY_MS
        kept = np.ones(len(rows), bool)
        for number in np.unique(day):
            now_ms = self.test.start_ms + int(number) * DAY_MS
            told = (occurred_ms >= self.short.start_ms) & (occurred_ms < now_ms - delay_ms)
            today = day == number
            kept[today] = ~np.isin(customers[rows[today]], customers[told & fraud])
        return rows[kept | (customers[rows] < 0)]


def weekly_folds(first: datetime, count: int, begin_ms: int) -> tuple[Fold, ...]:
    """Folds of the handbook, a week apart; `first` begins the first week learned from.

    `begin_ms` is where a longer history may begin.
    """
    return tuple(_fold(first + timedelta(days=WEEK_DAYS * n), begin_ms) for n in range(count))


def _fold(start: datetime, begin_ms: int) -> Fold:
    week_ms = WEEK_DAYS * DAY_MS
    at = round(start.timestamp() * 1000)
    return Fold(
        name=f"{start:%Y-%m-%d}",
        history=Window(begin_ms, at + week_ms),
        short=Window(at, at + week_ms),
        test=Window(at + 2 * week_ms, at + 3 * week_ms),
        known_cards_removed=True,
        told_ms=at + 2 * week_ms,
    )


def handbook_folds(begin_ms: int) -> tuple[Fold, ...]:
    """Return the four folds that published figures are given for."""
    return weekly_folds(datetime(2018, 7, 25, tzinfo=UTC), 4, begin_ms)


def development_folds(begin_ms: int) -> tuple[Fold, ...]:
    """Return the four folds that choices are made on: all judged before 2018-08-01."""
    return weekly_folds(datetime(2018, 6, 20, tzinfo=UTC), 4, begin_ms)


def last_weeks(begin_ms: int, end_ms: int) -> tuple[Fold, ...]:
    """Return four folds that judge the last four weeks of any data."""
    first_ms = end_ms - (2 + 4) * WEEK_DAYS * DAY_MS
    return weekly_folds(datetime.fromtimestamp(first_ms / 1000, UTC), 4, begin_ms)


def within(folds: tuple[Fold, ...], begin_ms: int, end_ms: int) -> bool:
    """Tell whether payments from `begin_ms` on, before `end_ms`, are what these folds need.

    The first payment of a day comes some seconds after midnight, so its whole day counts as there.
    """
    begins = min(fold.short.start_ms for fold in folds)
    judges = max(fold.test.start_ms for fold in folds)
    return begin_ms < begins + DAY_MS and end_ms > judges


def long_fold(begin_ms: int) -> Fold:
    """Return the protocol of 85 days judged, nobody removed, a hundred alerts a day."""
    start, end = (
        round(datetime(2018, month, day, tzinfo=UTC).timestamp() * 1000)
        for month, day in ((4, 1), (7, 1))
    )
    return Fold(
        name="85 days",
        history=Window(max(begin_ms, start), end),
        short=Window(start, end),
        test=Window(
            end + WEEK_DAYS * DAY_MS,
            round(datetime(2018, 10, 1, tzinfo=UTC).timestamp() * 1000),
        ),
        known_cards_removed=False,
        told_ms=end + WEEK_DAYS * DAY_MS,
    )


def four_weeks(begin_ms: int, judged_ms: int) -> Fold:
    """Return four weeks judged from a moment on, nobody removed; labels take a week."""
    week_ms = WEEK_DAYS * DAY_MS
    end = judged_ms - week_ms
    return Fold(
        name=f"{datetime.fromtimestamp(judged_ms / 1000, UTC):%Y-%m-%d}",
        history=Window(begin_ms, end),
        short=Window(end - week_ms, end),
        test=Window(judged_ms, judged_ms + 4 * week_ms),
        known_cards_removed=False,
        told_ms=judged_ms,
    )


def shadow_weeks(begin_ms: int, judged_ms: int) -> Fold:
    """Return `four_weeks` with the week before them, in which thresholds are fixed."""
    fold = four_weeks(begin_ms, judged_ms)
    return replace(fold, test=Window(fold.short.end_ms, fold.test.end_ms))
