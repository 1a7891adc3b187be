"""Adding to the sums, folding them, reading them, and making them anew from the rows.

Whoever adds is inside the transaction that writes what is added, and holds the lane: a
partition's row is locked by its commit, and what belongs to no partition is under `fence`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, delete, func, select, text

from service.ledger import bulk
from service.ledger.cells import added, packed, unpacked
from service.ledger.columns import from_json, json_text
from service.ledger.facts import Key, Part, renumbered
from service.ledger.rollup_tables import rollups

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Connection

FOLDED = ("", -1)
"""The lane of what was folded together; no stream has it."""
_KEY = ("cut", "bundle_id", "role", "day", "ruleset")
_COLUMNS = (*_KEY, "stream", "partition", "first_ms", "last_ms", "members", "cells")
_OF_LANE = (
    f"SELECT {', '.join(_COLUMNS)} FROM rollups "
    "WHERE stream = ? AND partition = ? AND day IN ({days})"
)
_FENCE = 0x726F6C6C757073  # "rollups": an advisory lock of PostgreSQL


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Rollups as read: one entry a stored row, `cells` and `members` of each."""

    keys: Sequence[Key]
    first_ms: NDArray[np.int64]
    last_ms: NDArray[np.int64]
    members: Sequence[Sequence[str]]
    cells: Sequence[NDArray[np.void]]

    def of_bundle(self, bundle_id: str) -> Sums:
        """Return the rows of one bundle."""
        rows = [row for row, key in enumerate(self.keys) if key.bundle_id == bundle_id]
        return Sums(
            [self.keys[row] for row in rows],
            self.first_ms[rows],
            self.last_ms[rows],
            [self.members[row] for row in rows],
            [self.cells[row] for row in rows],
        )


def fence(connection: Connection, *, alone: bool) -> None:
    """Wait until what this transaction reads cannot be changed by another that also adds.

    Partitions that add their own payments may do so side by side. Whoever brings a label or a
    legacy decision of payments elsewhere is alone: a payment and its label written at the same
    moment would not see each other. Held to the end of the transaction, so take it late.
    SQLite has one writer anyway.
    """
    if connection.dialect.name != "sqlite":
        shared = "" if alone else "_shared"
        connection.execute(text(f"SELECT pg_advisory_xact_lock{shared}({_FENCE})"))


def add(connection: Connection, lane: tuple[str, int], news: Iterable[tuple[Key, Part]]) -> None:
    """Add parts to the sums of a lane."""
    by_key: dict[Key, list[Part]] = defaultdict(list)
    for key, part in news:
        by_key[key].append(part)
    if not by_key:
        return
    for key, part in _stored(connection, lane, sorted({key.day for key in by_key})):
        if key in by_key:
            by_key[key].insert(0, part)
    _put(connection, lane, {key: _together(found) for key, found in by_key.items()})


def fold(connection: Connection, before_day: int) -> None:
    """Fold the lanes of earlier days into one: a day is read often and rarely changed.

    No partition may commit meanwhile: the caller has locked them all.
    """
    fence(connection, alone=True)
    c = rollups.c
    loose = and_(c.day < before_day, c.stream != FOLDED[0])
    due = connection.execute(select(c.day).where(loose).distinct()).scalars().all()
    if not due:
        return
    by_key: dict[Key, list[Part]] = defaultdict(list)
    for row in connection.execute(select(rollups).where(c.day.in_(due))):
        by_key[Key(*row[:5])].append(_part(row[7:]))
    connection.execute(delete(rollups).where(c.day.in_(due)))
    _put(connection, FOLDED, {key: _together(found) for key, found in by_key.items()})


def read(
    connection: Connection,
    cut: str,
    *,
    first_day: int,
    last_day: int,
    bundle_id: str | None = None,
    role: str | None = None,
) -> Sums:
    """Return the sums of days `first_day` to `last_day`, both included."""
    c = rollups.c
    where: list[ColumnElement[bool]] = [c.cut == cut, c.day.between(first_day, last_day)]
    if bundle_id is not None:
        where.append(c.bundle_id == bundle_id)
    if role is not None:
        where.append(c.role == role)
    found = bulk.fetch(connection, select(*(c[name] for name in _COLUMNS)).where(*where))
    return Sums(
        keys=[Key(*row[:5]) for row in found],
        first_ms=np.array([row[7] for row in found], np.int64),
        last_ms=np.array([row[8] for row in found], np.int64),
        members=[from_json(row[9]) for row in found],
        cells=[unpacked(row[10]) for row in found],
    )


def span(connection: Connection) -> tuple[int, int] | None:
    """Return the first and the last day that there are sums of."""
    c = rollups.c
    first, last = connection.execute(select(func.min(c.day), func.max(c.day))).one()
    return None if first is None else (first, last)


def replace_all(connection: Connection, news: Iterable[tuple[Key, Part]]) -> None:
    """Put sums made anew from the rows in place of all there are."""
    fence(connection, alone=True)
    connection.execute(delete(rollups))
    add(connection, FOLDED, news)


def _stored(
    connection: Connection, lane: tuple[str, int], days: Sequence[int]
) -> list[tuple[Key, Part]]:
    found = bulk.rows(connection, _OF_LANE.format(days=", ".join(map(str, days))), lane)
    return [(Key(*row[:5]), _part(row[7:])) for row in found]


def _part(values: Sequence[Any]) -> Part:
    first_ms, last_ms, members, cells = values
    return Part(first_ms, last_ms, from_json(members), unpacked(cells))


def _together(found: Sequence[Part]) -> Part:
    """Return several parts of one sum as one; members are numbered as they first come."""
    if len(found) == 1:
        return found[0]
    numbers: dict[str, int] = {}
    cells = []
    for part in found:
        if part.members:
            own = [numbers.setdefault(name, len(numbers)) for name in part.members]
            cells.append(renumbered(part.cells, np.array(own, np.int64)))
        else:
            cells.append(part.cells)
    return Part(
        min(part.first_ms for part in found),
        max(part.last_ms for part in found),
        tuple(numbers),
        added(cells),
    )


def _put(connection: Connection, lane: tuple[str, int], sums: dict[Key, Part]) -> None:
    rows = [
        (
            *(getattr(key, name) for name in _KEY),
            *lane,
            part.first_ms,
            part.last_ms,
            json_text(list(part.members)),
            packed(part.cells),
        )
        for key, part in sums.items()
    ]
    columns = dict(zip(_COLUMNS, map(list, zip(*rows, strict=True)), strict=True))
    bulk.put(connection, rollups, columns)
