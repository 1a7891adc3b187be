"""Fraud episodes: one story of one customer or merchant, caught at its first flag or too late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.comparison.paired import UNKNOWN, Paired, paired

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.comparison.figures import System

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, eq=False)
class Episodes:
    """Columns of m episodes. Money is in minor units, times are UTC milliseconds.

    `until_ms` is the time from the first fraud to the first one flagged, -1 where none was;
    `lost` the money of the frauds before that one, all of it where none was. Both have a column
    for legacy and one for the shadow, (m, 2).
    """

    who: NDArray[np.int64]
    begin_ms: NDArray[np.int64]
    frauds: NDArray[np.int64]
    money: NDArray[np.int64]
    until_ms: NDArray[np.int64]
    lost: NDArray[np.int64]

    def caught(self, system: System) -> NDArray[np.bool_]:
        """Return which episodes a system flagged at all, (m,)."""
        found: NDArray[np.bool_] = self.until_ms[:, _SIDE[system]] != UNKNOWN
        return found

    def paired(self) -> Paired:
        """Return a row for each episode, as fraud whose amount is the episode's money.

        Every figure with its interval then speaks of episodes: a detection rate is the share
        caught, a value detection rate the share of money in those that were.
        """
        return paired(
            occurred_ms=self.begin_ms,
            customer=self.who,
            amount=self.money,
            legacy=self.caught("legacy"),
            flagged=self.caught("shadow"),
            truth=np.ones(len(self.who), np.int8),
        )

    def share_lost(self, system: System) -> float:
        """Return the share of all episodes' money that was gone before a system's first flag."""
        total = int(self.money.sum())
        return float(self.lost[:, _SIDE[system]].sum() / total) if total else float("nan")

    def median_hours(self, system: System) -> float:
        """Return the median time to the first flag among those caught; NaN if none was."""
        times = self.until_ms[self.caught(system), _SIDE[system]]
        return float(np.median(times)) / HOUR_MS if len(times) else float("nan")


_SIDE: dict[System, int] = {"legacy": 0, "shadow": 1}


def episodes(rows: Paired, who: NDArray[np.int64], window_ms: int) -> Episodes:
    """Return the episodes of frauds, `who` (n,) being whose: a customer's, or a merchant's.

    A fraud that comes no later than `window_ms` after the one before it belongs to the same
    episode. Frauds are those known as such; an unknown amount counts as none.
    """
    fraud = np.flatnonzero(rows.settled() == 1)
    order = fraud[np.lexsort((rows.occurred_ms[fraud], who[fraud]))]
    at, name = rows.occurred_ms[order], who[order]
    begins = np.ones(len(order), bool)
    begins[1:] = (name[1:] != name[:-1]) | (np.diff(at) > window_ms)
    first, code = np.flatnonzero(begins), np.cumsum(begins) - 1
    count = len(first)
    amount = np.where(rows.amount[order] == UNKNOWN, 0, rows.amount[order])
    money = _sums(amount, code, count)
    until, lost = np.full((count, 2), UNKNOWN, np.int64), np.empty((count, 2), np.int64)
    for side, hits in enumerate((rows.legacy[order] == 1, rows.flagged[order])):
        place = np.full(count, len(order))
        np.minimum.at(place, code[hits], np.flatnonzero(hits))
        found = place < len(order)
        until[found, side] = at[place[found]] - at[first[found]]
        lost[:, side] = _sums(np.where(np.arange(len(order)) < place[code], amount, 0), code, count)
    return Episodes(name[first], at[first], np.bincount(code, minlength=count), money, until, lost)


def _sums(amounts: NDArray[np.int64], code: NDArray[np.intp], count: int) -> NDArray[np.int64]:
    found = np.zeros(count, np.int64)
    np.add.at(found, code, amounts)
    return found
