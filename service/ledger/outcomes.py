"""Outcomes on their way out: dispositions that count by now, and deliveries that are due."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from service.ledger import bulk
from service.ledger.case_about import dispositions_of
from service.ledger.case_tables import case_alerts, deliveries, dispositions
from service.ledger.case_work import PENDING, SENT
from service.ledger.outbox import mark, marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from service.ledger.case_about import Disposition

DUE, DELIVERED, GIVEN_UP = "due", "delivered", "given_up"
_WEBHOOK_MARK = ("cases", 0, "webhook")
"""Where `published` keeps how far alerts were handed to the webhook: numbers of case_alerts."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something to be told to somebody outside: an alert, or a hand-off of a disposition."""

    id: int
    kind: str
    channel: str
    subject_id: str
    state: str
    attempts: int
    created_ms: int
    due_ms: int
    sent_ms: int | None
    error: str | None


def due_dispositions(connection: Connection, now_ms: int, limit: int) -> list[Disposition]:
    """Return dispositions that can no longer be undone and are not sent yet, oldest first."""
    c = dispositions.c
    return dispositions_of(connection, (c.state == PENDING) & (c.effective_ms <= now_ms), limit)


def mark_sent(
    connection: Connection, ids: Sequence[str], handoffs: Sequence[tuple[str, str]], now_ms: int
) -> None:
    """Note dispositions as sent, and queue the hand-offs they cause: (channel, disposition id)."""
    connection.execute(
        update(dispositions)
        .where(bulk.among(connection, dispositions.c.disposition_id, ids))
        .values(state=SENT)
    )
    _queue(connection, [("handoff", channel, subject) for channel, subject in handoffs], now_ms)


def queue_alerts(connection: Connection, now_ms: int, limit: int) -> int:
    """Queue alerts filed since the last call for the webhook; return how many."""
    stream, partition, topic = _WEBHOOK_MARK
    through = marks(connection, stream, partition).get(topic)
    if through is None:
        # The webhook was just set: it is told what is new from now on.
        newest = int(connection.scalar(select(func.max(case_alerts.c.id))) or 0)
        mark(connection, stream, partition, topic, newest)
        return 0
    c = case_alerts.c
    found = connection.execute(
        select(c.id, c.alert_id).where(c.id > through).order_by(c.id).limit(limit)
    ).all()
    if found:
        _queue(connection, [("alert", "webhook", row[1]) for row in found], now_ms)
        mark(connection, stream, partition, topic, found[-1][0])
    return len(found)


def due_deliveries(connection: Connection, now_ms: int, limit: int) -> list[Delivery]:
    """Return what is to be delivered by now, oldest first."""
    c = deliveries.c
    found = connection.execute(
        select(deliveries).where(c.state == DUE, c.due_ms <= now_ms).order_by(c.id).limit(limit)
    )
    return [Delivery(*row) for row in found]


def note_delivery(
    connection: Connection,
    one: Delivery,
    *,
    state: str,
    now_ms: int,
    due_ms: int,
    error: str | None,
) -> None:
    """Note what became of an attempt."""
    connection.execute(
        update(deliveries)
        .where(deliveries.c.id == one.id)
        .values(
            state=state,
            attempts=one.attempts + 1,
            due_ms=due_ms,
            sent_ms=now_ms if state == DELIVERED else None,
            error=error,
        )
    )


def delivery_counts(connection: Connection) -> dict[tuple[str, str], int]:
    """Return how many deliveries there are by (channel, state)."""
    c = deliveries.c
    found = connection.execute(
        select(c.channel, c.state, func.count()).group_by(c.channel, c.state)
    )
    return {(row[0], row[1]): row[2] for row in found}


def retry(connection: Connection, now_ms: int) -> int:
    """Make due again what was given up, with all its attempts; return how many."""
    changed = connection.execute(
        update(deliveries)
        .where(deliveries.c.state == GIVEN_UP)
        .values(state=DUE, attempts=0, due_ms=now_ms)
    )
    return changed.rowcount


def waiting_labels(connection: Connection, now_ms: int) -> int:
    """Return how many dispositions count by now and have not reached the label topic."""
    c = dispositions.c
    return int(
        connection.scalar(select(func.count()).where(c.state == PENDING, c.effective_ms <= now_ms))
        or 0
    )


def _queue(connection: Connection, given: Sequence[tuple[str, str, str]], now_ms: int) -> None:
    n = len(given)
    if not n:
        return
    kinds, channels, subjects = map(list, zip(*given, strict=True))
    columns: bulk.Columns = {
        "kind": kinds,
        "channel": channels,
        "subject_id": subjects,
        "state": [DUE] * n,
        "attempts": [0] * n,
        "created_ms": [now_ms] * n,
        "due_ms": [now_ms] * n,
    }
    bulk.append_new(connection, deliveries, columns)
