"""Alerts: pending until explained, leased by one explainer at a time, visible afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, literal_column, or_, select, update

from models.transaction import Transactions, empty
from service.ledger import bulk
from service.ledger.columns import TRANSACTION_COLUMNS, blob_to_vector, transactions_of
from service.ledger.decisions import DECISION, WIDTH, decided, decisions_of, same_place
from service.ledger.tables import alerts, explanations, scores, transactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Connection, FromClause, Select

    from service.ledger.decisions import Decisions

# Written bare so that both databases recognise the partial indexes' own conditions.
_PENDING: ColumnElement[bool] = literal_column("alerts.pending")
_UNPUBLISHED: ColumnElement[bool] = literal_column("NOT explanations.published")


@dataclass(frozen=True, slots=True, eq=False)
class PendingAlerts:
    """Alerts to explain, highest risk first: the stored inputs and the decision of each.

    `features` holds a float32 (F,) vector for each, None where none was stored; `payments` are
    the transactions themselves.
    """

    alert_id: Sequence[str]
    features: Sequence[NDArray[np.float32] | None]
    created_ms: Sequence[int]
    decisions: Decisions
    payments: Transactions

    def __len__(self) -> int:
        return len(self.alert_id)


@dataclass(frozen=True, slots=True, eq=False)
class ExplainedAlerts:
    """Alerts that may be shown: the explanation (JSON) and the decision of each."""

    alert_id: Sequence[str]
    body: Sequence[bytes]
    method: Sequence[str]
    created_ms: Sequence[int]
    decisions: Decisions

    def __len__(self) -> int:
        return len(self.alert_id)


@dataclass(frozen=True, slots=True, eq=False)
class ExplanationRows:
    """Explanations by alert: JSON bytes, exactly as they are to be shown and published."""

    alert_id: Sequence[str]
    body: Sequence[bytes]
    method: Sequence[str]
    created_ms: int


NOTHING_PENDING = PendingAlerts((), (), (), decisions_of(()), Transactions(**empty(0)))


def free(now_ms: int, bundles: Sequence[str]) -> Select[str]:
    """Return the query for these bundles' pending alerts that nobody holds, riskiest first."""
    c = alerts.c
    return (
        select(c.alert_id)
        .where(
            _PENDING,
            c.bundle_id.in_(bundles),
            or_(c.leased_until_ms.is_(None), c.leased_until_ms <= now_ms),
        )
        .order_by(c.risk.desc(), c.created_ms, c.alert_id)
    )


def any_free(connection: Connection, now_ms: int, bundles: Sequence[str]) -> bool:
    """Say whether there is an alert to lease, without writing."""
    return connection.execute(free(now_ms, bundles).limit(1)).first() is not None


def lease(
    connection: Connection,
    owner: str,
    now_ms: int,
    lease_ms: int,
    limit: int,
    bundles: Sequence[str],
) -> PendingAlerts:
    """Lease pending alerts of these bundles that nobody holds, highest risk first, then oldest."""
    c = alerts.c
    query = free(now_ms, bundles).limit(limit).with_for_update(skip_locked=True)
    chosen = connection.scalars(query).all()
    if not chosen:
        return NOTHING_PENDING
    connection.execute(
        update(alerts)
        .where(bulk.among(connection, c.alert_id, chosen))
        .values(leased_by=owner, leased_until_ms=now_ms + lease_ms)
    )
    return inputs(connection, chosen)


def inputs(
    connection: Connection, alert_ids: Sequence[str], *, pending_only: bool = False
) -> PendingAlerts:
    """Return what these alerts were, or are to be, explained from, highest risk first."""
    c = alerts.c
    own = (c.alert_id, transactions.c.features, c.created_ms)
    query = (
        select(*DECISION, *own, *(transactions.c[name] for name in TRANSACTION_COLUMNS))
        .select_from(of_alerts())
        .where(bulk.among(connection, c.alert_id, alert_ids))
        .order_by(c.risk.desc(), c.created_ms, c.alert_id)
    )
    found = connection.execute(query.where(_PENDING) if pending_only else query).all()
    if not found:
        return NOTHING_PENDING
    columns = _own_columns(found, len(own) + len(TRANSACTION_COLUMNS))
    alert_id, features, created_ms = columns[: len(own)]
    return PendingAlerts(
        alert_id=alert_id,
        features=[None if blob is None else blob_to_vector(blob) for blob in features],
        created_ms=created_ms,
        decisions=decisions_of([row[:WIDTH] for row in found]),
        payments=transactions_of(columns[len(own) :]),
    )


def save(connection: Connection, rows: ExplanationRows) -> int:
    """Keep the first explanation of each alert and make it visible; return how many were new."""
    n = len(rows.alert_id)
    saved = bulk.append_new(
        connection,
        explanations,
        {
            "alert_id": list(rows.alert_id),
            "body": list(rows.body),
            "method": list(rows.method),
            "created_ms": [rows.created_ms] * n,
            "published": [False] * n,
        },
    )
    connection.execute(
        update(alerts)
        .where(bulk.among(connection, alerts.c.alert_id, rows.alert_id))
        .values(pending=False, leased_by=None, leased_until_ms=None)
    )
    return saved


def unpublished(connection: Connection, limit: int) -> ExplainedAlerts:
    """Return explained alerts not marked as published, oldest explanation first."""
    c = explanations.c
    found = connection.execute(
        select(*DECISION, *EXPLAINED)
        .select_from(explained())
        .where(_UNPUBLISHED)
        .order_by(c.created_ms, c.alert_id)
        .limit(limit)
    ).all()
    return explained_of(found)


def mark_published(connection: Connection, alert_ids: Sequence[str]) -> None:
    """Note that alerts were published."""
    connection.execute(
        update(explanations)
        .where(bulk.among(connection, explanations.c.alert_id, alert_ids))
        .values(published=True)
    )


EXPLAINED = (alerts.c.alert_id, explanations.c.body, explanations.c.method, alerts.c.created_ms)
"""What to select from `explained()` after DECISION for `explained_of`."""


def of_alerts() -> FromClause:
    """Return alerts joined with the decisions they were raised by."""
    place = and_(same_place(scores, alerts), scores.c.bundle_id == alerts.c.bundle_id)
    return decided().join(alerts, place)


def explained() -> FromClause:
    """Return alerts that have an explanation, joined with it and with their decisions."""
    return of_alerts().join(explanations, explanations.c.alert_id == alerts.c.alert_id)


def explained_of(rows: Sequence[Sequence[Any]]) -> ExplainedAlerts:
    """Return as columns rows of DECISION and EXPLAINED."""
    alert_id, body, method, created_ms = _own_columns(rows, len(EXPLAINED))
    return ExplainedAlerts(
        alert_id=alert_id,
        body=body,
        method=method,
        created_ms=created_ms,
        decisions=decisions_of([row[:WIDTH] for row in rows]),
    )


def _own_columns(rows: Sequence[Sequence[Any]], count: int) -> list[list[Any]]:
    return [[row[WIDTH + i] for row in rows] for i in range(count)]
