"""Paired rows for tests of comparisons: small ones by hand, larger ones drawn."""

import numpy as np
from numpy.typing import NDArray

from models.comparison.paired import Paired, paired

HOUR = 3_600_000


def by_hand(*rows: tuple[str, int, int, int, int]) -> Paired:
    """Return rows of (customer, legacy, flagged, truth, amount), an hour apart."""
    customers, legacy, flagged, truth, amount = zip(*rows, strict=True)
    return paired(
        occurred_ms=HOUR * np.arange(len(rows)),
        customer=np.unique(customers, return_inverse=True)[1].astype(np.int64),
        amount=np.array(amount),
        legacy=np.array(legacy),
        flagged=np.array(flagged, bool),
        truth=np.array(truth),
    )


def drawn(
    rng: np.random.Generator, n: int = 2000, customers: int = 300, *, shadow: float = 0.7
) -> Paired:
    """Return rows with a fraud in ten; the shadow finds a share, legacy half of them."""
    fraud = rng.uniform(size=n) < 0.1
    score = rng.normal(size=n) + np.where(fraud, 3, 0)

    def flagged(share: float) -> NDArray[np.bool_]:
        return np.where(fraud, rng.uniform(size=n) < share, rng.uniform(size=n) < 0.02)

    return paired(
        occurred_ms=np.sort(rng.integers(0, 60 * 24, n)) * HOUR,
        customer=rng.integers(0, customers, n),
        amount=rng.integers(100, 50_000, n),
        legacy=flagged(0.5),
        flagged=flagged(shadow),
        truth=fraud,
        log_odds=score,
    )
