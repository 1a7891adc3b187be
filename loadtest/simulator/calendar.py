"""What is still to come: rows by time, labels by when they become known."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from loadtest.simulator.geography import DAY_MS
from loadtest.simulator.rows import Rows

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Calendar:
    """Rows that have not occurred yet, kept by day."""

    def __init__(self) -> None:
        self._days: defaultdict[int, list[Rows]] = defaultdict(list)

    def add(self, rows: Rows, *, since_ms: int) -> None:
        """Keep rows for their day; those before `since_ms` are dropped."""
        for day, part in _by_day(rows.occurred_ms, since_ms):
            self._days[day].append(rows.take(part))

    def due(self, until_ms: int) -> Rows:
        """Remove and return the rows before `until_ms`, in the order of time."""
        last, rest = divmod(until_ms, DAY_MS)
        parts = [part for day in sorted(self._days) if day < last for part in self._days.pop(day)]
        if rest and last in self._days:
            today = Rows.concat(self._days.pop(last))
            now = today.occurred_ms < until_ms
            parts.append(today.take(now))
            if not now.all():
                self._days[last] = [today.take(~now)]
        return Rows.concat(parts).ordered()


class LabelBook:
    """Labels that are not known yet, kept by day."""

    def __init__(self) -> None:
        self._days: defaultdict[int, list[pl.DataFrame]] = defaultdict(list)

    def add(self, labels: pl.DataFrame) -> None:
        """Keep labels for the day on which they become known."""
        for day, part in _by_day(labels["known_ms"].to_numpy(), 0):
            self._days[day].append(labels[part])

    def due(self, until_ms: int | None) -> list[pl.DataFrame]:
        """Remove and return the labels known before `until_ms`, or all that are left."""
        days = sorted(self._days)
        if until_ms is None:
            return [part for day in days for part in self._days.pop(day)]
        last, rest = divmod(until_ms, DAY_MS)
        parts = [part for day in days if day < last for part in self._days.pop(day)]
        if rest and last in self._days:
            today = pl.concat(self._days.pop(last))
            now = pl.col("known_ms") < until_ms
            parts.append(today.filter(now))
            self._days[last] = [today.filter(~now)]
        return parts


def _by_day(times: NDArray[np.int64], since_ms: int) -> list[tuple[int, NDArray[np.int64]]]:
    """Return each day (since 1970) that occurs, with the places of its rows."""
    kept = np.flatnonzero(times >= since_ms)
    if not len(kept):
        return []
    day = times[kept] // DAY_MS
    order = np.argsort(day, kind="stable")
    days, first = np.unique(day[order], return_index=True)
    return [
        (int(d), kept[places]) for d, places in zip(days, np.split(order, first[1:]), strict=True)
    ]
