"""The newest payments and what both sides said of them, for people who watch the stream.

Each partition is read from its end along the primary key, so the cost is that of a few rows
a partition however long the ledger is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, select, union_all

from service.ledger.decisions import same_place
from service.ledger.rows import CHAMPION
from service.ledger.tables import alerts, legacy_decisions, partitions, scores, transactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select


@dataclass(frozen=True, slots=True)
class Seen:
    """A payment as both sides saw it.

    `legacy` indexes LEGACY_DECISIONS, None while not known. `risk` is None where `status` is
    "unscored". `alert_id` is that of the champion's flag, None without one, and `pending` says
    whether it still waits for its explanation.
    """

    transaction_id: str
    customer_id: str | None
    merchant_id: str | None
    occurred_ms: int
    ingested_ms: int
    amount_minor: int
    currency: str
    channel: int | None
    legacy: int | None
    status: str
    risk: int | None
    flagged: bool
    alert_id: str | None
    pending: bool | None

    @property
    def explained(self) -> bool:
        """Whether there is an alert that may be shown."""
        return self.alert_id is not None and not self.pending


def newest(connection: Connection, limit: int) -> list[Seen]:
    """Return the scored payments that came in last, newest first."""
    p = partitions.c
    with_scores = (p.scored > 0) | (p.unscored > 0)
    ends = connection.execute(select(p.stream, p.partition).where(with_scores)).all()
    if not ends:
        return []
    every = union_all(*(_last(stream, partition, limit) for stream, partition in ends)).subquery()
    t, s = transactions.c, scores.c
    champion = and_(same_place(scores, transactions), s.role == CHAMPION)
    first = and_(
        legacy_decisions.c.transaction_id == t.transaction_id, legacy_decisions.c.revision == 0
    )
    raised = and_(
        s.flagged, alerts.c.transaction_id == t.transaction_id, alerts.c.bundle_id == s.bundle_id
    )
    found: Sequence[Any] = connection.execute(
        select(
            t.transaction_id,
            t.customer_id,
            t.merchant_id,
            t.occurred_ms,
            t.ingested_ms,
            t.amount_minor,
            t.currency,
            t.channel,
            legacy_decisions.c.decision,
            s.status,
            s.risk,
            s.flagged,
            alerts.c.alert_id,
            alerts.c.pending,
        )
        .select_from(
            every.join(transactions, same_place(every, transactions))
            .join(scores, champion)
            .outerjoin(legacy_decisions, first)
            .outerjoin(alerts, raised)
        )
        .order_by(t.ingested_ms.desc(), t.sequence.desc())
        .limit(limit)
    ).all()
    return [Seen(*row) for row in found]


def _last(stream: str, partition: int, limit: int) -> Select[Any]:
    """Return the query for a partition's last rows; wrapped, since a union takes no limits."""
    c = transactions.c
    last = (
        select(c.stream, c.partition, c.sequence)
        .where(c.stream == stream, c.partition == partition)
        .order_by(c.sequence.desc())
        .limit(limit)
        .subquery()
    )
    return select(last)
