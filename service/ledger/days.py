"""What became of what was consumed, by day: the partition's counters, each on the day it is about.

A payment counts on the day (UTC) it happened. So does a repeat; a record that cannot be read
counts on the day its partition had reached. The days of a partition add up to its counters,
whatever came in.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select

from service.ledger import bulk
from service.ledger.facts import AGE_EDGES, DAY_MS
from service.ledger.rollup_tables import days
from service.ledger.rows import CHAMPION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from service.ledger.rows import Commit, Lease

BECAME = ("scored", "unscored", "duplicates", "not_scored", "kept", "dead_letters")
"""What a consumed record becomes, one of them."""
SHORT_HISTORY_DAYS = AGE_EDGES[0]
REMARKS = ("late", "no_rate", "short_history", "sampled")
"""What is remarked of accepted payments beside that; `no_rate` and the next are of scored types."""

Counts = Counter[tuple[int, str]]


def count(
    connection: Connection,
    lease: Lease,
    batch: Commit,
    counters: Mapping[str, int],
    now_ms: int,
) -> None:
    """Add what a batch counted to the days of its partition."""
    placed = _placed(batch)
    mark = lease.after(batch).watermark_ms
    elsewhere = (now_ms if mark is None else mark) // DAY_MS
    for what in (*BECAME, "late"):
        rest = counters.get(what, 0) - sum(n for (_, one), n in placed.items() if one == what)
        if rest:
            placed[elsewhere, what] += rest
    for (day, what), n in list(placed.items()):
        if what in BECAME:
            placed[day, "consumed"] += n
    _add(connection, (lease.stream, lease.partition), placed)


def by_day(
    connection: Connection, first_day: int, last_day: int, without: Sequence[str]
) -> dict[tuple[int, str], int]:
    """Return the counts of days, summed over the partitions of all streams but some."""
    c = days.c
    query = (
        select(c.day, c.what, func.sum(c.count))
        .where(c.day.between(first_day, last_day), c.stream.not_in(without))
        .group_by(c.day, c.what)
    )
    return {(row[0], row[1]): int(row[2]) for row in connection.execute(query)}


def _placed(batch: Commit) -> Counts:
    """Return what the rows of a batch tell of days."""
    found: Counts = Counter()
    if batch.dead_letters is not None and batch.dead_letters.day is not None:
        _tally(found, "dead_letters", batch.dead_letters.day)
        reasons = [f"dead_letters:{reason}" for reason in batch.dead_letters.reason]
        found.update(zip(batch.dead_letters.day.tolist(), reasons, strict=True))
    if batch.duplicate_days is not None:
        _tally(found, "duplicates", batch.duplicate_days)
    rows = batch.transactions
    champion = next((one for one in batch.scores if one.role == CHAMPION), None)
    if rows is None or "warmed" in batch.counters:
        return found
    day = rows.transactions.occurred_ms // DAY_MS
    _tally(found, "late", day[rows.late])
    scored = np.zeros(len(rows), bool)
    if champion is not None:
        scored[champion.row] = True
        why = champion.reason or [None] * len(champion.row)
        failed = np.array([reason is not None for reason in why], bool)
        _tally(found, "scored", day[champion.row[~failed]])
        _tally(found, "unscored", day[champion.row[failed]])
        for at in np.flatnonzero(failed).tolist():
            found[int(day[champion.row[at]]), f"unscored:{why[at]}"] += 1
    _tally(found, "not_scored", day[~scored])
    _tally(found, "no_rate", day[scored & (rows.transactions.reporting_minor < 0)])
    if rows.history_days is not None:
        _tally(found, "short_history", day[scored & (rows.history_days < SHORT_HISTORY_DAYS)])
    if batch.sample is not None:
        _tally(found, "sampled", day[batch.sample.row])
    return found


def _tally(found: Counts, what: str, day: NDArray[np.int64]) -> None:
    some, n = np.unique(day, return_counts=True)
    for one, times in zip(some.tolist(), n.tolist(), strict=True):
        found[one, what] += times


def _add(connection: Connection, lane: tuple[str, int], found: Counts) -> None:
    rows: list[tuple[Any, ...]] = [(*lane, *key, n) for key, n in sorted(found.items()) if n]
    if rows:
        names = ("stream", "partition", "day", "what", "count")
        bulk.accumulate(
            connection, days, dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        )
