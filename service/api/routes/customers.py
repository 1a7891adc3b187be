"""`/v1/customers/{id}/timeline`: what a customer did, and what was said of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

import numpy as np
from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from service.api.cursor import LONGEST, Moment, cursor_of, place_of
from service.api.documents import answer, told
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.problems import not_found
from service.api.shown import TimelineEntry, TimelinePage, transaction_shown
from service.api.tokens import Caller  # noqa: TC001 - read by FastAPI

if TYPE_CHECKING:
    from service.ledger import Ledger, Timeline

router = APIRouter(tags=["customers"])


@router.get(
    "/v1/customers/{customer_id}/timeline",
    summary="A customer's transactions, newest first",
    response_class=Response,
    responses=told(
        "A page of the customer's transactions.",
        TimelinePage,
        problems=(
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    ),
)
def timeline(
    parts: Given,
    by: Caller,
    customer_id: Annotated[str, Path(max_length=128)],
    cursor: Annotated[
        str | None, Query(max_length=LONGEST, description="`next_cursor` of the page before.")
    ] = None,
    limit: Annotated[
        int, Query(ge=1, le=200, description="Most entries, more where many share one instant.")
    ] = 50,
) -> Response:
    """List a customer's transactions with scores, alerts and labels."""
    before_ms = None if cursor is None else place_of(cursor, Moment)
    if "\0" in customer_id:
        raise not_found("no customer can have this id")
    found, shown = _page(parts.ledger, customer_id, before_ms, limit)
    if not len(found.transactions) and cursor is None:
        raise not_found("no transaction of this customer is in the ledger; check the id")
    parts.ledger.note_action(by, "view timeline", customer_id=customer_id)
    more = shown < len(found.transactions)
    return answer(
        TimelinePage(
            customer_id,
            [_entry(found, row) for row in range(shown)],
            cursor_of(int(found.transactions.occurred_ms[shown]) + 1) if more else None,
        )
    )


def _page(
    ledger: Ledger, customer_id: str, before_ms: int | None, limit: int
) -> tuple[Timeline, int]:
    """Return a timeline and how many of its rows to show.

    The next page begins at an instant, so a page never parts transactions of one instant.
    """
    while True:
        found = ledger.timeline(customer_id, before_ms=before_ms, limit=limit + 1)
        times = found.transactions.occurred_ms
        if len(times) <= limit:
            return found, len(times)
        shown = int(np.count_nonzero(times > times[-1]))
        if shown:
            return found, shown
        limit *= 2


def _entry(found: Timeline, row: int) -> TimelineEntry:
    risk = int(found.risk[row])
    log_odds = float(found.log_odds[row])
    return TimelineEntry(
        transaction_shown(found.transactions, row),
        None if np.isnan(log_odds) else log_odds,
        None if risk < 0 else risk,
        bool(found.flagged[row]),
        found.alert_id[row],
        found.is_fraud[row],
    )
