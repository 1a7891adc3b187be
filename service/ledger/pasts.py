"""What customers did before some of their payments: the rows a kernel would have read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import select

from models.transaction import AUTHORISATION, VERIFICATION
from models.whatif.search import Past
from service.ledger import bulk
from service.ledger.columns import transactions_of
from service.ledger.tables import transactions

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.ledger.decisions import Decisions

READ_BY_KERNEL = (
    *("customer_id", "merchant_id", "occurred_ms", "utc_offset_min", "reporting_minor", "type"),
    *("channel", "mcc", "country", "ip_country", "currency", "device_id", "latitude", "longitude"),
    "authenticated",
)
MOST_ROWS = 200_000
"""Of all customers asked for together; of what is cut off the rehearsal says it is not known."""


def before(connection: Connection, of: Decisions) -> Past:
    """Return what the customers of these payments did before each, in stream order."""
    c = transactions.c
    customers = sorted({one for one in of.customer_id.tolist() if one is not None})
    place = ("stream", "partition", "sequence")
    query = (
        select(*(c[name] for name in (*place, *READ_BY_KERNEL)))
        .where(
            bulk.among(connection, c.customer_id, customers),
            c.type.in_((AUTHORISATION, VERIFICATION)),
        )
        .order_by(c.customer_id, c.stream, c.partition, c.sequence)
        .limit(MOST_ROWS)
    )
    found = bulk.fetch(connection, query) if customers else []
    values = list(zip(*found, strict=True)) or [()] * (len(place) + len(READ_BY_KERNEL))
    rows = transactions_of(values[len(place) :], READ_BY_KERNEL)
    owner = list(zip(rows.customer_id.tolist(), *values[:2], strict=True))
    sequence = np.array(values[2], np.int64)
    starts: dict[tuple[str, str, int], int] = {}
    ends: dict[tuple[str, str, int], int] = {}
    for at, key in enumerate(owner):
        starts.setdefault(key, at)
        ends[key] = at + 1
    parts, payment = [], []
    for row in range(len(of)):
        key = (of.customer_id[row], of.stream[row], int(of.partition[row]))
        start, end = starts.get(key, 0), ends.get(key, 0)
        until = start + int(np.searchsorted(sequence[start:end], of.sequence[row]))
        parts.append(np.arange(start, until))
        payment.append(np.full(until - start, row))
    none = np.zeros(0, np.int64)
    return Past(rows.take(np.concatenate([*parts, none])), np.concatenate([*payment, none]))
