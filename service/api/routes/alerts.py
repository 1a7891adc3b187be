"""`/v1/alerts`: flags with their explanations; one without is not shown."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from msgspec import Meta
from starlette.responses import Response

from service.api.cursor import LONGEST, Moment, cursor_of, place_of
from service.api.documents import answer, told
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.problems import not_found
from service.api.shown import (
    AlertDetail,
    AlertPage,
    AlertRecord,
    AlertStatus,
    AlertSummary,
    status_of,
    transaction_shown,
)
from service.api.tokens import Caller  # noqa: TC001 - read by FastAPI
from service.api.verified import VerificationShown, verification_shown
from service.records import alert_record
from service.verifying import NoSuchAlert, verify
from service.witnesses import witnesses

router = APIRouter(tags=["alerts"])

_Place = tuple[Moment, Annotated[str, Meta(pattern="^[0-9A-Za-z:_-]{1,128}$")]]
_REFUSALS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


@router.get(
    "/v1/alerts",
    summary="Alerts, newest first",
    response_class=Response,
    responses=told("A page of alerts.", AlertPage, problems=_REFUSALS),
)
def alerts(
    parts: Given,
    by: Caller,
    status: Annotated[
        AlertStatus | None,
        Query(description="By the newest label: none yet, fraud, or genuine."),
    ] = None,
    min_risk: Annotated[int, Query(ge=0, le=999, description="Least risk score.")] = 0,
    cursor: Annotated[
        str | None, Query(max_length=LONGEST, description="`next_cursor` of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Most alerts of a page.")] = 50,
) -> Response:
    """List explained alerts, newest first."""
    place = None if cursor is None else place_of(cursor, _Place)
    page = parts.ledger.alerts(cursor=place, limit=limit, min_risk=min_risk, status=status)
    records = [
        alert_record(page.alerts, row, parts.settings.legacy_positive)
        for row in range(len(page.alerts))
    ]
    parts.ledger.note_action(by, "view alerts", detail=f"{len(records)} alerts")
    return answer(
        AlertPage(
            [
                _summary(record, is_fraud)
                for record, is_fraud in zip(records, page.is_fraud, strict=True)
            ],
            None if page.cursor is None else cursor_of(page.cursor),
        )
    )


@router.get(
    "/v1/alerts/{alert_id}",
    summary="One alert",
    response_class=Response,
    responses=told(
        "The alert as published, its transaction and its reasons.",
        AlertDetail,
        problems=(*_REFUSALS, HTTPStatus.NOT_FOUND),
    ),
)
def alert(parts: Given, by: Caller, alert_id: str) -> Response:
    """Return one alert: its record as published, its reasons in words, its transaction."""
    found = None if "\0" in alert_id else parts.ledger.alert(alert_id)
    if found is None:
        raise not_found(
            "no alert of this id is explained; look at /v1/alerts, or wait if it was just raised"
        )
    record = alert_record(found.alert, 0, parts.settings.legacy_positive)
    customer = record["customer_id"]
    parts.ledger.note_action(by, "view alert", alert_id=alert_id, customer_id=customer)
    return answer(
        AlertDetail(
            msgspec.convert(record, AlertRecord),
            status_of(found.is_fraud),
            record["explanation"].get("reasons", []),
            transaction_shown(found.transaction, 0),
        )
    )


@router.get(
    "/v1/alerts/{alert_id}/verify",
    summary="Compute an alert anew",
    response_class=Response,
    responses=told(
        "What differs from what was stored, if anything does.",
        VerificationShown,
        problems=(*_REFUSALS, HTTPStatus.NOT_FOUND),
    ),
)
def verify_alert(parts: Given, by: Caller, alert_id: str) -> Response:
    """Compute score and explanation anew from the stored inputs and bundle, and compare."""
    if "\0" in alert_id:
        raise not_found("no alert of this id; look at /v1/alerts")
    judges = (parts.lineup.champion, *parts.lineup.challengers)
    loaded = {judge.bundle.bundle_id: judge for judge in judges}
    try:
        found = verify(parts.ledger, witnesses(parts.settings, loaded=loaded), alert_id)
    except NoSuchAlert as error:
        raise not_found("no alert of this id; look at /v1/alerts") from error
    parts.ledger.note_action(by, "verify", alert_id=alert_id)
    return answer(verification_shown(found))


def _summary(record: dict[str, Any], is_fraud: bool | None) -> AlertSummary:  # noqa: FBT001 - truth
    explanation = record.pop("explanation")
    reasons = explanation.get("reasons", [])
    return msgspec.convert(
        {**record, "alert_status": status_of(is_fraud), "reasons": reasons}, AlertSummary
    )
