"""What the API reads beside the ledger's own reads: decisions and alerts by id, a few totals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, true

from service.ledger import CHAMPION, bulk
from service.ledger.alerts import EXPLAINED, explained, explained_of
from service.ledger.decisions import DECISION, decided, decisions_of
from service.ledger.tables import alerts, scores, seals, transactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.ledger import Decisions, ExplainedAlerts, Ledger


def decisions_by_id(ledger: Ledger, transaction_ids: Sequence[str]) -> Decisions:
    """Return the champion's decisions of these transactions, in no particular order."""
    with ledger.reading() as connection:
        found = connection.execute(
            select(*DECISION)
            .select_from(decided())
            .where(
                bulk.among(connection, transactions.c.transaction_id, transaction_ids),
                scores.c.role == CHAMPION,
            )
        ).all()
    return decisions_of(found)


def explained_by_id(ledger: Ledger, alert_ids: Sequence[str]) -> ExplainedAlerts:
    """Return those of these alerts that have an explanation, in no particular order."""
    with ledger.reading() as connection:
        found = connection.execute(
            select(*DECISION, *EXPLAINED)
            .select_from(explained())
            .where(bulk.among(connection, alerts.c.alert_id, alert_ids))
        ).all()
    return explained_of(found)


@dataclass(frozen=True, slots=True)
class Queue:
    """Alerts that wait for their explanation; `oldest_ms` is when the first was raised."""

    pending: int
    oldest_ms: int | None


def queue(ledger: Ledger) -> Queue:
    """Return how many alerts wait for their explanation, and since when."""
    with ledger.reading() as connection:
        row = connection.execute(
            select(func.count(), func.min(alerts.c.created_ms)).where(alerts.c.pending == true())
        ).one()
    return Queue(row[0], row[1])


@dataclass(frozen=True, slots=True)
class Seals:
    """How many hours were sealed, with everything in or not, and the newest (epoch hours)."""

    complete: int
    incomplete: int
    newest_hour: int | None


def seal_totals(ledger: Ledger) -> Seals:
    """Return the totals of the hourly seals."""
    with ledger.reading() as connection:
        counted = connection.execute(
            select(seals.c.complete, func.count(), func.max(seals.c.hour)).group_by(
                seals.c.complete
            )
        ).all()
    counts = {bool(row[0]): row[1] for row in counted}
    newest = max((row[2] for row in counted), default=None)
    return Seals(counts.get(True, 0), counts.get(False, 0), newest)
