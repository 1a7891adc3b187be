"""Reading transactions back: which are known, and all of a partition in the order applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from service.ledger import bulk
from service.ledger.columns import TRANSACTION_COLUMNS, transactions_of
from service.ledger.tables import transactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from models.transaction import Transactions


def existing(connection: Connection, transaction_ids: Sequence[str]) -> dict[str, int]:
    """Return the content key of each id that is known, a signed 64-bit integer."""
    c = transactions.c
    query = select(c.transaction_id, c.content_key).where(
        bulk.among(connection, c.transaction_id, transaction_ids)
    )
    return {row[0]: row[1] for row in bulk.fetch(connection, query)}


def rows_from(
    connection: Connection, stream: str, partition: int, sequence: int, limit: int
) -> Transactions:
    """Return up to `limit` transactions from `sequence` on, in sequence order."""
    c = transactions.c
    found = bulk.fetch(
        connection,
        select(*(c[name] for name in TRANSACTION_COLUMNS))
        .where(c.stream == stream, c.partition == partition, c.sequence >= sequence)
        .order_by(c.sequence)
        .limit(limit),
    )
    return transactions_of(list(zip(*found, strict=True)) or [()] * len(TRANSACTION_COLUMNS))
