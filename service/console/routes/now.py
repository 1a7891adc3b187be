"""Now: the newest payments, what the legacy system did with each and what Penumbra said."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.console.guard import Acting, Who, needs
from service.console.pages import page
from service.errors import CaseUnknown

if TYPE_CHECKING:
    from service.ledger import ExplainedAlerts

router = APIRouter(dependencies=[needs("view")])

NEWEST = 14
FLAGS = 4
REASONS = 3


@router.get("/now")
def now(parts: Given, who: Who, by: Acting, still: str = "") -> Response:
    """Show the newest payments and flags; with `still` the page does not renew itself."""
    parts.ledger.note_action(by, "view now")
    return page("now.html", who, here="/console/now", still=bool(still), **_shown(parts))


@router.get("/now/live")
def live(parts: Given, who: Who, v: Annotated[str, Query(max_length=64)] = "") -> Response:
    """Give the part of the page that changes, or nothing while it has not."""
    shown = _shown(parts)
    if v == shown["version"]:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return page("now_live.html", who, **shown)


@router.get("/why/{alert_id}")
def why(parts: Given, alert_id: str) -> Response:
    """Lead from a flag to its case. Raises CaseUnknown."""
    case_id = parts.ledger.case_of_alert(alert_id)
    if case_id is None:
        raise CaseUnknown(
            "this flag is not in a case yet; a case opens within seconds of the explanation: "
            "go back and try again"
        )
    return RedirectResponse(
        f"/console/cases/{case_id}?{urlencode({'alert': alert_id})}", HTTPStatus.SEE_OTHER
    )


def _shown(parts: Parts) -> dict[str, Any]:
    payments = parts.ledger.newest(NEWEST)
    flags = _flags(parts.ledger.alerts(limit=FLAGS).alerts)
    said = repr((payments, [one["alert_id"] for one in flags]))
    return {
        "payments": payments,
        "flags": flags,
        "now_ms": parts.ledger.now_ms(),
        "version": hashlib.blake2b(said.encode(), digest_size=8).hexdigest(),
    }


def _flags(found: ExplainedAlerts) -> list[dict[str, Any]]:
    """Return what a card of each flag says."""
    rows = found.decisions
    return [
        {
            "alert_id": found.alert_id[row],
            "customer_id": rows.customer_id[row],
            "amount_minor": int(rows.amount_minor[row]),
            "currency": rows.currency[row],
            "legacy": None if (legacy := rows.legacy[row]) is None else legacy.decision,
            "risk": int(rows.risk[row]),
            "reasons": msgspec.json.decode(found.body[row])["reasons"][:REASONS],
            "created_ms": found.created_ms[row],
        }
        for row in range(len(found))
    ]
