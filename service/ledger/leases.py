"""Who may write a partition: acquiring it, and checking that it is still ours.

A lease is fenced twice. `epoch` rises with each acquisition, so that an earlier owner's writes
find no row. `next_offset` and `commits` name the exact state a batch was computed on, so that
a batch is written once even when the answer to its commit was lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.errors import OwnershipLost, WarmUnfinished
from service.ledger.rows import Lease
from service.ledger.tables import COUNTERS, partitions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection, Row

    from service.ledger.rows import Commit


WARMING, WARMED = "warming", "warmed"
"""The source of warmed rows while they are written, and once all that follows from them is."""


def acquire(
    connection: Connection, stream: str, partition: int, *, identity: str, owner: str, now_ms: int
) -> Lease:
    """Take a partition over from whoever had it, creating it if it is new.

    Raises WarmUnfinished where an interrupted warm-up left its rows.
    """
    _create(connection, stream, partition, identity, now_ms)
    here = _is(stream, partition)
    found = connection.execute(select(partitions).where(here).with_for_update()).one()
    if found.identity == WARMING and found.next_sequence:
        raise WarmUnfinished(stream, partition)
    changed = found.identity != identity
    fresh = connection.execute(
        update(partitions)
        .where(here)
        .values(
            identity=identity,
            epoch=found.epoch + 1,
            source_epoch=found.source_epoch + changed,
            next_offset=0 if changed else found.next_offset,
            idle=False,
            owner=owner,
            updated_ms=now_ms,
        )
        .returning(partitions)
    ).one()
    return Lease(
        stream=stream,
        partition=partition,
        epoch=fresh.epoch,
        source_epoch=fresh.source_epoch,
        next_offset=fresh.next_offset,
        next_sequence=fresh.next_sequence,
        watermark_ms=fresh.watermark_ms,
        reached_hour=fresh.reached_hour,
        sealed_sequence=fresh.sealed_sequence,
        commits=fresh.commits,
        identity_changed=changed,
    )


def is_written(connection: Connection, lease: Lease, batch: Commit) -> bool:
    """Say whether `batch` is in the ledger already; lock the partition for it if not.

    Raises OwnershipLost unless the partition stands exactly where the lease left it.
    """
    found = connection.execute(
        select(partitions).where(_is(lease.stream, lease.partition)).with_for_update()
    ).one_or_none()
    after = lease.after(batch)
    if found is None or found.epoch != lease.epoch:
        raise _lost(lease, found)
    if _position(found) == (after.commits, after.next_offset, after.next_sequence):
        return True
    if _position(found) != (lease.commits, lease.next_offset, lease.next_sequence):
        raise _lost(lease, found)
    return False


def advance(
    connection: Connection, lease: Lease, batch: Commit, counters: Mapping[str, int], now_ms: int
) -> Lease:
    """Move the partition past `batch` and add its counters. Raises OwnershipLost if not ours."""
    after = lease.after(batch)
    moved = connection.execute(
        update(partitions)
        .where(
            _is(lease.stream, lease.partition),
            partitions.c.epoch == lease.epoch,
            partitions.c.next_offset == lease.next_offset,
            partitions.c.commits == lease.commits,
        )
        .values(
            {
                "next_offset": after.next_offset,
                "next_sequence": after.next_sequence,
                "commits": after.commits,
                "watermark_ms": after.watermark_ms,
                "updated_ms": now_ms,
            }
            | {name: partitions.c[name] + counters.get(name, 0) for name in COUNTERS}
        )
    )
    if moved.rowcount != 1:
        raise _lost(lease, None)
    return after


def finish_warming(connection: Connection, stream: str) -> None:
    """Make a stream's warmed partitions ones that may be acquired."""
    connection.execute(
        update(partitions)
        .where(partitions.c.stream == stream, partitions.c.identity == WARMING)
        .values(identity=WARMED)
    )


def end(connection: Connection, stream: str, partition: int) -> None:
    """End whatever lease there is: its holder can write no more and acquires the partition anew."""
    connection.execute(
        update(partitions).where(_is(stream, partition)).values(epoch=partitions.c.epoch + 1)
    )


def hold(connection: Connection, lease: Lease) -> None:
    """Keep our partition ours to the end of the transaction. Raises OwnershipLost."""
    found = connection.execute(
        select(partitions).where(_is(lease.stream, lease.partition)).with_for_update()
    ).one_or_none()
    if found is None or found.epoch != lease.epoch:
        raise _lost(lease, found)


def note(connection: Connection, lease: Lease, now_ms: int, **values: object) -> None:
    """Set columns of our partition that no batch depends on. Raises OwnershipLost."""
    moved = connection.execute(
        update(partitions)
        .where(_is(lease.stream, lease.partition), partitions.c.epoch == lease.epoch)
        .values(updated_ms=now_ms, **values)
    )
    if moved.rowcount != 1:
        raise _lost(lease, None)


def _create(
    connection: Connection, stream: str, partition: int, identity: str, now_ms: int
) -> None:
    values: dict[str, Any] = dict.fromkeys(COUNTERS, 0) | {
        "stream": stream,
        "partition": partition,
        "identity": identity,
        "source_epoch": 0,
        "epoch": 0,
        "commits": 0,
        "next_offset": 0,
        "next_sequence": 0,
        "sealed_sequence": 0,
        "idle": False,
        "updated_ms": now_ms,
    }
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(partitions).values(values).on_conflict_do_nothing())


def _is(stream: str, partition: int) -> ColumnElement[bool]:
    return and_(partitions.c.stream == stream, partitions.c.partition == partition)


def _position(row: Row[Any]) -> tuple[int, int, int]:
    return row.commits, row.next_offset, row.next_sequence


def _lost(lease: Lease, found: Row[Any] | None) -> OwnershipLost:
    shown = (
        "another state"
        if found is None
        else f"epoch {found.epoch} of {found.owner} at offset {found.next_offset}"
    )
    return OwnershipLost(lease.stream, lease.partition, epoch=lease.epoch, found=shown)
