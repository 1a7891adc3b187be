"""Whether genuine payments of one segment are flagged more often than those of all others.

The ratio of two false positive rates, and an interval that holds for all segments looked at
together: among twenty segments one in twenty would look different by chance alone.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.resampling import LEVEL, by_customer, quantile

LEAST_EXPECTED = 5.0
LEAST_CUSTOMERS = 20
_HALF = 0.5

Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Disparity:
    """False positive rate inside a segment over that of all other payments.

    `low` and `high` hold for all segments together at 95 % (Bonferroni). `beyond_chance` when
    they exclude 1.
    """

    ratio: float
    low: float
    high: float

    @property
    def beyond_chance(self) -> bool:
        """Whether the whole interval lies on one side of 1."""
        return self.low > 1 or self.high < 1


@dataclass(frozen=True)
class Comparison:
    """The logarithm of a ratio of rates, its standard error and degrees of freedom."""

    log_ratio: float
    error: float
    freedom: int

    def disparity(self, comparisons: int) -> Disparity:
        """Return the ratio with an interval that allows for so many comparisons."""
        reach = quantile(self.freedom, (1 - LEVEL) / comparisons) * self.error
        return Disparity(*(float(np.exp(self.log_ratio + side)) for side in (0, -reach, reach)))


def compare_rates(
    inside: Truth, flagged: Truth, fraud: Truth, customers: npt.NDArray[np.int64]
) -> Comparison | None:
    """Compare false positive rates inside and outside a segment; None when too little is there.

    Enough is: at equal rates five false positives expected on either side (Cochran 1954), and
    genuine payments of twenty customers. Half a false positive is added to either side, so that
    none is not infinitely few (Walter 1975). A customer's payments on both sides vary together:
    the error is that of the difference of both rates over customers, and never less than were
    all payments independent.
    """
    genuine = ~fraud
    sides = [genuine & inside, genuine & ~inside]
    rate = flagged[genuine].mean() if genuine.any() else 0.0
    groups = [len(np.unique(customers[side])) for side in sides]
    rows = [int(side.sum()) for side in sides]
    if rate * min(rows) < LEAST_EXPECTED or min(groups) < LEAST_CUSTOMERS:
        return None
    false = [int((side & flagged).sum()) for side in sides]
    pull = np.zeros(len(fraud))
    for side, sign, count, total in zip(sides, (1, -1), false, rows, strict=True):
        pull += sign * side * (flagged - count / total) / (count + _HALF)
    sums = by_customer(pull[:, None], customers)[:, 0]
    clusters = len(sums)
    variance = float(np.sum(sums**2)) * clusters / (clusters - 1)
    alone = sum(
        1 / (count + _HALF) - 1 / (total + _HALF) for count, total in zip(false, rows, strict=True)
    )
    first, second = ((c + _HALF) / (n + _HALF) for c, n in zip(false, rows, strict=True))
    return Comparison(
        float(np.log(first / second)), float(np.sqrt(max(variance, alone))), min(groups) - 1
    )
