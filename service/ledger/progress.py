"""Where every partition stands, and the hourly seals made from that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from service.ledger.tables import COUNTERS, partitions, seals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Row


@dataclass(frozen=True, slots=True)
class PartitionState:
    """One row of `partitions`, with its counters by name."""

    stream: str
    partition: int
    identity: str
    source_epoch: int
    epoch: int
    next_offset: int
    next_sequence: int
    sealed_sequence: int
    watermark_ms: int | None
    reached_hour: int | None
    idle: bool
    owner: str | None
    updated_ms: int
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Seal:
    """The table of shared entities as it stood at an hour (hours since the epoch).

    `complete` says that every partition had reached the hour when it was made; `entries` is
    packed by models/seal.py.
    """

    hour: int
    complete: bool
    sealed_ms: int
    cutoff_ms: int
    owner: str
    entries: bytes


@dataclass(frozen=True, slots=True)
class Coverage:
    """What became of all that was consumed: summed, by stream, and by partition."""

    total: Mapping[str, int]
    streams: Mapping[str, Mapping[str, int]]
    partitions: Sequence[PartitionState]


def states(connection: Connection, streams: Sequence[str] | None) -> list[PartitionState]:
    """Return the partitions of some streams, or of all, in order."""
    query = select(partitions).order_by(partitions.c.stream, partitions.c.partition)
    if streams is not None:
        query = query.where(partitions.c.stream.in_(list(streams)))
    return [_state(row) for row in connection.execute(query)]


def coverage(connection: Connection) -> Coverage:
    """Return all counters, summed and one by one."""
    found = states(connection, None)
    streams: dict[str, dict[str, int]] = {}
    for state in found:
        sums = streams.setdefault(state.stream, dict.fromkeys(COUNTERS, 0))
        for name, count in state.counters.items():
            sums[name] += count
    total = {name: sum(sums[name] for sums in streams.values()) for name in COUNTERS}
    return Coverage(total=total, streams=streams, partitions=found)


def newest_seal(connection: Connection) -> Seal | None:
    """Return the seal of the latest hour."""
    found = connection.execute(select(seals).order_by(seals.c.hour.desc()).limit(1)).first()
    return None if found is None else Seal(*found)


def seals_after(connection: Connection, hour: int) -> list[Seal]:
    """Return the seals of later hours, in order."""
    found = connection.execute(select(seals).where(seals.c.hour > hour).order_by(seals.c.hour))
    return [Seal(*row) for row in found]


def _state(row: Row[Any]) -> PartitionState:
    return PartitionState(
        stream=row.stream,
        partition=row.partition,
        identity=row.identity,
        source_epoch=row.source_epoch,
        epoch=row.epoch,
        next_offset=row.next_offset,
        next_sequence=row.next_sequence,
        sealed_sequence=row.sealed_sequence,
        watermark_ms=row.watermark_ms,
        reached_hour=row.reached_hour,
        idle=row.idle,
        owner=row.owner,
        updated_ms=row.updated_ms,
        counters={name: row._mapping[name] for name in COUNTERS},  # noqa: SLF001 - SQLAlchemy's
    )
