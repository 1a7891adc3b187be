"""A difference with its intervals, drawn around zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.api.shown_verdicts import EstimateShown

WIDTH, MIDDLE = 260.0, 130.0
_MARGIN = 1.08


@dataclass(frozen=True, slots=True)
class DrawnInterval:
    """Places along WIDTH: the dot, the bar of one moment, and the whisker of every look.

    `always` is None where the interval of every look is not known.
    """

    dot: float
    low: float
    high: float
    always: tuple[float, float] | None


def drawn_interval(moment: EstimateShown, always: EstimateShown) -> DrawnInterval | None:
    """Return the drawing of a difference, None where it is not known yet.

    Each has its own scale, zero in the middle: figures of other units stand in other rows.
    """
    if moment.value is None or moment.low is None or moment.high is None:
        return None
    ends = [moment.low, moment.high, always.low or 0.0, always.high or 0.0]
    reach = max(map(abs, ends)) * _MARGIN or 1.0

    def place(value: float) -> float:
        return round(MIDDLE * (1 + value / reach), 1)

    known = always.low is not None and always.high is not None
    return DrawnInterval(
        place(moment.value),
        place(moment.low),
        place(moment.high),
        (place(always.low or 0.0), place(always.high or 0.0)) if known else None,
    )
