"""Shadow against legacy: figures with intervals, who flagged what, day by day and by segment."""

from __future__ import annotations

import csv
import time
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.responses import Response

from models.instants import format_instant
from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.api.telling import comparison_told
from service.comparison.windows import MixedPeriods
from service.console.guard import Who, needs
from service.console.pages import page
from service.console.risk.address import Asked  # noqa: TC001 - read by FastAPI
from service.console.risk.drawn_days import drawn_days
from service.console.risk.drawn_interval import drawn_interval
from service.console.risk.matrix import matrices, matrix_of
from service.console.risk.names import AT, FIGURES, LABELS, MATCHED, WAYS
from service.console.risk.tables import Table, rows_of
from service.ledger.facts import DAY_MS

if TYPE_CHECKING:
    from service.api.shown_comparison import ComparisonShown
    from service.api.shown_verdicts import FigureShown
    from service.comparison.windowed import Windowed
    from service.comparison.windows import Period
    from service.console.risk.address import By, RiskAddress
    from service.people.signing_in import Signed

router = APIRouter(dependencies=[needs("view")])

HERE = "/console/comparison"
SEGMENT = "channel"
"""The segment that is shown where none was asked for."""
MOST_PAIRS = 12
AT_ONCE = 10_000
"""Payments up to which a window is judged before the page is sent: a tenth of a second."""


@router.get("/comparison")
def comparison(parts: Given, who: Who, asked: Asked) -> Response:
    """Show both systems over a window; which periods there are where it covers several.

    Of many payments first what is known at once; the page asks for the judged whole by itself.
    """
    return _page(parts, who, asked, at_once=True)


@router.get("/comparison/whole")
def whole(parts: Given, who: Who, asked: Asked) -> Response:
    """Show the same page with everything judged, however long that takes."""
    return _page(parts, who, asked, at_once=False)


def _page(parts: Parts, who: Signed, asked: RiskAddress, *, at_once: bool) -> Response:
    window = asked.window(parts)
    if window is None:
        return page("comparison_empty.html", who, here=HERE)
    dated = asked.dated(window)
    try:
        found = asked.read(parts, window)
    except MixedPeriods as error:
        return page("comparison_mixed.html", who, here=HERE, asked=dated, systems=systems_of(error))
    shown = replace(dated, labels=asked.labels_of(found), segment=asked.segment or SEGMENT)
    # How it is counted and shown changes nothing of what is told.
    same = replace(shown, by="count", show="absolute")
    pending = at_once and found.coverage.scored > AT_ONCE and not parts.kept.has(same)
    if pending:
        told, at_s = _told(parts, shown, found, judged=False), time.time()
    else:
        made = parts.kept.of(same, lambda: _told(parts, shown, found))
        told, at_s = made.answer, made.at_s
    return page(
        "comparison.html", who, here=HERE, asked=shown, told=told, told_ms=int(at_s * 1000),
        pending=pending, **_drawn(told, found, asked.by),
    )  # fmt: skip


@router.get("/comparison.csv")
def table(parts: Given, asked: Asked, *, table: Table = "cells") -> Response:
    """Give a table of the page for other programs: the cube of every day, unless told otherwise."""
    window = asked.window(parts)
    if window is None:
        return as_csv("comparison.csv", [])
    told = _told(parts, asked, asked.read(parts, window))
    return as_csv(f"comparison-{table}.csv", rows_of(table, told, asked.segment))


def _told(
    parts: Parts, asked: RiskAddress, found: Windowed, *, judged: bool = True
) -> ComparisonShown:
    return comparison_told(
        parts.ledger, parts.settings, found, by="all", segment=asked.segment or None, daily=True,
        at=asked.at, labels=asked.labels_of(found), most=parts.settings.comparison_max_rows,
        judged=judged,
    )  # fmt: skip


def _drawn(told: ComparisonShown, found: Windowed, by: By) -> dict[str, Any]:
    figures = [] if told.verdicts is None else sorted(told.verdicts.figures, key=_place)
    days = matrices(told.by_day, by)
    return {
        "matrix": matrix_of("all", told.cells, by),
        "days": drawn_days(days, format_instant(found.ripe_until * DAY_MS)[:10]),
        "segments": matrices(told.segments, by),
        "judged": figures,
        "detection": next((f for f in figures if f.name == "detection_rate"), None),
        "intervals": {
            one.name: drawn_interval(one.difference, one.difference_always) for one in figures
        },
        "pairs": told.overlap[:MOST_PAIRS],
        "at_words": AT,
        "label_words": LABELS,
        "ways": WAYS,
        "matched": MATCHED,
    }


def _place(one: FigureShown) -> int:
    return list(FIGURES).index(one.name)


def systems_of(error: MixedPeriods) -> list[Period]:
    """Return each champion beside each version of the rules once, however often they took turns."""
    found: dict[tuple[str, str | None], Period] = {}
    for one in error.periods:
        key = one.bundle_id, one.ruleset
        if key in found:
            so_far = found[key]
            found[key] = replace(
                so_far,
                first_ms=min(so_far.first_ms, one.first_ms),
                last_ms=max(so_far.last_ms, one.last_ms),
                payments=so_far.payments + one.payments,
            )
        else:
            found[key] = one
    return list(found.values())


def as_csv(name: str, rows: list[tuple[Any, ...]]) -> Response:
    """Return rows as a file to keep."""
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return Response(
        text.getvalue(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
