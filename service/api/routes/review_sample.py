"""`/v1/review-sample`: payments drawn at random, to be judged by somebody who sees no score."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from msgspec import Meta
from starlette.responses import Response

from models.instants import format_instant
from models.transaction import CHANNELS
from service.api.cursor import LONGEST, cursor_of, place_of
from service.api.documents import answer, told
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.shown_opened import DrawnShown, ReviewSamplePage
from service.api.tokens import Caller  # noqa: TC001 - read by FastAPI

if TYPE_CHECKING:
    from sqlalchemy import Row

router = APIRouter(tags=["comparison"])

_Number = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
_Place = tuple[
    Annotated[str, Meta(max_length=255, pattern="^[^\\x00]*$")],
    _Number,
    Annotated[int, Meta(ge=0, le=2**62)],
]


@router.get(
    "/v1/review-sample",
    summary="Payments drawn at random and not labelled yet",
    response_class=Response,
    responses=told(
        "A page of payments.",
        ReviewSamplePage,
        problems=(
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    ),
)
def review_sample(
    parts: Given,
    by: Caller,
    cursor: Annotated[
        str | None, Query(max_length=LONGEST, description="`next_cursor` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Most payments of a page.")] = 50,
) -> Response:
    """List what is to be reviewed; no score and no legacy decision is shown, on purpose."""
    place = None if cursor is None else place_of(cursor, _Place)
    rows = parts.ledger.review_sample(cursor=place, limit=limit)
    parts.ledger.note_action(by, "view random review", detail=f"{len(rows)} payments")
    more = len(rows) == limit
    return answer(
        ReviewSamplePage(
            [_shown(row) for row in rows], cursor_of(tuple(rows[-1][-3:])) if more else None
        )
    )


def _shown(row: Row[Any]) -> DrawnShown:
    return DrawnShown(
        transaction_id=row.transaction_id,
        customer_id=row.customer_id,
        merchant_id=row.merchant_id,
        occurred_at=format_instant(row.occurred_ms),
        amount_minor=row.amount_minor,
        currency=row.currency,
        channel=None if row.channel is None else CHANNELS[row.channel],
        mcc=None if row.mcc is None else f"{row.mcc:04d}",
        country=row.country,
        sampled_at=format_instant(row.sampled_ms),
    )
