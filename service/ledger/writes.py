"""Writing one batch: all of its rows, its counters and its offset, in one transaction."""

from __future__ import annotations

from collections import Counter
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from service.errors import AccountingBroken
from service.ledger import bulk, days, leases, legacy, rollups, summing, truth
from service.ledger.columns import (
    TRANSACTION_COLUMNS,
    label_values,
    numbers,
    transaction_values,
    vectors_to_blobs,
)
from service.ledger.rollup_tables import review_sample
from service.ledger.tables import COUNTERS, alerts, dead_letters, scores, transactions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from service.ledger.rows import (
        AlertRows,
        Commit,
        DeadLetterRows,
        Lease,
        SampleRows,
        ScoreRows,
        TransactionRows,
    )


def commit(connection: Connection, lease: Lease, batch: Commit, now_ms: int) -> Lease:
    """Write `batch` unless it is written already; return the lease after it.

    Raises OwnershipLost, AccountingBroken, or one of bulk.VIOLATIONS; the caller rolls back.
    """
    if leases.is_written(connection, lease, batch):
        return lease.after(batch)
    counters = Counter(batch.counters)
    if batch.transactions is not None:
        _transactions(connection, lease, batch.transactions)
        for score_rows in batch.scores:
            _scores(connection, lease, score_rows)
        if batch.alerts is not None:
            _alerts(connection, lease, batch.transactions, batch.alerts)
        if batch.sample is not None:
            _sample(connection, lease, batch.transactions, batch.sample)
    if batch.dead_letters is not None:
        _dead_letters(connection, lease, batch.dead_letters)
    from_topic = batch.legacy is not None and batch.legacy.source == legacy.TOPIC
    rollups.fence(connection, alone=from_topic or batch.labels is not None)
    recorded = None
    if batch.legacy is not None:
        recorded = legacy.record(connection, batch.legacy)
        if from_topic:
            _count(counters, recorded.kept, len(batch.legacy))
    truths: dict[str, int] = {}
    if batch.labels is not None:
        columns = label_values(batch.labels.labels, lease.partition)
        kept, truths = truth.record(connection, columns | {"offset": batch.labels.offset})
        _count(counters, kept, len(batch.labels))
    summing.add(connection, lease, batch, recorded, truths)
    _check(lease, counters)
    days.count(connection, lease, batch, counters, now_ms)
    return leases.advance(connection, lease, batch, counters, now_ms)


def _count(counters: Counter[str], kept: int, received: int) -> None:
    counters["consumed"] += received
    counters["kept"] += kept
    counters["duplicates"] += received - kept


def _check(lease: Lease, counters: Mapping[str, int]) -> None:
    unknown = set(counters) - set(COUNTERS)
    explained = sum(counters[name] for name in days.BECAME)
    if unknown or counters["consumed"] != explained:
        raise AccountingBroken(lease.stream, lease.partition, counters)


def _transactions(connection: Connection, lease: Lease, rows: TransactionRows) -> None:
    n = len(rows)
    columns: bulk.Columns = {
        "stream": repeat(lease.stream, n),
        "partition": repeat(lease.partition, n),
        "sequence": range(lease.next_sequence, lease.next_sequence + n),
        "source_epoch": repeat(lease.source_epoch, n),
        "offset": rows.offset,
        "content_key": rows.content_key.view(np.int64).tolist(),
        **dict(zip(TRANSACTION_COLUMNS, transaction_values(rows.transactions), strict=True)),
        "late": rows.late,
        "ingested_ms": repeat(rows.ingested_ms, n),
        "features": None if rows.features is None else vectors_to_blobs(rows.features),
        "history_days": None if rows.history_days is None else numbers(rows.history_days, -1),
        "declared_groups": None if rows.groups is None else list(rows.groups),
    }
    bulk.append(connection, transactions, columns)


def _scores(connection: Connection, lease: Lease, rows: ScoreRows) -> None:
    n = len(rows.row)
    reasons = [None] * n if rows.reason is None else list(rows.reason)
    columns: bulk.Columns = {
        "stream": repeat(lease.stream, n),
        "partition": repeat(lease.partition, n),
        "sequence": (rows.row.astype(np.int64) + lease.next_sequence).tolist(),
        "bundle_id": repeat(rows.bundle_id, n),
        "role": repeat(rows.role, n),
        "status": ["scored" if reason is None else "unscored" for reason in reasons],
        "reason": reasons,
        "log_odds": numbers(rows.log_odds),
        "anomaly": numbers(rows.anomaly),
        "risk": numbers(rows.risk, -1),
        "flagged": rows.flagged,
        "threshold": rows.threshold,
        "legacy_known": rows.legacy_known,
        "scored_ms": repeat(rows.scored_ms, n),
    }
    bulk.append(connection, scores, columns)


def _alerts(connection: Connection, lease: Lease, of: TransactionRows, rows: AlertRows) -> None:
    n = len(rows.row)
    columns: bulk.Columns = {
        "alert_id": list(rows.alert_id),
        "transaction_id": of.transactions.transaction_id[rows.row].tolist(),
        "bundle_id": repeat(rows.bundle_id, n),
        "stream": repeat(lease.stream, n),
        "partition": repeat(lease.partition, n),
        "sequence": (rows.row.astype(np.int64) + lease.next_sequence).tolist(),
        "customer_id": of.transactions.customer_id[rows.row].tolist(),
        "risk": rows.risk.tolist(),
        "log_odds": rows.log_odds.tolist(),
        "created_ms": repeat(rows.created_ms, n),
        "pending": np.ones(n, np.bool_),
    }
    bulk.append(connection, alerts, columns)


def _sample(connection: Connection, lease: Lease, of: TransactionRows, rows: SampleRows) -> None:
    n = len(rows.row)
    columns: bulk.Columns = {
        "stream": repeat(lease.stream, n),
        "partition": repeat(lease.partition, n),
        "sequence": (rows.row.astype(np.int64) + lease.next_sequence).tolist(),
        "transaction_id": of.transactions.transaction_id[rows.row].tolist(),
        "rate": repeat(rows.rate, n),
        "sampled_ms": repeat(of.ingested_ms, n),
    }
    bulk.append(connection, review_sample, columns)


def _dead_letters(connection: Connection, lease: Lease, rows: DeadLetterRows) -> None:
    n = len(rows.reason)
    columns: bulk.Columns = {
        "stream": repeat(lease.stream, n),
        "partition": repeat(lease.partition, n),
        "source_epoch": repeat(lease.source_epoch, n),
        "offset": rows.offset,
        "reason": list(rows.reason),
        "error": [_storable(error) for error in rows.error],
        "payload": list(rows.payload),
        "key": list(rows.key),
        "received_ms": repeat(rows.received_ms, n),
    }
    bulk.append_new(connection, dead_letters, columns)


def _storable(message: str) -> str:
    # What is wrong with a record may be quoted in its error: PostgreSQL refuses NUL in text,
    # both refuse lone surrogates, and a dead letter must never fail to be kept.
    return message.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
