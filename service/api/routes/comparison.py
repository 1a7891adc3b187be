"""`/v1/comparison`: shadow beside legacy on the same payments, and the payments behind a cell."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query
from msgspec import Meta
from starlette.responses import Response

from models.instants import format_instant
from service.api.asked_window import AskedWindow  # noqa: TC001 - read by FastAPI
from service.api.cursor import LONGEST, Moment, cursor_of, place_of
from service.api.documents import answer, told
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.problems import invalid
from service.api.shown_comparison import (
    ComparisonShown,
    coverage_shown,
    group_shown,
    period_shown,
    window_shown,
)
from service.api.shown_opened import OpenedPage, OpenedShown
from service.api.shown_verdicts import overlap_shown, verdicts_shown
from service.comparison.cube import by_day, by_segment, cube, dimensions
from service.comparison.judged import BY_AMOUNT, BY_COUNT, At, LabelsUsed
from service.comparison.opening import Asked, opened
from service.comparison.overlap import overlap
from service.comparison.rows import TooManyRows
from service.comparison.windowed import window_verdicts
from service.ledger.facts import DAY_MS, SEGMENT_CUT

if TYPE_CHECKING:
    from service.api.parts import Parts
    from service.api.shown_verdicts import VerdictsShown
    from service.comparison.opening import OpenedRow
    from service.comparison.windowed import Windowed

router = APIRouter(tags=["comparison"])

_Place = tuple[Moment, Annotated[str, Meta(min_length=1, max_length=64, pattern="^[^\\x00]*$")]]
_REFUSALS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_Segment = Annotated[
    str | None,
    Query(
        max_length=140,
        pattern="^[A-Za-z0-9_.-]+=[^\\x00]+$",
        description="Only payments of this segment: `channel=ecommerce`.",
    ),
]


@router.get(
    "/v1/comparison",
    summary="Shadow beside legacy",
    response_class=Response,
    responses=told("Figures, cube and coverage.", ComparisonShown, problems=_REFUSALS),
)
def comparison(
    parts: Given,
    asked: AskedWindow,
    by: Annotated[
        Literal["count", "amount"], Query(description="Figures by payments or by money.")
    ] = "count",
    segment: Annotated[
        str | None,
        Query(
            max_length=64,
            pattern="^[A-Za-z0-9_.-]+$",
            description="Split by channel, country, mcc, amount, customer_age or a declared group.",
        ),
    ] = None,
    at: Annotated[
        At, Query(description="The shadow at its own threshold, or matched to legacy's rate.")
    ] = "threshold",
    labels: Annotated[
        LabelsUsed,
        Query(description="All labels, or only those that do not follow whoever flagged."),
    ] = "all",
    *,
    daily: Annotated[bool, Query(description="Split by day too.")] = False,
) -> Response:
    """Compare what both systems said of the same payments with what was true."""
    found = asked.read(parts)
    window = found.window
    sums = parts.ledger.sums(
        SEGMENT_CUT,
        first_day=window.first_day,
        last_day=window.last_day,
        bundle_id=window.bundle_id,
        role="champion",
    )
    known = dimensions(sums)
    if segment is not None and sums.keys and segment not in known:
        raise invalid(f"segment {segment!r} is none of {', '.join(known)}")
    days = segments = None
    if daily:
        days = [
            group_shown(cube(format_instant(day * DAY_MS)[:10], one, found.legacy_positive))
            for day, one in by_day(sums, found.ripe_until, window.ruleset)
        ]
    if segment is not None:
        segments = [
            group_shown(cube(value, one, found.legacy_positive))
            for value, one in by_segment(sums, segment, found.ripe_until, window.ruleset).items()
        ]
    names = BY_COUNT if by == "count" else BY_AMOUNT
    verdicts, why_not = _verdicts(parts, found, names, at, labels)
    return answer(
        ComparisonShown(
            window=window_shown(window),
            periods=[period_shown(period) for period in found.periods],
            legacy_positive=parts.settings.legacy_positive,
            currency=parts.settings.reporting_currency,
            by=by,
            coverage=coverage_shown(found.coverage),
            verdicts=verdicts,
            not_judged=why_not,
            overlap=overlap_shown(overlap(parts.ledger, window)),
            cells=group_shown(cube("all", found.totals, found.legacy_positive)).cells,
            by_day=days,
            segments=segments,
            dimensions=known,
        )
    )


def _verdicts(
    parts: Parts, found: Windowed, names: tuple[str, ...], at: At, labels: LabelsUsed
) -> tuple[VerdictsShown | None, str | None]:
    """Return what the payments themselves say, or why they were not asked."""
    try:
        made = window_verdicts(
            parts.ledger,
            parts.settings,
            found,
            at=at,
            labels=labels,
            most=parts.settings.comparison_max_rows,
        )
    except TooManyRows as error:
        return None, str(error)
    return verdicts_shown(made, names), None


@router.get(
    "/v1/comparison/transactions",
    summary="The payments behind a cell",
    response_class=Response,
    responses=told("A page of payments, newest first.", OpenedPage, problems=_REFUSALS),
)
def cell(
    parts: Given,
    asked: AskedWindow,
    legacy: Annotated[
        Literal["negative", "positive", "unknown"] | None, Query(description="What legacy said.")
    ] = None,
    shadow: Annotated[
        Literal["clear", "flagged", "unscored"] | None, Query(description="What the shadow said.")
    ] = None,
    truth: Annotated[
        Literal["genuine", "fraud", "unknown"] | None,
        Query(description="What was true, as the cube settles it."),
    ] = None,
    segment: _Segment = None,
    cursor: Annotated[
        str | None, Query(max_length=LONGEST, description="`next_cursor` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Most payments of a page.")] = 50,
) -> Response:
    """Open a cell of the cube: its payments, newest first."""
    place = None if cursor is None else place_of(cursor, _Place)
    found = asked.read(parts)
    rows = opened(
        parts.ledger,
        found.window,
        Asked(legacy, shadow, truth, segment),
        legacy_positive=parts.settings.legacy_positive,
        ripe_ms=found.ripe_until * DAY_MS,
        cursor=place,
        limit=limit,
    )
    last = rows[-1] if len(rows) == limit else None
    return answer(
        OpenedPage(
            [_shown(row) for row in rows],
            None if last is None else cursor_of((last.occurred_ms, last.transaction_id)),
        )
    )


def _shown(row: OpenedRow) -> OpenedShown:
    return OpenedShown(
        transaction_id=row.transaction_id,
        customer_id=row.customer_id,
        occurred_at=format_instant(row.occurred_ms),
        reporting_amount_minor=row.reporting_minor,
        bundle_id=row.bundle_id,
        risk_score=row.risk,
        log_odds=row.log_odds,
        flagged=row.flagged,
        legacy_decision=row.legacy_decision,
        legacy_rules=list(row.legacy_rules),
        ruleset=row.ruleset,
        is_fraud=row.is_fraud,
    )
