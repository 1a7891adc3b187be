"""Shadow against legacy: figures with intervals, who flagged what, day by day and by segment."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from models.instants import format_instant
from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.api.telling import comparison_told
from service.comparison.opening import Asked as Opening
from service.comparison.opening import opened
from service.comparison.windows import MixedPeriods
from service.console.guard import Acting, Who, needs
from service.console.pages import page
from service.console.risk.address import Asked, RiskAddress  # noqa: TC001 - read by FastAPI
from service.console.risk.drawn_days import drawn_days
from service.console.risk.drawn_interval import drawn_interval
from service.console.risk.matrix import matrices, matrix_of
from service.console.risk.names import AT, LABELS, WAYS
from service.ledger.facts import DAY_MS

if TYPE_CHECKING:
    from service.api.shown_comparison import ComparisonShown
    from service.comparison.windowed import Windowed
    from service.comparison.windows import Period
    from service.console.risk.address import By

router = APIRouter(dependencies=[needs("view")])

HERE = "/console/comparison"
PER_PAGE = 100
MOST_PAIRS = 12


@router.get("/comparison")
def comparison(parts: Given, who: Who, asked: Asked) -> Response:
    """Show both systems over a window; which periods there are where it covers several."""
    window = asked.window(parts)
    if window is None:
        return page("comparison_empty.html", who, here=HERE)
    dated = asked.dated(window)
    try:
        found = asked.read(parts, window)
    except MixedPeriods as error:
        return page("comparison_mixed.html", who, here=HERE, asked=dated, systems=systems_of(error))
    told = _told(parts, asked, found)
    drawn = _drawn(told, found, asked.by)
    shown = replace(dated, labels=asked.labels_of(found))
    return page("comparison.html", who, here=HERE, asked=shown, told=told, **drawn)


@router.get("/comparison.csv")
def table(parts: Given, asked: Asked) -> Response:
    """Give the cube of every day as a table for other programs."""
    window = asked.window(parts)
    rows: list[tuple[Any, ...]] = []
    if window is not None:
        told = _told(parts, asked, asked.read(parts, window))
        groups = [("day", one) for one in told.by_day or ()]
        groups += [(asked.segment, one) for one in told.segments or ()]
        rows = [
            (kind, group.name, cell.legacy, cell.shadow, cell.truth, cell.count, cell.amount_minor)
            for kind, group in groups
            for cell in group.cells
        ]
    head = ("by", "of", "legacy", "shadow", "truth", "payments", "amount_minor")
    return as_csv("comparison.csv", [head, *rows])


@router.get("/comparison/payments")
def payments(
    parts: Given,
    who: Who,
    by: Acting,
    asked: Asked,
    legacy: Literal["negative", "positive", "unknown", ""] = "",
    shadow: Literal["clear", "flagged", "unscored", ""] = "",
    truth: Literal["genuine", "fraud", "unknown", ""] = "",
    before: Annotated[str, Query(max_length=100, pattern="^(\\d{1,15}:[^\\x00]*)?$")] = "",
) -> Response:
    """Open a cell: its payments, newest first."""
    window = asked.window(parts)
    if window is None:
        return page("comparison_empty.html", who, here=HERE)
    found = replace(asked, mix=True).read(parts, window)
    moment, _, transaction_id = before.partition(":")
    rows = opened(
        parts.ledger,
        window,
        Opening(legacy or None, shadow or None, truth or None, None),
        legacy_positive=parts.settings.legacy_positive,
        ripe_ms=found.ripe_until * DAY_MS,
        cursor=(int(moment), transaction_id) if before else None,
        limit=PER_PAGE,
    )
    parts.ledger.note_action(by, "open payments", detail=f"{legacy} {shadow} {truth}".strip())
    return page(
        "comparison_payments.html", who, here=HERE, asked=asked.dated(window), rows=rows,
        legacy=legacy, shadow=shadow, truth=truth, currency=parts.settings.reporting_currency,
        older=f"{rows[-1].occurred_ms}:{rows[-1].transaction_id}" if len(rows) == PER_PAGE else "",
    )  # fmt: skip


def _told(parts: Parts, asked: RiskAddress, found: Windowed) -> ComparisonShown:
    return comparison_told(
        parts.ledger, parts.settings, found, by=asked.by, segment=asked.segment or None, daily=True,
        at=asked.at, labels=asked.labels_of(found), most=parts.settings.comparison_max_rows,
    )  # fmt: skip


def _drawn(told: ComparisonShown, found: Windowed, by: By) -> dict[str, Any]:
    figures = () if told.verdicts is None else told.verdicts.figures
    days = matrices(told.by_day, by)
    return {
        "matrix": matrix_of("all", told.cells, by),
        "days": drawn_days(days, format_instant(found.ripe_until * DAY_MS)[:10]),
        "segments": matrices(told.segments, by),
        "intervals": {
            one.name: drawn_interval(one.difference, one.difference_always) for one in figures
        },
        "pairs": told.overlap[:MOST_PAIRS],
        "at_words": AT,
        "label_words": LABELS,
        "ways": WAYS,
    }


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
