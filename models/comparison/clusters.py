"""Sums by customer: what is known of certainty, once the payments have been counted.

One customer's payments share one fraudster, one habit, one way of being scored. So customers are
the units that vary, and how sums vary between them is all that an interval needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from models.comparison.figures import COLUMNS, contributions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.comparison.paired import Paired

    Floats = NDArray[np.float64]


def by_customer(rows: Paired) -> Floats:
    """Return the sums of each customer who adds anything, (customers, columns)."""
    codes = np.unique(rows.customer, return_inverse=True)[1]
    return added_up(contributions(rows), codes)


def added_up(table: Floats, codes: NDArray[np.integer]) -> Floats:
    """Add up rows (n, k) by code, 0 to the highest: (codes, k)."""
    return np.stack([np.bincount(codes, weights=column) for column in table.T], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Totals (..., columns) and sums of products between customers (..., columns, columns).

    Leading axes, if any, are periods or looks: everything that is made of moments works on all
    of them at once. Moments of different customers add up; those of the same do not.
    """

    totals: Floats
    products: Floats

    @classmethod
    def of(cls, sums: Floats) -> Self:
        """Return the moments of customers' sums (customers, columns)."""
        return cls(sums.sum(axis=0), sums.T @ sums)

    @classmethod
    def stacked(cls, several: Sequence[Moments]) -> Self:
        """Return several moments as one with an axis before the others."""
        return cls(
            np.stack([one.totals for one in several]), np.stack([one.products for one in several])
        )

    def variance(self, gradient: Floats) -> Floats:
        """Return the variance (...,) of a figure with this gradient (..., columns) in the totals.

        The sum over customers of (gradient · sums)². Figures that do not change when every sum
        is doubled, which shares are, need no centring: their influences add up to nothing.
        """
        turned: Floats = (self.products @ gradient[..., None])[..., 0]
        found: Floats = (gradient * turned).sum(axis=-1)
        return found

    def effective(self, events: Floats) -> Floats:
        """Return how many customers with as many events each these are worth (Kish 1965).

        `events` are coefficients (columns,) of something counted or weighed, never negative. A
        spree of twenty frauds, or one payment that weighs as much as twenty, counts once.
        """
        total = self.totals @ events
        square = self.products @ events @ events
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(square > 0, total**2 / square, 0.0)

    def __getitem__(self, place: Any) -> Moments:
        """Return the moments of some periods or looks, by the leading axes."""
        return Moments(self.totals[place], self.products[place])


NOTHING = Moments(np.zeros(len(COLUMNS)), np.zeros((len(COLUMNS), len(COLUMNS))))
"""The moments of no payments."""
