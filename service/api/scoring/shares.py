"""A request's records, shared out over the virtual partitions of their customers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from models.hashing import kafka_partition

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.pipeline.arrivals import Arrivals


def shared_out(batch: Arrivals, partitions: int) -> dict[int, Arrivals]:
    """Return each partition's records, in the request's order.

    A customer's records all go to the partition on which Kafka would place the customer.
    Refused records have no customer that can be trusted: they go with the first share. An id
    that comes twice goes where it came first: whatever customer it names there, the first is
    the one that counts.
    """
    rows = kafka_partition(batch.transactions.customer_id, partitions)
    _follow_first(rows, batch.transactions.transaction_id.tolist())
    involved = np.unique(rows).tolist() or [0]
    where = np.full(len(batch), involved[0], np.int64)
    where[batch.record] = rows
    shares = {}
    for number in involved:
        first = number == involved[0]
        part = _part(batch, np.flatnonzero(where == number))
        shares[number] = part if first else replace(part, unknown_fields=0, exempted=0)
    return shares


def _follow_first(rows: NDArray[np.int32], ids: list[str]) -> None:
    if len(set(ids)) == len(ids):
        return
    first: dict[str, int] = {}
    for row, transaction_id in enumerate(ids):
        rows[row] = rows[first.setdefault(transaction_id, row)]


def _part(batch: Arrivals, records: NDArray[np.int64]) -> Arrivals:
    place = np.full(len(batch), -1, np.int64)
    place[records] = np.arange(len(records))
    rows = np.flatnonzero(place[batch.record] >= 0)
    return replace(
        batch,
        transactions=batch.transactions.take(rows),
        record=place[batch.record[rows]],
        rejections=tuple(
            replace(refused, record=int(place[refused.record]))
            for refused in batch.rejections
            if place[refused.record] >= 0
        ),
        values=[batch.values[at] for at in records],
        keys=[batch.keys[at] for at in records],
    )
