"""`/v1/money`: what risk teams report of a month, beside the month before."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.api.documents import answer, told
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.problems import invalid, not_found
from service.api.shown_money import MoneyShown
from service.api.telling import money_told
from service.comparison.windows import day_of, month_window, previous_month
from service.ledger import wall_clock_ms

router = APIRouter(tags=["comparison"])


@router.get(
    "/v1/money",
    summary="The month's figures beside the month before",
    response_class=Response,
    responses=told(
        "Fraud, value, reviews, friction and cost.",
        MoneyShown,
        problems=(
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    ),
)
def monthly(
    parts: Given,
    month: Annotated[
        str | None,
        Query(pattern=r"^\d{4}-\d{2}$", description="The month (UTC); default the newest."),
    ] = None,
) -> Response:
    """Report a month: the same page every month, comparable with the last."""
    if month is None:
        stored = parts.ledger.first_and_last_day()
        if stored is None:
            raise not_found("there are no scored payments yet; send some, or backtest a file")
        month = f"{day_of(stored[1]):%Y-%m}"
    try:
        first = date.fromisoformat(f"{month}-01")
        windows = (month_window(first), month_window(previous_month(first)))
    except (ValueError, OverflowError):
        raise invalid(f"month {month!r} is none of the calendar; write 2026-07") from None
    return answer(money_told(parts.ledger, parts.settings, windows, now_ms=wall_clock_ms()))
