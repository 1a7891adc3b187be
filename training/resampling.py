"""Intervals by customer: a customer's payments are drawn together, or not at all.

One customer's payments share one fraudster, one habit, one way of being scored. Counted one by
one they would promise more certainty than there is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

LEVEL = 0.95
RESAMPLES = 500
INTERVAL = (50 * (1 - LEVEL), 50 * (1 + LEVEL))

Floats = npt.NDArray[np.floating]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Figure:
    """An estimate with its 95 % interval; all NaN where there was nothing to estimate."""

    value: float
    low: float
    high: float

    def told(self, digits: int, *, percent: bool = False) -> str:
        """Return "value (low to high)", as shares of a hundred when asked for."""
        if np.isnan(self.value):
            return "n/a"
        scale, unit = (100, " %") if percent else (1, "")
        value, low, high = (
            f"{scale * one:.{digits}f}" for one in (self.value, self.low, self.high)
        )
        return f"{value}{unit} ({low} to {high})"


NOTHING = Figure(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, eq=False)
class Totals:
    """Sums of columns over a window as it is, (), and over each resampling, (RESAMPLES,)."""

    observed: dict[str, Floats]
    drawn: dict[str, Floats]

    def figure(self, formula: Callable[[dict[str, Floats]], Floats]) -> Figure:
        """Return what a formula makes of the sums, with its interval."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return between(float(formula(self.observed)), formula(self.drawn))


def totals(
    columns: dict[str, npt.NDArray[Any]], customers: Codes, *, rng: np.random.Generator
) -> Totals:
    """Add up columns, (n,) each, over all rows and over customers drawn anew (Efron 1979)."""
    sums = by_customer(np.column_stack(list(columns.values())), customers)
    count = len(sums)
    draws = (np.bincount(rng.integers(0, count, count), minlength=count) for _ in range(RESAMPLES))
    drawn = np.stack([weights @ sums for weights in draws])
    return Totals(
        dict(zip(columns, sums.sum(axis=0), strict=True)), dict(zip(columns, drawn.T, strict=True))
    )


def by_customer(columns: npt.ArrayLike, customers: Codes) -> npt.NDArray[np.float64]:
    """Add up k columns, (n, k), over the rows of each customer that has any: (customers, k)."""
    table = np.asarray(columns, np.float64)
    codes = np.unique(customers, return_inverse=True)[1]
    return np.stack([np.bincount(codes, weights=column) for column in table.T], axis=1)


def between(value: float, draws: Floats) -> Figure:
    """Percentile interval of what resampling gave, wide enough to hold the estimate.

    Draws without a meaning (no fraud drawn) are left out; when they are most, so is the figure.
    """
    found = draws[np.isfinite(draws)]
    if not np.isfinite(value) or 2 * len(found) < len(draws):
        return NOTHING
    low, high = np.percentile(found, INTERVAL)
    return Figure(value, min(float(low), value), max(float(high), value))


def share(part: npt.ArrayLike, whole: npt.ArrayLike, customers: Codes) -> Figure:
    """Share of `whole` (n,) that is `part` (n,), 0 <= part <= whole, with its interval.

    Wilson's interval (1927) on as many rows as the data are worth: the binomial variance over
    the variance between customers (Kish 1965), each degree of freedom that is missing paid for
    (Korn and Graubard 1998). Unlike resampling it says something of a share of 0 or 1. Never
    worth more than the rows there are; of money, than its spread over payments allows.
    """
    parts, wholes = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    there = wholes > 0
    if not there.any():
        return NOTHING
    total = wholes.sum()
    value = float(min(parts.sum() / total, 1.0))
    sums = by_customer(np.stack([parts[there], wholes[there]], axis=1), customers[there])
    worth = float(total**2 / np.sum(wholes**2))
    clusters = len(sums)
    if clusters > 1:
        spread = np.sum((sums[:, 0] - value * sums[:, 1]) ** 2) / total**2
        variance = spread * clusters / (clusters - 1)
        if variance > 0:
            worth = min(worth, value * (1 - value) / variance)
        worth *= (_normal(1 - LEVEL) / quantile(clusters - 1, 1 - LEVEL)) ** 2
    else:
        worth = 1.0
    return _wilson(value, max(worth, 1e-9))


def quantile(freedom: float, beyond: float) -> float:
    """How many standard errors leave `beyond` outside, on so many degrees of freedom."""
    return float(t.isf(beyond / 2, freedom))


def _normal(beyond: float) -> float:
    return float(norm.isf(beyond / 2))


def _wilson(value: float, rows: float) -> Figure:
    z = _normal(1 - LEVEL)
    centre = (value + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z * np.sqrt(value * (1 - value) / rows + z**2 / (4 * rows**2)) / (1 + z**2 / rows)
    low, high = max(float(centre - half), 0.0), min(float(centre + half), 1.0)
    return Figure(value, min(low, value), max(high, value))
