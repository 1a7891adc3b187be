"""How sure a figure is at a fixed moment: linearised between customers, or by resampling them.

Both take customers as the units that vary. The linearised interval needs moments only and is
exact to first order (Taylor series, ultimate clusters: Wolter, "Introduction to Variance
Estimation", 2007); the bootstrap (Efron 1979) makes no use of gradients and is there to check it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from models.comparison.figures import KINDS, Compared, Share, coefficients

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.comparison.clusters import Moments
    from models.comparison.figures import Figure

    Floats = NDArray[np.float64]

LEVEL = 0.95
DRAWS = 1000
MONEY, MONEY_DRAWN = 1 / 2, 1 / 3
GAINS_AND_LOSSES = 2
_SMALLEST = 1e-12
_DRAWN = coefficients("drawn_frauds")


def interval(
    moments: Moments, figure: Figure, multiplier: Floats | float
) -> tuple[Floats, Floats, Floats]:
    """Return value, low and high (...,) of a figure, so many standard errors wide.

    The multiplier is a quantile at a fixed moment (`quantile`) or a boundary that holds at all
    of them (`sequential.boundary`). Differences are symmetric, ratios symmetric in logarithm,
    and shares of something Wilson's (1927), on as many rows as their variance says.
    """
    value = figure.of(moments.totals)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = moments.variance(figure.gradient(moments.totals))
        error = np.sqrt(np.maximum(variance, 0))
        if isinstance(figure, Compared) and not figure.ratio:
            return value, value - multiplier * error, value + multiplier * error
        if isinstance(figure, Compared) or not figure.bounded:
            relative = error if isinstance(figure, Compared) else error / value
            factor = np.exp(multiplier * relative)
            return value, value / factor, value * factor
        worth = value * (1 - value) / np.maximum(variance, _SMALLEST)
        worth = np.where(variance > _SMALLEST, worth, moments.effective(figure.whole))
        return value, *_wilson(value, worth, multiplier)


def freedom(moments: Moments, figure: Figure) -> Floats:
    """Return how many degrees of freedom (...,) the variance of a figure rests on.

    One less than the effective number of customers whose events it is made of, for each kind of
    events, pooled by Satterthwaite's formula (1946) with the variance that each kind brings.
    Of a share of money it is half of them: what is missed is the smaller part, of few payments.
    Of any money where some rows stand for others a third: a weighed payment is a large one.
    Of what two systems differ by it is twice as many: gains and losses have either sign, and sums
    of such, divided by their own root sum of squares, have shorter tails than Student's (Efron
    1969). Not where some rows stand for others: what legacy declined then weighs more than the
    rest, so that losses are not like gains.
    """
    gradient, events = figure.gradient(moments.totals), figure.events
    drawn = moments.totals @ _DRAWN > 0
    alone = MONEY if isinstance(figure, Share) else 1.0
    signs = np.where(drawn | isinstance(figure, Share), 1, GAINS_AND_LOSSES)
    total, squares = np.zeros(()), np.zeros(())
    with np.errstate(divide="ignore", invalid="ignore"):
        for kind, columns in KINDS.items():
            fraction = np.where(drawn, MONEY_DRAWN, alone) if kind == "money" else np.ones(())
            chosen = np.zeros(len(events), bool)
            chosen[columns] = True
            if not (events[chosen] > 0).any():
                continue
            worth = moments.effective(np.where(chosen, events, 0))
            degrees = np.maximum(signs * fraction * worth - 1, _SMALLEST)
            variance = moments.variance(np.where(chosen, gradient, 0))
            total, squares = total + variance, squares + variance**2 / degrees
        none_varies = np.maximum(moments.effective(events) - 1, _SMALLEST)
        return np.where(squares > 0, total**2 / squares, none_varies)


def quantile(freedom: Floats | float, level: float = LEVEL) -> Floats:
    """Return how many standard errors hold a share `level`, on so many degrees of freedom."""
    found: Floats = stats.t.isf((1 - level) / 2, np.maximum(freedom, 1.0))
    return found


def bootstrapped(
    sums: Floats,
    figure: Figure,
    *,
    rng: np.random.Generator,
    level: float = LEVEL,
    draws: int = DRAWS,
) -> tuple[float, float, float]:
    """Return value, low and high of a figure, drawing customers (customers, columns) anew.

    Percentiles of the draws in which the figure has a meaning; all NaN if those are too few.
    """
    value = float(figure.of(sums.sum(axis=0)))
    count = len(sums)
    if not count:
        return value, np.nan, np.nan
    block = max(1, 4_000_000 // count)
    drawn = []
    for begin in range(0, draws, block):
        times = rng.multinomial(count, np.full(count, 1 / count), min(block, draws - begin))
        drawn.append(figure.of(times @ sums))
    found = np.concatenate(drawn)
    found = found[np.isfinite(found)]
    if 2 * len(found) < draws:
        return value, np.nan, np.nan
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return value, float(low), float(high)


def mcnemar(gained: int, lost: int) -> float:
    """Return the exact two-sided probability of a split as uneven (McNemar 1947; binomial).

    `gained` are frauds that the shadow alone found and `lost` those legacy alone found, of
    customers who vary independently: count each customer once, by what it has more of.
    """
    return float(stats.binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def votes(sums: Floats, gained: Floats, lost: Floats) -> tuple[int, int]:
    """Return how many customers have more of the one (coefficients) than of the other."""
    difference = sums @ gained - sums @ lost
    return int((difference > 0).sum()), int((difference < 0).sum())


def _wilson(value: Floats, worth: Floats, multiplier: Floats | float) -> tuple[Floats, Floats]:
    square = np.asarray(multiplier) ** 2
    centre = (value + square / (2 * worth)) / (1 + square / worth)
    spread = value * (1 - value) / worth + square / (4 * worth**2)
    half = multiplier * np.sqrt(spread) / (1 + square / worth)
    return np.minimum(centre - half, value), np.maximum(centre + half, value)
