"""Histories from past transactions: into the ledger without any decision, snapshots beside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import insert, update

from models.errors import BadInput
from models.hashing import kafka_partition
from models.replay import learn, reached_hours
from models.seal import cutoff_ms
from service.errors import WarmUnfinished
from service.ledger import Commit, TransactionRows
from service.ledger.leases import WARMING, finish_warming
from service.ledger.tables import partitions as partitions_table
from service.ledger.tables import seals as seals_table
from service.pipeline.settle import settle
from service.snapshots import Snapshots

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from models.labels import Labels
    from models.replay import Learned
    from models.transaction import Transactions
    from service.ledger import Lease, Ledger
    from service.settings import Settings

CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Warmed:
    """What was warmed. `later_labels` were not known yet when the newest transaction happened."""

    transactions: int
    customers: int
    duplicates: int
    conflicts: int
    labels: int
    later_labels: int


def warm(
    ledger: Ledger,
    settings: Settings,
    transactions: Transactions,
    labels: Labels,
    *,
    stream: str,
    partitions: int,
    customer_keys: NDArray[np.object_] | None = None,
    owner: str,
    now_ms: int,
    progress: Callable[[int], None],
) -> Warmed:
    """Replay past transactions into a stream's partitions, as its worker would have.

    Each customer goes to the partition on which Kafka places their key: `customer_keys` where
    the topic is keyed by another text than the id that is stored. Raises BadInput where the
    stream has transactions already: histories are built in order.
    """
    before = ledger.progress([stream])
    for state in before:
        if state.identity == WARMING and state.next_sequence:
            raise WarmUnfinished(stream, state.partition)
    if any(state.next_sequence for state in before):
        raise BadInput(
            f"the ledger already has transactions of {stream}: warm an empty ledger, before the "
            "first worker runs"
        )
    order = np.argsort(transactions.occurred_ms, kind="stable")
    transactions = transactions.take(order)
    routed = transactions.customer_id if customer_keys is None else customer_keys[order]
    settled = settle(transactions, np.arange(len(transactions)), {})
    transactions = transactions.take(settled.new)
    content = settled.content_key[settled.new]
    newest = int(transactions.occurred_ms.max()) if len(transactions) else 0
    known = labels.known_ms <= newest
    usable = labels.take(known)
    partition = (
        kafka_partition(routed[settled.new], partitions)
        if partitions > 1
        else np.zeros(len(transactions), np.int32)
    )
    # The kernel runs without the interpreter lock: beside it, the rows go into the ledger.
    with ThreadPoolExecutor(max_workers=1) as beside:
        learning = beside.submit(
            learn,
            transactions,
            usable,
            partition,
            reporting_currency=settings.reporting_currency,
            progress=progress,
        )
        leases = {
            number: _recorded(
                ledger,
                ledger.acquire(stream, number, identity=WARMING, owner=owner),
                transactions,
                content,
                np.flatnonzero(partition == number),
                now_ms,
            )
            for number in range(partitions)
        }
        learned = learning.result()
    _keep_seals(ledger, usable, learned, owner, now_ms)
    _mark_volumes(ledger, transactions, partition, learned, stream)
    with ledger.begin() as connection:
        finish_warming(connection, stream)
    snapshots = Snapshots(ledger, settings.snapshots_url)
    for number, histories in learned.histories.items():
        snapshots.save(leases[number], histories)
    return Warmed(
        len(transactions),
        sum(one.customers for one in learned.histories.values()),
        settled.duplicates,
        len(settled.conflicts),
        len(usable),
        int((~known).sum()),
    )


def _recorded(
    ledger: Ledger,
    lease: Lease,
    transactions: Transactions,
    content: NDArray[np.uint64],
    rows: NDArray[np.int64],
    now_ms: int,
) -> Lease:
    """Record the given rows of a partition; return the lease after them."""
    for start in range(0, len(rows), CHUNK):
        chunk = transactions.take(rows[start : start + CHUNK])
        accepted = TransactionRows(
            chunk, content[rows[start : start + CHUNK]], np.zeros(len(chunk), bool), now_ms
        )
        commit = Commit(
            next_offset=lease.next_offset,
            counters={"warmed": len(chunk)},
            watermark_ms=int(chunk.occurred_ms.max()),
            transactions=accepted,
        )
        lease = ledger.commit(lease, commit)
    return lease


def _keep_seals(ledger: Ledger, labels: Labels, learned: Learned, owner: str, now_ms: int) -> None:
    with ledger.begin() as connection:
        if learned.seals:
            connection.execute(
                insert(seals_table),
                [
                    {
                        "hour": one.hour,
                        "complete": True,
                        "sealed_ms": now_ms,
                        "cutoff_ms": cutoff_ms(one.hour),
                        "owner": owner,
                        "entries": one.pack(),
                    }
                    for one in learned.seals
                ],
            )
    sealed = learned.label_hour.tolist()
    ledger.keep_labels(labels, [None if hour < 0 else hour for hour in sealed])


def _mark_volumes(
    ledger: Ledger,
    transactions: Transactions,
    partition: np.ndarray[tuple[int], np.dtype[np.int32]],
    learned: Learned,
    stream: str,
) -> None:
    """Note which rows the newest daily volumes hold: the live seals count on from there."""
    if learned.volume_hour is None:
        return
    by = np.argsort(partition, kind="stable")
    reached = np.empty(len(transactions), np.int64)
    reached[by] = reached_hours(transactions.occurred_ms[by], partition[by])
    c = partitions_table.c
    with ledger.begin() as connection:
        for number in np.unique(partition):
            counted = int(((partition == number) & (reached < learned.volume_hour)).sum())
            connection.execute(
                update(partitions_table)
                .where(c.stream == stream, c.partition == int(number))
                .values(sealed_sequence=counted)
            )
