"""Whole answers about shadow and legacy, as the API gives them and as evidence keeps them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from models.errors import BadInput
from models.instants import format_instant
from service.api.shown_comparison import (
    ComparisonShown,
    coverage_shown,
    group_shown,
    period_shown,
    window_shown,
)
from service.api.shown_money import MoneyShown, assumptions_shown, money_window
from service.api.shown_verdicts import overlap_shown, verdicts_shown
from service.comparison.cube import by_day, by_segment, cube, dimensions
from service.comparison.judged import BY_AMOUNT, BY_COUNT
from service.comparison.money import Assumptions, money
from service.comparison.overlap import overlap
from service.comparison.rows import TooManyRows
from service.comparison.simulator import simulator
from service.comparison.windowed import costs_of, window_verdicts, windowed
from service.ledger.facts import CASE_CUT, DAY_MS, SEGMENT_CUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.api.shown_comparison import GroupShown
    from service.api.shown_verdicts import VerdictsShown
    from service.comparison.judged import At, LabelsUsed
    from service.comparison.simulator import Simulator
    from service.comparison.windowed import Windowed
    from service.comparison.windows import Window
    from service.ledger import Ledger
    from service.ledger.rollups import Sums
    from service.settings import Settings


FIGURES = {"count": BY_COUNT, "amount": BY_AMOUNT, "all": (*BY_COUNT, *BY_AMOUNT)}
"""Names of the figures that are told, by what was asked for."""


def comparison_told(
    ledger: Ledger,
    settings: Settings,
    found: Windowed,
    *,
    by: str = "count",
    segment: str | None = None,
    daily: bool = False,
    at: At = "threshold",
    labels: LabelsUsed = "all",
    most: int | None = None,
    judged: bool = True,
) -> ComparisonShown:
    """Return the comparison of a window; beyond `most` payments without verdicts.

    Not `judged` it is what the sums of the ledger tell at once: no verdicts, no overlap.
    """
    window = found.window
    sums = _segment_sums(ledger, window)
    known = dimensions(sums)
    if segment is not None and known and segment not in known:
        raise BadInput(f"segment {segment!r} is none of {', '.join(known)}")
    days: list[GroupShown] | None = None
    segments: list[GroupShown] | None = None
    if daily:
        days = [
            group_shown(cube(format_instant(day * DAY_MS)[:10], one, found.legacy_positive))
            for day, one in by_day(sums, found.ripe_until, window.ruleset)
        ]
    if segment is not None:
        segments = _segments(sums, found, segment)
    verdicts: VerdictsShown | None = None
    why_not = None
    try:
        if judged:
            made = window_verdicts(ledger, settings, found, at=at, labels=labels, most=most)
            verdicts = verdicts_shown(made, FIGURES[by])
    except TooManyRows as error:
        why_not = str(error)
    return ComparisonShown(
        window=window_shown(window),
        periods=[period_shown(period) for period in found.periods],
        legacy_positive=settings.legacy_positive,
        currency=settings.reporting_currency,
        by=by,
        coverage=coverage_shown(found.coverage),
        verdicts=verdicts,
        not_judged=why_not,
        overlap=overlap_shown(overlap(ledger, window)) if judged else [],
        cells=group_shown(cube("all", found.totals, found.legacy_positive)).cells,
        by_day=days,
        segments=segments,
        dimensions=known,
    )


def segments_told(ledger: Ledger, found: Windowed) -> dict[str, list[GroupShown]]:
    """Return the cubes of every value of every dimension."""
    sums = _segment_sums(ledger, found.window)
    return {name: _segments(sums, found, name) for name in dimensions(sums)}


def _segments(sums: Sums, found: Windowed, dimension: str) -> list[GroupShown]:
    values = by_segment(sums, dimension, found.ripe_until, found.window.ruleset)
    return [group_shown(cube(value, one, found.legacy_positive)) for value, one in values.items()]


def _segment_sums(ledger: Ledger, window: Window) -> Sums:
    return ledger.sums(
        SEGMENT_CUT,
        first_day=window.first_day,
        last_day=window.last_day,
        bundle_id=window.bundle_id,
        role="champion",
    )


def simulator_of(
    ledger: Ledger, settings: Settings, found: Windowed, costs: Mapping[str, float]
) -> Simulator:
    """Return the simulator of a window; `costs` stand in for those of the settings."""
    window = found.window
    cases = None
    if window.ruleset is None:
        cases = ledger.sums(
            CASE_CUT,
            first_day=window.first_day,
            last_day=window.last_day,
            bundle_id=window.bundle_id,
            role="champion",
        )
    return simulator(
        found.totals,
        cases,
        found.legacy_positive,
        replace(costs_of(settings), **costs),
        found.minor_units,
    )


def money_told(
    ledger: Ledger,
    settings: Settings,
    windows: Sequence[Window],
    *,
    now_ms: int,
) -> MoneyShown:
    """Return the figures of a window and of the one before it, if two are given.

    A report of a month says what the month was: where it covers several periods they are listed.
    """
    stated = Assumptions(
        settings.review_minutes,
        settings.clearing_miss_rate,
        settings.cpu_hour_cost,
        settings.scoring_us,
    )
    told = []
    for window in windows:
        found = windowed(ledger, settings, window, now_ms=now_ms, mix=True)
        made = simulator_of(ledger, settings, found, {})
        figures = money(found.totals, made, found.legacy_positive, stated)
        told.append((money_window(found, made, figures, settings), made))
    return MoneyShown(
        currency=settings.reporting_currency,
        assumptions=assumptions_shown(settings, stated, told[0][1]),
        current=told[0][0],
        previous=told[1][0] if len(told) > 1 and told[1][0].payments else None,
    )
