"""A customer's transactions along time: the geometry of the drawing over their table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.ledger import Timeline

WIDTH, HEIGHT = 1120.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 64.0, 14.0, 14.0, 26.0
MARKS = 6


@dataclass(frozen=True, slots=True)
class Point:
    """One transaction: its place, and what is known of it."""

    x: float
    y: float
    row: int
    flagged: bool
    in_case: bool
    is_fraud: bool | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """Points over a logarithmic axis of amounts, newest last; `floor` is where stems stand."""

    points: Sequence[Point]
    times: Sequence[Tick]
    amounts: Sequence[Tick]
    floor: float


def drawing(found: Timeline, in_case: set[Any], places: int) -> Drawing | None:
    """Return the drawing of a timeline, None without transactions.

    `places` are the decimal places of the amounts' currency; amounts in the reporting currency
    are drawn where they are known.
    """
    rows = found.transactions
    if not len(rows):
        return None
    amounts = np.where(rows.reporting_minor >= 0, rows.reporting_minor, rows.amount_minor)
    amounts = amounts / 10**places
    times = rows.occurred_ms.astype(np.float64)
    first, last = float(times.min()), float(times.max())
    span = last - first or 1.0
    low = 0.0
    high = max(1.0, np.ceil(np.log10(max(float(amounts.max()), 1.0)) * 4 + 0.4) / 4)
    across = LEFT + (times - first) / span * (WIDTH - LEFT - RIGHT - 10) + 5
    floor = HEIGHT - BOTTOM
    levels = np.log10(np.maximum(amounts, 1.0))
    upward = floor - (levels - low) / (high - low) * (floor - TOP)
    points = [
        Point(
            round(float(across[row]), 1),
            round(float(upward[row]), 1),
            row,
            bool(found.flagged[row]),
            found.alert_id[row] in in_case,
            found.is_fraud[row],
        )
        for row in reversed(range(len(rows)))
    ]
    points.sort(key=lambda point: point.flagged)
    return Drawing(points, _times(first, last), _amounts(int(np.floor(high)), high, floor), floor)


def _times(first: float, last: float) -> list[Tick]:
    day = last - first > 2 * 86_400_000
    ticks = []
    for step in range(MARKS):
        share = step / (MARKS - 1)
        moment = datetime.fromtimestamp((first + share * (last - first)) / 1000, UTC)
        words = moment.strftime("%-d %b" if day else "%-d %b %H:%M")
        ticks.append(Tick(round(LEFT + 5 + share * (WIDTH - LEFT - RIGHT - 10), 1), words))
    return ticks


def _amounts(decades: int, high: float, floor: float) -> list[Tick]:
    return [
        Tick(round(floor - power / high * (floor - TOP), 1), f"{10**power:,}")
        for power in range(decades + 1)
    ]
