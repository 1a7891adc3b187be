"""The queue of cases: a page, and the part of it that keeps itself fresh."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.cases.dispositions import CODES, SAYS
from service.console.asked import PER_PAGE, InQueue, QueueAddress
from service.console.guard import Acting, Who, needs
from service.console.pages import page
from service.people.roles import may

if TYPE_CHECKING:
    from service.people.signing_in import Signed

router = APIRouter(dependencies=[needs("view")])


@router.get("/cases")
def cases(parts: Given, who: Who, by: Acting, queue: InQueue, after: str = "") -> Response:
    """Show the queue."""
    shown = _shown(parts, who, queue)
    parts.ledger.note_action(by, "view queue", detail=queue.text or None)
    return page(
        "queue.html",
        who,
        here="/console/cases",
        says_of=SAYS,
        codes=CODES,
        users=[one.username for one in parts.ledger.users() if may(one.role, "work")]
        if may(who.role, "assign")
        else [],
        undo=undo_of(parts, who, after),
        version=_version(shown),
        **shown,
    )


@router.get("/cases/live")
def live(
    parts: Given, who: Who, queue: InQueue, v: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Give the part of the queue that changes, or nothing while it has not."""
    shown = _shown(parts, who, queue)
    version = _version(shown)
    if v == version:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return page("queue_live.html", who, version=version, **shown)


def undo_of(parts: Parts, who: Signed, decision_id: str) -> dict[str, Any] | None:
    """Return what may still be undone by this user of a decision, None where nothing."""
    said = parts.ledger.decision(decision_id) if decision_id else []
    now_ms = parts.ledger.now_ms()
    if not said or said[0].decided_by != who.username:
        return None
    if any(one.state != "pending" or one.effective_ms <= now_ms for one in said):
        return None
    return {
        "decision_id": decision_id,
        "cases": len({one.case_id for one in said}),
        "disposition": said[0].disposition,
        "left_ms": said[0].effective_ms - now_ms,
    }


def _shown(parts: Parts, who: Signed, queue: QueueAddress) -> dict[str, Any]:
    ledger = parts.ledger
    total = ledger.case_count(queue.asked, who.username)
    pages = max(1, -(-total // PER_PAGE))
    at = min(queue.page, pages)
    return {
        "queue": queue,
        "cases": ledger.cases(
            queue.asked, who.username, offset=(at - 1) * PER_PAGE, limit=PER_PAGE
        ),
        "total": total,
        "at": at,
        "pages": pages,
        "totals": ledger.case_totals(who.username),
        "now_ms": ledger.now_ms(),
        "currency": parts.settings.reporting_currency,
    }


def _version(shown: dict[str, Any]) -> str:
    """Return what differs when the page would: cases, totals, and ages to the minute."""
    said = repr((shown["cases"], shown["total"], shown["totals"], shown["now_ms"] // 60_000))
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()
