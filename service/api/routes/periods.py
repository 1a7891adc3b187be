"""`/v1/periods`: spans in which neither the champion nor the legacy's rules changed."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter
from starlette.responses import Response

from service.api.documents import answer, told
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.shown_comparison import PeriodsShown, period_shown
from service.comparison.windows import Window, periods

router = APIRouter(tags=["comparison"])


@router.get(
    "/v1/periods",
    summary="Spans that may be compared as one",
    response_class=Response,
    responses=told(
        "The periods, oldest first.",
        PeriodsShown,
        problems=(HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
)
def all_periods(parts: Given) -> Response:
    """List the periods there are: a change of champion or of rules begins another."""
    stored = parts.ledger.first_and_last_day()
    if stored is None:
        return answer(PeriodsShown([]))
    return answer(
        PeriodsShown([period_shown(one) for one in periods(parts.ledger, Window(*stored))])
    )
