"""Payments drawn at random for review and not labelled yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, select, tuple_

from service.ledger.decisions import same_place
from service.ledger.rollup_tables import review_sample
from service.ledger.tables import labels, transactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row

DRAWN = ("transaction_id", "customer_id", "merchant_id", "occurred_ms", "amount_minor",
         "currency", "channel", "mcc", "country")  # fmt: skip


def unlabelled(
    connection: Connection, cursor: tuple[str, int, int] | None, limit: int
) -> Sequence[Row[Any]]:
    """Return drawn payments after a place, in order of place: `sampled_ms`, place and DRAWN."""
    r = review_sample.c
    place = (r.stream, r.partition, r.sequence)
    query = (
        select(*(transactions.c[name] for name in DRAWN), r.sampled_ms, *place)
        .select_from(review_sample.join(transactions, same_place(review_sample, transactions)))
        .where(~exists().where(labels.c.transaction_id == r.transaction_id))
        .order_by(*place)
        .limit(limit)
    )
    if cursor is not None:
        query = query.where(tuple_(*place) > tuple_(*cursor))
    found: Sequence[Any] = connection.execute(query).all()
    return found
