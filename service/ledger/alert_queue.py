"""What the API and the console show: the queue of alerts, one alert, one customer's past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from sqlalchemy import and_, column, select, table, tuple_

from service.ledger.alerts import EXPLAINED, ExplainedAlerts, explained, explained_of
from service.ledger.columns import (
    TRANSACTION_COLUMNS,
    array_of,
    blob_to_vector,
    objects,
    transactions_of,
)
from service.ledger.decisions import DECISION, same_place
from service.ledger.rows import CHAMPION
from service.ledger.tables import alerts, explanations, scores, transactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from models.transaction import Transactions

Status = Literal["open", "fraud", "genuine"]
"""By the newest label that nothing supersedes: none yet, fraud, or genuine."""

truths = table("truths", column("transaction_id"), column("is_fraud"))


@dataclass(frozen=True, slots=True, eq=False)
class AlertPage:
    """Explained alerts, newest first. `is_fraud` is None while open; `cursor` is for the next."""

    alerts: ExplainedAlerts
    is_fraud: Sequence[bool | None]
    cursor: tuple[int, str] | None


@dataclass(frozen=True, slots=True, eq=False)
class AlertDetail:
    """One explained alert (n = 1) with its transaction and the features it was scored on."""

    alert: ExplainedAlerts
    is_fraud: bool | None
    transaction: Transactions
    features: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """A customer's transactions, newest first, with what was said of each.

    `log_odds` is NaN and `risk` -1 where there is no champion score; `alert_id` is None where
    there is no explained alert, `is_fraud` where there is no label.
    """

    transactions: Transactions
    log_odds: NDArray[np.float64]
    risk: NDArray[np.int16]
    flagged: NDArray[np.bool_]
    alert_id: NDArray[np.object_]
    is_fraud: NDArray[np.object_]


def page(
    connection: Connection,
    *,
    cursor: tuple[int, str] | None,
    limit: int,
    min_risk: int,
    status: Status | None,
) -> AlertPage:
    """Return one page of the queue; `cursor` is the last page's."""
    c = alerts.c
    query = (
        select(*DECISION, *EXPLAINED, truths.c.is_fraud)
        .select_from(explained().outerjoin(truths, truths.c.transaction_id == c.transaction_id))
        .where(c.risk >= min_risk)
        .order_by(c.created_ms.desc(), c.alert_id.desc())
        .limit(limit)
    )
    if cursor is not None:
        query = query.where(tuple_(c.created_ms, c.alert_id) < tuple_(*cursor))
    if status == "open":
        query = query.where(truths.c.is_fraud.is_(None))
    elif status is not None:
        query = query.where(truths.c.is_fraud == (status == "fraud"))
    found = connection.execute(query).all()
    shown = explained_of(found)
    more = len(found) == limit > 0
    return AlertPage(
        alerts=shown,
        is_fraud=[_truth(row[-1]) for row in found],
        cursor=(shown.created_ms[-1], shown.alert_id[-1]) if more else None,
    )


def one(connection: Connection, alert_id: str) -> AlertDetail | None:
    """Return an explained alert, None if there is none of this id."""
    own = (truths.c.is_fraud, transactions.c.features)
    found = connection.execute(
        select(*DECISION, *EXPLAINED, *own, *(transactions.c[n] for n in TRANSACTION_COLUMNS))
        .select_from(
            explained().outerjoin(truths, truths.c.transaction_id == transactions.c.transaction_id)
        )
        .where(alerts.c.alert_id == alert_id)
    ).first()
    if found is None:
        return None
    start = len(DECISION) + len(EXPLAINED)
    is_fraud, features = found[start : start + 2]
    return AlertDetail(
        alert=explained_of([found]),
        is_fraud=_truth(is_fraud),
        transaction=transactions_of([[value] for value in found[start + 2 :]]),
        features=None if features is None else blob_to_vector(features),
    )


def timeline(
    connection: Connection, customer_id: str, *, before_ms: int | None, limit: int
) -> Timeline:
    """Return the newest transactions of a customer that happened before `before_ms`."""
    c = transactions.c
    champion = and_(same_place(scores, transactions), scores.c.role == CHAMPION)
    raised = and_(same_place(alerts, transactions), alerts.c.customer_id == c.customer_id)
    own = (
        scores.c.log_odds,
        scores.c.risk,
        scores.c.flagged,
        explanations.c.alert_id,
        truths.c.is_fraud,
    )
    query = (
        select(*own, *(c[name] for name in TRANSACTION_COLUMNS))
        .select_from(
            transactions.outerjoin(scores, champion)
            .outerjoin(alerts, raised)
            .outerjoin(explanations, explanations.c.alert_id == alerts.c.alert_id)
            .outerjoin(truths, truths.c.transaction_id == c.transaction_id)
        )
        .where(c.customer_id == customer_id)
        .order_by(c.occurred_ms.desc(), c.sequence.desc())
        .limit(limit)
    )
    if before_ms is not None:
        query = query.where(c.occurred_ms < before_ms)
    found = connection.execute(query).all()
    values = list(zip(*found, strict=True)) or [()] * (len(own) + len(TRANSACTION_COLUMNS))
    log_odds, risk, flagged, alert_id, is_fraud = values[: len(own)]
    return Timeline(
        transactions=transactions_of(values[len(own) :]),
        log_odds=array_of(log_odds, np.float64, np.nan),
        risk=array_of(risk, np.int16, -1),
        flagged=array_of(flagged, np.bool_, 0),
        alert_id=objects(alert_id),
        is_fraud=objects([_truth(value) for value in is_fraud]),
    )


def _truth(value: int | bool | None) -> bool | None:  # noqa: FBT001 - SQLite has no booleans
    return None if value is None else bool(value)
