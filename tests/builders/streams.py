"""Streams of payments for tests of the kernel: by hand, and at random."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.labels import Labels
from models.transaction import AUTHORISATION, VERIFICATION, Transactions, empty, text

START_S = 1_750_000_000
DAY_S = 86_400


def payments(occurred_s: Sequence[int] | NDArray[Any], **columns: Any) -> Transactions:
    """Return payments of 10 EUR by one customer at one merchant, with any column otherwise."""
    n = len(occurred_s)
    amount = np.full(n, 1_000, np.int64)
    given: dict[str, Any] = empty(n) | {
        "transaction_id": text([f"t{row}" for row in range(n)]),
        "customer_id": text(["customer"] * n),
        "merchant_id": text(["merchant"] * n),
        "occurred_ms": np.asarray(occurred_s, np.int64) * 1000,
        "amount_minor": amount,
        "reporting_minor": amount,
        "currency": text(["EUR"] * n),
    }
    given |= {
        name: text(value) if isinstance(value, list) and isinstance(value[0], str) else value
        for name, value in columns.items()
    }
    if "amount_minor" in columns and "reporting_minor" not in columns:
        given["reporting_minor"] = columns["amount_minor"]
    return Transactions(**given)


def random_stream(
    seed: int, n: int = 300, customers: int = 5, merchants: int = 8, days: float = 60
) -> Transactions:
    """Return payments in nearly the order of time, with bursts, gaps, repeats and late ones."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(days * DAY_S / n, n) * rng.choice([0, 0.02, 1, 2.5], n)
    occurred_s = START_S + np.cumsum(gaps).astype(np.int64)
    occurred_s -= np.where(rng.random(n) < 0.08, rng.integers(0, 3 * DAY_S, n), 0)
    amount = np.round(rng.lognormal(7, 1.5, n)).astype(np.int64)
    kind = np.where(rng.random(n) < 0.15, VERIFICATION, AUTHORISATION).astype(np.int8)
    maybe = np.array([None, "FR", "DE", "GB"], object)
    located = rng.random(n) < 0.5
    return payments(
        occurred_s,
        customer_id=text([f"c{number}" for number in rng.integers(0, customers, n)]),
        merchant_id=text([f"m{number}" for number in rng.integers(0, merchants, n)]),
        amount_minor=amount,
        reporting_minor=np.where(rng.random(n) < 0.1, -1, amount),
        type=kind,
        utc_offset_min=rng.choice([-32768, 0, 120, -330], n).astype(np.int16),
        channel=rng.integers(-1, 5, n).astype(np.int8),
        mcc=rng.choice([-1, 5411, 5812, 742, 6011], n).astype(np.int16),
        country=rng.choice(maybe, n),
        ip_country=rng.choice(maybe, n),
        device_id=rng.choice(np.array([None, "d1", "d2", "d3"], object), n),
        latitude=np.where(located, rng.uniform(-60, 60, n), np.nan),
        longitude=np.where(located, rng.uniform(-170, 170, n), np.nan),
        authenticated=rng.integers(-1, 2, n).astype(np.int8),
    )


def labels(
    transaction_id: Sequence[str],
    known_s: Sequence[int] | NDArray[Any],
    is_fraud: Sequence[bool] | NDArray[Any] | None = None,
    labelled_s: Sequence[int] | None = None,
) -> Labels:
    """Return chargebacks on payments, numbered in the order given."""
    n = len(transaction_id)
    known_ms = np.asarray(known_s, np.int64) * 1000
    return Labels(
        label_id=text([f"label-{row:05}" for row in range(n)]),
        transaction_id=text(transaction_id),
        is_fraud=np.ones(n, bool) if is_fraud is None else np.asarray(is_fraud, bool),
        source=text(["chargeback"] * n),
        fraud_type=np.full(n, None, object),
        labelled_ms=known_ms if labelled_s is None else np.asarray(labelled_s, np.int64) * 1000,
        known_ms=known_ms,
        supersedes=np.full(n, None, object),
    )


def random_labels(seed: int, rows: Transactions, share: float = 0.3) -> Labels:
    """Return labels on a share of the payments, some withdrawn and some confirmed later."""
    rng = np.random.default_rng(seed)
    marked = np.flatnonzero(rng.random(len(rows)) < share)
    marked = np.concatenate([marked, rng.choice(marked, len(marked) // 3)])
    delay = rng.exponential(4 * DAY_S, len(marked)).astype(np.int64)
    return labels(
        rows.transaction_id[marked].tolist(),
        rows.occurred_ms[marked] // 1000 + delay,
        rng.random(len(marked)) < 0.7,
    )
