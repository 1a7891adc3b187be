"""What is to be published next, and the marks that say how far that has gone.

A mark is the first sequence (or dead letter id) not yet published. It is moved after the
broker's acknowledgement; what lies after it is sent again when a partition is acquired.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.ledger.decisions import DECISION, decided, decisions_of
from service.ledger.rows import CHAMPION
from service.ledger.tables import dead_letters, published, scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from service.ledger.decisions import Decisions


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that was refused, and where it came from."""

    id: int
    stream: str
    partition: int
    source_epoch: int
    offset: int | None
    reason: str
    error: str
    payload: bytes
    key: bytes | None
    received_ms: int
    redriven_ms: int | None


def marks(connection: Connection, stream: str, partition: int) -> dict[str, int]:
    """Return the mark of each topic that has one."""
    c = published.c
    found = connection.execute(
        select(c.topic, c.through).where(c.stream == stream, c.partition == partition)
    )
    return dict(found.all())


def mark(connection: Connection, stream: str, partition: int, topic: str, through: int) -> None:
    """Move a mark forward; it never goes back."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(published).values(
        stream=stream, partition=partition, topic=topic, through=through
    )
    connection.execute(
        row.on_conflict_do_update(
            index_elements=[published.c.stream, published.c.partition, published.c.topic],
            set_={"through": row.excluded.through},
            where=published.c.through < row.excluded.through,
        )
    )


def unpublished_decisions(
    connection: Connection, stream: str, partition: int, through: int, limit: int
) -> Decisions:
    """Return the champion's decisions from sequence `through` on, in order."""
    c = scores.c
    found = connection.execute(
        select(*DECISION)
        .select_from(decided())
        .where(
            c.stream == stream,
            c.partition == partition,
            c.sequence >= through,
            c.role == CHAMPION,
        )
        .order_by(c.sequence)
        .limit(limit)
    ).all()
    return decisions_of(found)


def unpublished_dead_letters(
    connection: Connection, stream: str, partition: int, through: int, limit: int
) -> list[DeadLetter]:
    """Return a partition's dead letters from id `through` on, in order."""
    c = dead_letters.c
    found = connection.execute(
        select(dead_letters)
        .where(c.stream == stream, c.partition == partition, c.id >= through)
        .order_by(c.id)
        .limit(limit)
    )
    return [DeadLetter(*row) for row in found]


def all_dead_letters(connection: Connection, after_id: int, limit: int) -> list[DeadLetter]:
    """Return dead letters of every partition with greater ids than `after_id`, in order."""
    c = dead_letters.c
    found = connection.execute(
        select(dead_letters).where(c.id > after_id).order_by(c.id).limit(limit)
    )
    return [DeadLetter(*row) for row in found]


def mark_redriven(connection: Connection, ids: Sequence[int], now_ms: int) -> None:
    """Note that dead letters were sent in again."""
    c = dead_letters.c
    connection.execute(update(dead_letters).where(c.id.in_(list(ids))).values(redriven_ms=now_ms))
