"""How much longer a payment took while Penumbra was disturbed, with an interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 1_000
LEVEL = 0.95
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """Median of the disturbed minus median of the others, with its interval; milliseconds."""

    difference_ms: float
    low_ms: float
    high_ms: float


def difference(
    disturbed: NDArray[np.float64], others: NDArray[np.float64], rng: np.random.Generator
) -> Difference | None:
    """Return the difference of two medians and its 95 % percentile bootstrap interval.

    Both samples are drawn anew, each by itself (Efron and Tibshirani, An Introduction to the
    Bootstrap, chapter 8). None where a sample has fewer than five payments.
    """
    if min(len(disturbed), len(others)) < FEWEST:
        return None
    draws = _medians(disturbed, rng) - _medians(others, rng)
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    found = float(np.median(disturbed) - np.median(others))
    return Difference(found, float(low), float(high))


def _medians(sample: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    chosen = rng.integers(0, len(sample), (RESAMPLES, len(sample)))
    medians: NDArray[np.float64] = np.median(sample[chosen], axis=1)
    return medians
