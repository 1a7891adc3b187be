"""A curve over thresholds: what each would have been worth, or would have found."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.api.shown_thresholds import PointShown

WIDTH, HEIGHT = 760.0, 260.0
LEFT, RIGHT, TOP, BOTTOM = 76.0, 12.0, 12.0, 30.0
RISKS = 1000
MARKS = 4


@dataclass(frozen=True, slots=True)
class DrawnCurve:
    """A line over least risk scores from 0 to 1,000, and the scale at its side.

    `zero` is where nothing is gained, None where that is not on the drawing.
    """

    line: str
    scale: Sequence[tuple[float, float]]
    zero: float | None
    low: float
    high: float

    def place(self, risk: int | None, value: float | None) -> tuple[float, float] | None:
        """Return where a point lies; None where it has no threshold or nothing is known."""
        if risk is None or value is None:
            return None
        return _across(risk), self.level(value)

    def level(self, value: float) -> float:
        """Return how far down a value lies."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(HEIGHT - BOTTOM - min(max(share, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM), 1)


def drawn_curve(points: Sequence[PointShown], figure: str) -> DrawnCurve | None:
    """Return the curve of one figure of the points, None where nothing of it is known."""
    known = [
        (point.min_risk, value)
        for point in points
        if point.min_risk is not None and (value := getattr(point, figure)) is not None
    ]
    if not known:
        return None
    most, least = (f(0.0, *(value for _, value in known)) for f in (max, min))
    # The lowest thresholds flag everybody and lose without end: they would flatten the rest.
    least = max(least, -most / 2 if most else float("-inf"))
    step = round_step((most - least) / MARKS)
    low, high = floor(least / step) * step, ceil(most / step) * step
    empty = DrawnCurve("", (), None, low, high)
    line = " ".join(f"{_across(risk)},{empty.level(value)}" for risk, value in known)
    scale = [
        (empty.level(value), value)
        for value in (low + mark * step for mark in range(round((high - low) / step) + 1))
    ]
    return DrawnCurve(line, scale, empty.level(0.0) if low < 0 else None, low, high)


def round_step(wanted: float) -> float:
    """Return 1, 2 or 5 times a power of ten, the least that is no smaller than what is wanted."""
    if wanted <= 0:
        return 1.0
    power = 10.0 ** floor(log10(wanted))
    return next(times * power for times in (1, 2, 5, 10) if times * power >= wanted * (1 - 1e-9))


def _across(risk: int) -> float:
    return round(LEFT + risk / RISKS * (WIDTH - LEFT - RIGHT), 1)
