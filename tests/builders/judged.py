"""Payments with truth as evaluations judge them, without a file or a replay."""

import numpy as np

from training.evaluation.material import NEVER_MS, Payments
from training.windows import DAY_MS


def judged_payments(seed: int, *, rows: int = 3_000, days: int = 40) -> Payments:
    """Return payments of so many days, a tenth fraud of two kinds, known after a week."""
    rng = np.random.default_rng(seed)
    fraud = rng.random(rows) < 0.1
    occurred = np.sort(rng.integers(0, days * DAY_MS, rows))
    kinds = np.array(["", "odd", "even"])
    return Payments(
        fraud=fraud,
        customers=rng.integers(-5, 200, rows),
        merchants=rng.integers(-2, 30, rows),
        occurred_ms=occurred,
        known_ms=np.where(fraud, occurred + 7 * DAY_MS, NEVER_MS),
        amount=rng.gamma(2, 50, rows),
        kind=kinds[np.where(fraud, rng.integers(1, 3, rows), 0)],
    )
