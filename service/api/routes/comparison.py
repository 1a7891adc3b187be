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
from service.api.shown_comparison import (
    ComparisonShown,
)
from service.api.shown_opened import OpenedPage, OpenedShown
from service.api.telling import comparison_told
from service.api.tokens import Caller  # noqa: TC001 - read by FastAPI
from service.comparison.judged import At, LabelsUsed  # noqa: TC001 - read by FastAPI
from service.comparison.opening import Asked, opened
from service.ledger.facts import DAY_MS

if TYPE_CHECKING:
    from service.comparison.opening import OpenedRow

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
        Query(
            description="All labels; those that do not follow whoever flagged; these, the random "
            "review standing for what legacy declined."
        ),
    ] = "all",
    *,
    daily: Annotated[bool, Query(description="Split by day too.")] = False,
) -> Response:
    """Compare what both systems said of the same payments with what was true."""
    found = asked.read(parts)
    return answer(
        comparison_told(
            parts.ledger,
            parts.settings,
            found,
            by=by,
            segment=segment,
            daily=daily,
            at=at,
            labels=labels,
            most=parts.settings.comparison_max_rows,
        )
    )


@router.get(
    "/v1/comparison/transactions",
    summary="The payments behind a cell",
    response_class=Response,
    responses=told("A page of payments, newest first.", OpenedPage, problems=_REFUSALS),
)
def cell(
    parts: Given,
    by: Caller,
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
    parts.ledger.note_action(by, "open payments", detail=f"{len(rows)} payments")
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
