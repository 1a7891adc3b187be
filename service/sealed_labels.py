"""Which labels a seal takes in, and what the ledger knows of their payments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, case, func, select

from models.hashing import keys
from models.ordinary import OLDEST_MS, RECENT_MS, ordinary
from models.seal import LabelledPayments, cutoff_ms
from models.transaction import AUTHORISATION
from service.ledger.bulk import among
from service.ledger.tables import labels, transactions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection


def labels_due(connection: Connection, hour: int) -> tuple[list[str], LabelledPayments]:
    """Return the labels this seal takes in, and them with the older ones of their payments."""
    l, t = labels.c, transactions.c  # noqa: E741 - l for labels, beside t for transactions
    due = (
        select(l.transaction_id)
        .join(transactions, t.transaction_id == l.transaction_id)
        .where(l.sealed_hour.is_(None), l.known_ms <= cutoff_ms(hour))
    )
    concerned = connection.execute(due).scalars().all()
    if not concerned:
        return [], _joined([], {}, hour)
    rows = connection.execute(
        select(
            l.label_id,
            l.transaction_id,
            l.is_fraud,
            l.known_ms,
            l.sealed_hour,
            t.merchant_id,
            t.occurred_ms,
        )
        .join(transactions, t.transaction_id == l.transaction_id)
        .where(
            among(connection, l.transaction_id, sorted(set(concerned))),
            l.known_ms <= cutoff_ms(hour),
        )
    ).all()
    fresh = [row.label_id for row in rows if row.sealed_hour is None]
    rows = [row for row in rows if row.merchant_id is not None]
    frauds = sorted({row.transaction_id for row in rows if row.is_fraud})
    return fresh, _joined(rows, _ordinary(connection, frauds), hour)


def _ordinary(connection: Connection, payments: Sequence[str]) -> Mapping[str, bool]:
    """Return whether payments are ordinary, by id, as far as their customers have a past."""
    if not payments:
        return {}
    one, before = transactions.alias("one"), transactions.alias("before")
    earlier = and_(
        before.c.customer_id == one.c.customer_id,
        before.c.occurred_ms >= one.c.occurred_ms - OLDEST_MS,
        before.c.stream == one.c.stream,
        before.c.partition == one.c.partition,
        before.c.sequence < one.c.sequence,
        before.c.type == AUTHORISATION,
        before.c.reporting_minor.is_not(None),
    )
    amount = before.c.reporting_minor
    recent = before.c.occurred_ms > one.c.occurred_ms - RECENT_MS
    found = connection.execute(
        select(
            one.c.transaction_id,
            func.coalesce(one.c.reporting_minor, -1),
            func.sum(case((recent, 0), else_=1)),
            func.sum(case((recent, 0), else_=amount)),
            func.max(case((recent, amount), else_=0)),
        )
        .select_from(one.join(before, earlier))
        .where(among(connection, one.c.transaction_id, payments))
        .group_by(one.c.transaction_id, one.c.reporting_minor)
    ).all()
    ids = [row[0] for row in found]
    numbers = np.array([[int(value) for value in row[1:]] for row in found], np.int64)
    return dict(zip(ids, ordinary(*numbers.reshape(-1, 4).T).tolist(), strict=True))


def _joined(rows: Sequence[Any], plain: Mapping[str, bool], hour: int) -> LabelledPayments:
    payment = {row.transaction_id: number for number, row in enumerate(rows)}
    order = {label: number for number, label in enumerate(sorted(row.label_id for row in rows))}
    return LabelledPayments(
        payment=np.array([payment[row.transaction_id] for row in rows], np.int64),
        merchant=keys([row.merchant_id for row in rows]) if rows else np.empty(0, np.uint64),
        occurred_s=np.array([row.occurred_ms // 1000 for row in rows], np.int64),
        hour=np.array(
            [hour if row.sealed_hour is None else row.sealed_hour for row in rows], np.int64
        ),
        known_ms=np.array([row.known_ms for row in rows], np.int64),
        order=np.array([order[row.label_id] for row in rows], np.int64),
        is_fraud=np.array([bool(row.is_fraud) for row in rows], bool),
        ordinary=np.array([plain.get(row.transaction_id, True) for row in rows], bool),
    )
