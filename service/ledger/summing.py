"""Keeping the sums true: in the transaction of each commit, and anew from all rows."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, select

from service.ledger import rollups
from service.ledger.case_openings import CASE_FLOOR, openings
from service.ledger.counting import (
    Changed,
    counted,
    facts_where,
    moved,
    returned_of,
    returns_in,
)
from service.ledger.facts import parts
from service.ledger.tables import scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from service.ledger.facts import Key, Part
    from service.ledger.legacy import Recorded
    from service.ledger.rows import Commit, Lease

CHUNK = 50_000


def add(
    connection: Connection,
    lease: Lease,
    batch: Commit,
    recorded: Recorded | None,
    truths: Mapping[str, int],
) -> None:
    """Add what a batch brought; its rows, labels and legacy decisions are written by now.

    `truths` is what was true before of payments that the batch's labels are about.
    """
    lane = (lease.stream, lease.partition)
    own: set[str] = set()
    news: list[tuple[Key, Part]] = []
    back: dict[str, int] = {}
    if batch.transactions is not None:
        own = set(batch.transactions.transactions.transaction_id.tolist())
        for facts in counted(connection, batch, {} if recorded is None else recorded.first):
            news += parts(facts)
        back = returns_in(batch.transactions)
    changed = Changed(
        untold=set() if recorded is None else set(recorded.fresh) - own,
        truth={one: before for one, before in truths.items() if one not in own},
    )
    originals = sorted(back.keys() - own)
    if originals:
        total = returned_of(connection, originals)
        changed.returned = {one: total.get(one, 0) - back[one] for one in originals}
    news += _moves(connection, changed)
    if batch.case_window_ms is not None and any(
        (one.risk >= CASE_FLOOR).any() for one in batch.scores
    ):
        last = lease.next_sequence + batch.accepted - 1
        news += openings(
            connection,
            "s.stream = ? AND s.partition = ? AND s.sequence BETWEEN ? AND ?",
            (*lane, lease.next_sequence, last),
            batch.case_window_ms,
        )
    rollups.add(connection, lane, news)


def move(connection: Connection, lane: tuple[str, int], truths: Mapping[str, int]) -> None:
    """Move payments whose labels came by no batch: what was true of them before is given."""
    rollups.add(connection, lane, _moves(connection, Changed(truth=dict(truths))))


def _moves(connection: Connection, changed: Changed) -> Iterator[tuple[Key, Part]]:
    if not changed.ids:
        return iter(())
    was, now = moved(connection, changed)
    return chain(parts(was, -1), parts(now))


def recount(connection: Connection, case_window_ms: int) -> None:
    """Make all sums anew from the rows."""
    rollups.replace_all(connection, all_parts(connection, case_window_ms))


def all_parts(connection: Connection, case_window_ms: int) -> Iterator[tuple[Key, Part]]:
    """Yield what all rows of the ledger add to the sums."""
    c = scores.c
    ends = connection.execute(
        select(c.stream, c.partition, func.max(c.sequence)).group_by(c.stream, c.partition)
    ).all()
    for stream, partition, last in ends:
        for start in range(0, last + 1, CHUNK):
            some = and_(
                c.stream == stream,
                c.partition == partition,
                c.sequence.between(start, start + CHUNK - 1),
            )
            yield from parts(facts_where(connection, some)[0])
    yield from openings(connection, "true", (), case_window_ms)
