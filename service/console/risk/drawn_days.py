"""What was found day by day, as columns: both, shadow alone, legacy alone, nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.console.risk.matrix import Matrix

WIDTH, HEIGHT = 1120.0, 180.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 8.0, 10.0, 24.0
MOST_MARKS = 8
WAYS = (
    ("both", "positive", "flagged"),
    ("shadow_only", "negative", "flagged"),
    ("legacy_only", "positive", "clear"),
    ("neither", "negative", "clear"),
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a column: frauds that were flagged in one way."""

    way: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A day's frauds; an `open` day's labels have not had their time, so it may still grow."""

    day: str
    x: float
    width: float
    pieces: Sequence[Piece]
    open: bool


@dataclass(frozen=True, slots=True)
class DrawnDays:
    """Columns over an axis from 0 to `most` (frauds, or minor units of money)."""

    columns: Sequence[Column]
    marks: Sequence[tuple[float, str]]
    most: int
    floor: float


def drawn_days(days: Sequence[Matrix], ripe_before: str) -> DrawnDays | None:
    """Return the drawing of days in order, None where none has a known fraud.

    Days from `ripe_before` (2026-07-01) on are open.
    """
    most = max((day.frauds for day in days), default=0)
    if not most:
        return None
    step = (WIDTH - LEFT - RIGHT) / len(days)
    floor = HEIGHT - BOTTOM
    columns = []
    for at, day in enumerate(days):
        y, pieces = floor, []
        for way, legacy, shadow in WAYS:
            height = day.quadrant(legacy, shadow).fraud / most * (floor - TOP)
            y -= height
            pieces.append(Piece(way, round(y, 1), round(height, 1)))
        x = LEFT + at * step
        columns.append(
            Column(
                day.name, round(x, 1), round(max(step - 2, 1.0), 1), pieces, day.name >= ripe_before
            )
        )
    every = max(1, -(-len(days) // MOST_MARKS))
    marks = [(column.x, column.day) for column in columns[::every]]
    return DrawnDays(columns, marks, most, floor)
