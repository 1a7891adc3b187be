"""A figure with its interval, or the reason why it is not known yet; never a zero for nothing.

What is enough was chosen on simulated shadow periods (`loadtest/studies`): with less, intervals
held the truth less often than they said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.comparison.figures import FRAUD_MONEY, FRAUDS, KINDS, coefficients
from models.comparison.intervals import LEVEL, freedom, interval, quantile
from models.comparison.sequential import boundary

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.comparison.clusters import Moments
    from models.comparison.figures import Figure

    Floats = NDArray[np.float64]

LEAST_FRAUDS = 30
"""Customers' worth of frauds below which nothing is said of detection or precision. Of money
nothing is said below as many customers' worth of the frauds' money: it sits in few payments. Both
are facts of the frauds that came, whoever flagged them: to refuse by what a figure turned out to
be would leave a choice of figures that are not right on average."""
LEAST_FREEDOM = 10
"""Degrees of freedom of the events that a figure is made of, below which it is refused."""
LEAST_DRAWN, LEAST_DRAWN_MONEY = 30, 60
"""Customers' worth of frauds that a sample or hold-out has to have found where declines hide the
truth, for figures by count and by money: before a heavy weight has come, its absence looks like
certainty."""
MOST_SILENT = 0.01
"""Declined payments without a truth, as a share of frauds, that need no such sample."""
_FRAUDS, _MONEY, _DRAWN, _SILENT = (
    coefficients(*FRAUDS),
    coefficients(*FRAUD_MONEY),
    coefficients("drawn_frauds"),
    coefficients("silent"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """A figure with its 95 % interval; `always` if the interval holds at every look."""

    value: float
    low: float
    high: float
    always: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A figure that is not known yet, and why."""

    reason: str


Answer = Known | Refused


def answer(
    moments: Moments, figure: Figure, *, elapsed: float | None = None, level: float = LEVEL
) -> Answer:
    """Return a figure of one period, or why there is none.

    Without `elapsed` the interval holds at one moment fixed beforehand, the end of the period;
    with it, the share of the planning horizon that is over, at all looks together.
    """
    if not enough(moments, figure):
        return Refused(_reason(moments, figure))
    value, low, high = interval(moments, figure, multiplier(moments, figure, elapsed, level))
    return Known(float(value), float(low), float(high), always=elapsed is not None)


def multiplier(
    moments: Moments, figure: Figure, elapsed: Floats | float | None, level: float = LEVEL
) -> Floats:
    """Return how many standard errors wide an interval has to be, (...,).

    Student's quantile at a fixed moment; the boundary of all looks, widened as Student's is
    against the normal one, since there too the variance is an estimate.
    """
    student = quantile(freedom(moments, figure), level)
    if elapsed is None:
        return student
    return boundary(elapsed, level) * student / quantile(np.inf, level)


def enough(moments: Moments, figure: Figure) -> NDArray[np.bool_]:
    """Return where (...,) there are frauds and events enough for an interval to be believed.

    Alert rates need no labels: of them only the events are asked.
    """
    told = freedom(moments, figure) >= LEAST_FREEDOM
    if _needs_labels(figure):
        told &= (moments.effective(_FRAUDS) >= LEAST_FRAUDS) & ~hidden(moments, figure)
    if _of_money(figure):
        told &= moments.effective(_MONEY) >= LEAST_FRAUDS
    return np.asarray(told & np.isfinite(figure.gradient(moments.totals)).all(axis=-1))


def hidden(moments: Moments, figure: Figure) -> NDArray[np.bool_]:
    """Return where (...,) declines hide the truth and no sample says enough of it."""
    silent = moments.totals @ _SILENT > MOST_SILENT * (moments.totals @ _FRAUDS)
    return np.asarray(silent & (moments.effective(_DRAWN) < _least_drawn(figure)))


def _least_drawn(figure: Figure) -> int:
    return LEAST_DRAWN_MONEY if _of_money(figure) else LEAST_DRAWN


def _of_money(figure: Figure) -> bool:
    return bool(figure.events[KINDS["money"]].any())


def _needs_labels(figure: Figure) -> bool:
    return bool(figure.events[3:].any())


def _reason(moments: Moments, figure: Figure) -> str:
    frauds = float(moments.effective(_FRAUDS))
    if _needs_labels(figure) and frauds < LEAST_FRAUDS:
        return f"labelled frauds are worth {frauds:.0f} customers, {LEAST_FRAUDS} are needed"
    if _needs_labels(figure) and bool(hidden(moments, figure)):
        silent, worth = moments.totals @ _SILENT, moments.effective(_DRAWN)
        return (
            f"{silent:,.0f} payments that legacy declined have no truth, and frauds found by a "
            f"review drawn by lot or a hold-out are worth {worth:.0f} customers, "
            f"{_least_drawn(figure)} are needed"
        )
    money = float(moments.effective(_MONEY))
    if _of_money(figure) and money < LEAST_FRAUDS:
        return (
            f"the money of labelled frauds is worth {money:.0f} customers, "
            f"{LEAST_FRAUDS} are needed"
        )
    if not np.isfinite(figure.gradient(moments.totals)).all():
        return "one of the systems has none of it, so there is nothing to relate the other's to"
    told = float(freedom(moments, figure)) if moments.effective(figure.events) else 0.0
    return (
        f"too few customers make it up: {told:.0f} degrees of freedom, {LEAST_FREEDOM} are needed"
    )
