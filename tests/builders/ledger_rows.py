"""Small batches for tests of the ledger."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.labels import Labels
from models.transaction import Transactions, empty, text
from service.ledger import (
    CHAMPION,
    AlertRows,
    Commit,
    DeadLetterRows,
    LabelRows,
    Lease,
    Ledger,
    LegacyRows,
    ScoreRows,
    TransactionRows,
)

BUNDLE = "demo-0123456789ab"
START_MS = 1_785_000_000_000
TOPIC = "transactions"


def own(ledger: Ledger, partition: int = 0, stream: str = TOPIC, identity: str = "a") -> Lease:
    """Acquire a partition."""
    return ledger.acquire(stream, partition, identity=identity, owner="worker-1")


def transactions(ids: Sequence[str], **columns: Any) -> Transactions:
    """Return transactions of these ids, one a minute, with any column given otherwise."""
    n = len(ids)
    given = empty(n) | {
        "transaction_id": text(ids),
        "customer_id": text([f"customer-{i % 3}" for i in range(n)]),
        "merchant_id": text(["merchant-1"] * n),
        "occurred_ms": START_MS + 60_000 * np.arange(n, dtype=np.int64),
        "amount_minor": 100 + np.arange(n, dtype=np.int64),
        "currency": text(["EUR"] * n),
    }
    return Transactions(**(given | columns))


def transaction_rows(ids: Sequence[str], **columns: Any) -> TransactionRows:
    """Return rows of these transactions, with features of four columns."""
    n = len(ids)
    return TransactionRows(
        transactions=transactions(ids, **columns),
        content_key=np.arange(n, dtype=np.int64) - 1,
        late=np.zeros(n, bool),
        ingested_ms=START_MS,
        offset=np.arange(n, dtype=np.int64),
        features=np.arange(4 * n, dtype=np.float32).reshape(n, 4) / np.float32(3),
    )


def score_rows(n: int, flagged: Sequence[int] = (), **changed: Any) -> ScoreRows:
    """Return champion scores of a batch of n, with those rows flagged."""
    marks = np.zeros(n, bool)
    marks[list(flagged)] = True
    given: dict[str, Any] = {
        "row": np.arange(n),
        "bundle_id": BUNDLE,
        "role": CHAMPION,
        "threshold": np.full(n, 2.0, np.float32),
        "log_odds": np.where(marks, 3.5, -4.25).astype(np.float32),
        "anomaly": np.full(n, 0.5, np.float32),
        "risk": np.where(marks, 900 + np.arange(n), 10).astype(np.int16),
        "flagged": marks,
        "legacy_known": np.zeros(n, bool),
        "scored_ms": START_MS,
    }
    return ScoreRows(**(given | changed))


def alert_rows(ids: Sequence[str], flagged: Sequence[int]) -> AlertRows:
    """Return an alert for each flagged row."""
    rows = np.array(flagged, dtype=np.int64)
    return AlertRows(
        row=rows,
        alert_id=[f"alert-{ids[row]}" for row in flagged],
        bundle_id=BUNDLE,
        risk=900 + rows,
        log_odds=np.full(len(rows), 3.5),
        created_ms=START_MS,
    )


def scored(
    ids: Sequence[str], *, next_offset: int, flagged: Sequence[int] = (), **parts: Any
) -> Commit:
    """Return a batch of scored transactions, an alert for each flagged one."""
    n = len(ids)
    given: dict[str, Any] = {
        "next_offset": next_offset,
        "counters": {"consumed": n, "scored": n},
        "transactions": transaction_rows(ids),
        "scores": [score_rows(n, flagged)],
        "alerts": alert_rows(ids, flagged) if flagged else None,
    }
    return Commit(**(given | parts))


def legacy_rows(ids: Sequence[str], decision: int = 3, source: str = "topic") -> LegacyRows:
    """Return the same legacy decision for each transaction."""
    n = len(ids)
    return LegacyRows(
        transaction_id=list(ids),
        source=source,
        decision=np.full(n, decision, np.int8),
        score=np.full(n, np.nan),
        rules=[("amount_high", "night")] * n,
        ruleset_version=["v7"] * n,
        decided_ms=np.full(n, START_MS - 5, np.int64),
        received_ms=START_MS,
    )


def labels(
    ids: Sequence[str],
    of: Sequence[str],
    *,
    is_fraud: bool,
    known_ms: int = START_MS,
    supersedes: str | None = None,
) -> LabelRows:
    """Return labels of these ids for these transactions."""
    n = len(ids)
    return LabelRows(
        Labels(
            label_id=text(ids),
            transaction_id=text(of),
            is_fraud=np.full(n, is_fraud),
            source=text(["chargeback"] * n),
            fraud_type=text(["third_party" if is_fraud else None] * n),
            labelled_ms=np.full(n, known_ms - 1000, np.int64),
            known_ms=np.full(n, known_ms, np.int64),
            supersedes=text([supersedes] * n),
        ),
        offset=np.arange(n, dtype=np.int64),
    )


def dead_letter_rows(offsets: Sequence[int], error: str = "not JSON") -> DeadLetterRows:
    """Return a dead letter for each offset."""
    n = len(offsets)
    return DeadLetterRows(
        reason=["malformed"] * n,
        error=[error] * n,
        payload=[b"\xff{\x00"] * n,
        key=[None] * n,
        received_ms=START_MS,
        offset=np.array(offsets, dtype=np.int64),
    )
