"""The curve of thresholds as a picture: what share of frauds is found for how many alerts a day."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from service.api.shown_thresholds import PointShown, ThresholdsShown

WIDTH, HEIGHT, EDGE = 720, 300, 46


def curve_picture(shown: ThresholdsShown) -> str:
    """Return an SVG; alerts on a logarithmic scale, empty where detection is not yet known."""
    points = [p for p in shown.curve if p.alerts and p.detection_rate is not None]
    if not points:
        return ""
    most, least = max(p.alerts_per_day for p in points), min(p.alerts_per_day for p in points)
    span = math.log(most / least) or 1.0

    def place(point: PointShown) -> tuple[float, float]:
        along = math.log(max(point.alerts_per_day, least) / least) / span
        found = point.detection_rate or 0.0
        return EDGE + along * (WIDTH - 2 * EDGE), HEIGHT - EDGE - found * (HEIGHT - 2 * EDGE)

    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, points))
    marks = "".join(
        _mark(*place(point), name, kind)
        for point, name, kind in (
            (shown.legacy, "legacy", "legacy"),
            (shown.shadow, "shadow", "shadow"),
            (shown.best, "most profitable", "best"),
        )
        if point is not None and point.alerts and point.detection_rate is not None
    )
    right, floor = WIDTH - EDGE, HEIGHT - EDGE
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-label="Share of known frauds found by alerts a day">'
        f'<path class="axis" d="M{EDGE} {EDGE}V{floor}H{right}"/>'
        f'<text x="{EDGE}" y="{EDGE - 12}">frauds found</text>'
        f'<text x="{EDGE - 6}" y="{EDGE + 4}" text-anchor="end">100 %</text>'
        f'<text x="{EDGE - 6}" y="{floor}" text-anchor="end">0</text>'
        f'<text x="{EDGE}" y="{floor + 18}">{least:,.1f}</text>'
        f'<text x="{right}" y="{floor + 18}" text-anchor="end">{most:,.0f} alerts a day</text>'
        f'<polyline class="curve" points="{line}"/>{marks}</svg>'
    )


def _mark(x: float, y: float, name: str, kind: str) -> str:
    anchor = ' text-anchor="end"' if x > WIDTH / 2 else ""
    beside = x + (-9 if anchor else 9)
    return (
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        f'<text x="{beside:.1f}" y="{y - 8:.1f}"{anchor}>{name}</text>'
    )
