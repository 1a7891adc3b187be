"""A shadow period on a ledger, made by dice: payments, legacy, scores of bundles, and truth.

No model runs: a bundle's log-odds are drawn about how well it is said to tell fraud, so that a
test knows beforehand which of two bundles is better and whether either beats legacy.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from builders.ledger_rows import own, score_rows, transactions

from models.labels import Labels
from models.transaction import LEGACY_DECISIONS, text
from service.ledger import (
    CHALLENGER,
    CHAMPION,
    Commit,
    LabelRows,
    Ledger,
    LegacyRows,
    SampleRows,
    TransactionRows,
)

DAY_MS = 86_400_000
BEGIN_MS = 1_775_000_000_000
"""The period begins on 2026-04-01 (UTC), well before the time on tests' clocks."""
FRAUD_SHARE = 0.04
WIDTH = 4


def write_period(
    ledger: Ledger,
    skill: Mapping[str, float],
    *,
    days: int = 42,
    a_day: int = 200,
    legacy_detects: float = 0.5,
    legacy_says: str = "review",
    ruleset: str = "rules@1",
    partition: int = 0,
    stream: str = "past",
    seed: int = 7,
    width: int = WIDTH,
    known_ms: int | None = None,
    sample_every: int | None = None,
    fraud_share: float = FRAUD_SHARE,
    flagged_from: float = 2.0,
) -> None:
    """Write a period in which each bundle of `skill` scored every payment.

    Skill is how many log-odds frauds lie above genuine payments on average (the spread is 1). The
    first bundle is champion. Legacy reviews (or what it `legacy_says`) `legacy_detects` of the
    frauds and 2 % of the rest; frauds are labelled, by chargebacks, a day later. Every so many are
    drawn for review.
    """
    rng = np.random.default_rng(seed)
    n = days * a_day
    ids = [f"{stream}-{partition}-{row}" for row in range(n)]
    occurred = BEGIN_MS + np.sort(rng.integers(0, days * DAY_MS, n))
    fraud = rng.random(n) < fraud_share
    review = rng.random(n) < np.where(fraud, legacy_detects, 0.02)
    lease = own(ledger, partition, stream)
    rows = TransactionRows(
        transactions=transactions(
            ids,
            occurred_ms=occurred,
            customer_id=text([f"c{number}" for number in rng.integers(0, n // 2, n)]),
            reporting_minor=rng.integers(500, 50_000, n),
            channel=rng.integers(0, 2, n).astype(np.int8),
        ),
        content_key=np.arange(n, dtype=np.int64),
        late=np.zeros(n, bool),
        ingested_ms=BEGIN_MS,
        features=rng.normal(size=(n, width)).astype(np.float32),
    )
    scores = [
        _scores(
            name, CHAMPION if at == 0 else CHALLENGER, rng.normal(fraud * lift), n, flagged_from
        )
        for at, (name, lift) in enumerate(skill.items())
    ]
    legacy = LegacyRows(
        transaction_id=ids,
        source="builtin",
        decision=np.where(review, LEGACY_DECISIONS.index(legacy_says), 0).astype(np.int8),
        score=np.full(n, np.nan),
        rules=[()] * n,
        ruleset_version=[ruleset] * n,
        decided_ms=occurred,
        received_ms=BEGIN_MS,
    )
    lease = ledger.commit(
        lease,
        Commit(
            next_offset=n,
            counters={"consumed": n, "scored": n},
            watermark_ms=int(occurred[-1]),
            transactions=rows,
            scores=scores,
            legacy=legacy,
            sample=None
            if sample_every is None
            else SampleRows(np.arange(0, n, sample_every), 1 / sample_every),
        ),
    )
    ledger.set_idle(lease, True)
    _label(ledger, [ids[row] for row in np.flatnonzero(fraud)], known_ms or BEGIN_MS + DAY_MS)


def _scores(name: str, role: str, log_odds: Any, n: int, flagged_from: float) -> Any:
    flagged = log_odds >= flagged_from
    return score_rows(
        n,
        bundle_id=name,
        role=role,
        log_odds=log_odds.astype(np.float32),
        risk=np.clip(log_odds * 100 + 500, 0, 999).astype(np.int16),
        flagged=flagged,
        legacy_known=np.ones(n, bool),
    )


def _label(ledger: Ledger, frauds: list[str], known_ms: int) -> None:
    n = len(frauds)
    lease = own(ledger, 0, "past-labels")
    found = Labels(
        label_id=text([f"l-{one}" for one in frauds]),
        transaction_id=text(frauds),
        is_fraud=np.ones(n, bool),
        source=text(["chargeback"] * n),
        fraud_type=text(["third_party"] * n),
        labelled_ms=np.full(n, known_ms, np.int64),
        known_ms=np.full(n, known_ms, np.int64),
        supersedes=text([None] * n),
    )
    marked = Commit(
        next_offset=lease.next_offset + n,
        labels=LabelRows(found, np.arange(n, dtype=np.int64)),
        watermark_ms=known_ms,
    )
    ledger.set_idle(ledger.commit(lease, marked), True)
