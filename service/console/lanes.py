"""Two small pictures for the page "Break it": the live path's time, and what waits for Penumbra.

Geometry only: the template draws it. Both pictures show the same two minutes, newest on the
right, with a band where something was broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.console.demo_control import State

SECONDS = 120
WIDTH, HEIGHT = 600, 84
FLOOR = HEIGHT - 2
LEAST_TOP_MS, LEAST_TOP_WAITING = 5, 10


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of time in which something was broken; pixels."""

    x: float
    width: float
    kind: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One picture: a line through its points, the value at its upper edge, and words for it."""

    points: str
    top: float
    said: str


@dataclass(frozen=True, slots=True)
class Lanes:
    """Both pictures and the bands they share."""

    live: Lane
    shadow: Lane
    bands: Sequence[Band]


def lanes_of(state: State) -> Lanes:
    """Return the pictures of a state."""
    now_s = state.now_ms // 1000
    took = [(one.second, one.took_ms) for one in state.seconds if one.took_ms is not None]
    waited = [(one.second, float(one.waiting)) for one in state.seconds]
    most_waited = max((value for _, value in waited), default=0.0)
    slowest = max((value for _, value in took), default=0.0)
    return Lanes(
        live=_lane(
            took,
            now_s,
            LEAST_TOP_MS,
            f"The live path's median time in each of the last {SECONDS} seconds, "
            f"at most {slowest:.1f} ms",
        ),
        shadow=_lane(
            waited,
            now_s,
            LEAST_TOP_WAITING,
            f"Payments waiting for their score in each of the last {SECONDS} seconds, "
            f"at most {most_waited:.0f}",
        ),
        bands=[
            Band(
                x=(begun := _x(one.begun_ms / 1000, now_s)),
                width=max(_x((one.over_ms or state.now_ms) / 1000, now_s) - begun, 2.0),
                kind=one.kind,
            )
            for one in state.disturbances
            if (one.over_ms or state.now_ms) / 1000 > now_s - SECONDS
        ],
    )


def _lane(values: Sequence[tuple[int, float]], now_s: int, least_top: float, said: str) -> Lane:
    top = max(least_top, *(value for _, value in values), 0.0)
    points = " ".join(
        f"{_x(second, now_s):.1f},{FLOOR - (FLOOR - 4) * value / top:.1f}"
        for second, value in values
    )
    return Lane(points, top, said)


def _x(second: float, now_s: int) -> float:
    return round(max(0.0, WIDTH * (1 - (now_s - second) / SECONDS)), 1)
