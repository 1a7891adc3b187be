"""Where the snapshots of histories lie. The objects themselves are not in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, select, update

from service.ledger import bulk
from service.ledger.tables import snapshots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state that has taken in the first `sequence` transactions of a partition.

    `kernel_version` names everything the state depends on beside the transactions.
    """

    stream: str
    partition: int
    sequence: int
    kernel_version: str
    url: str
    sha256: str


def save(connection: Connection, snapshot: Snapshot, now_ms: int) -> None:
    """Record a snapshot unless one of its place is recorded."""
    row = {name: [getattr(snapshot, name)] for name in Snapshot.__slots__}
    bulk.append_new(connection, snapshots, {**row, "created_ms": [now_ms]})


def swap(
    connection: Connection, place: tuple[str, int], instead: Mapping[Snapshot, Snapshot]
) -> None:
    """Put other files in the place of a partition's snapshots; one without another is struck."""
    c = snapshots.c
    for old in all_of(connection, *place):
        mine = and_(
            c.stream == old.stream,
            c.partition == old.partition,
            c.sequence == old.sequence,
            c.kernel_version == old.kernel_version,
        )
        new = instead.get(old)
        if new is None:
            connection.execute(delete(snapshots).where(mine))
        else:
            connection.execute(update(snapshots).where(mine).values(url=new.url, sha256=new.sha256))


def all_of(connection: Connection, stream: str, partition: int) -> list[Snapshot]:
    """Return the snapshots of a partition for every kernel."""
    c = snapshots.c
    found = connection.execute(
        select(*(c[name] for name in Snapshot.__slots__))
        .where(c.stream == stream, c.partition == partition)
        .order_by(c.sequence, c.kernel_version)
    )
    return [Snapshot(*row) for row in found]


def of(connection: Connection, stream: str, partition: int, kernel_version: str) -> list[Snapshot]:
    """Return the snapshots of a partition for one kernel, newest first."""
    c = snapshots.c
    found = connection.execute(
        select(*(c[name] for name in Snapshot.__slots__))
        .where(c.stream == stream, c.partition == partition, c.kernel_version == kernel_version)
        .order_by(c.sequence.desc())
    )
    return [Snapshot(*row) for row in found]
