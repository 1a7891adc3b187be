"""The page of a case, and its Verify button."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.cases import rules
from service.cases.dispositions import CODES, SAYS
from service.console.asked import InQueue, QueueAddress  # noqa: TC001 - read by FastAPI
from service.console.case_view import case_view
from service.console.guard import Acting, Who, needs
from service.console.pages import page
from service.console.routes.queue import undo_of
from service.console.routes.work import WARN_MS
from service.errors import CaseUnknown
from service.verifying import verify
from service.witnesses import witnesses

if TYPE_CHECKING:
    from service.ledger.audit import By

router = APIRouter(dependencies=[needs("view")])

AlertId = Annotated[str, Query(max_length=128)]


@router.get("/cases/{case_id}")
def case(
    parts: Given,
    who: Who,
    by: Acting,
    case_id: str,
    queue: InQueue,
    alert: AlertId = "",
    after: str = "",
) -> Response:
    """Show a case."""
    view = case_view(parts.ledger, parts.settings, case_id, alert or None)
    now_ms = parts.ledger.now_ms()
    parts.ledger.note_action(
        by,
        "view case",
        case_id=case_id,
        alert_id=view.record["alert_id"],
        customer_id=view.case.customer_id,
    )
    before, behind, at, total = _neighbours(parts, by, queue, case_id)
    return page(
        "case.html",
        who,
        here="/console/cases",
        view=view,
        case=view.case,
        queue=queue,
        before=before,
        behind=behind,
        at=at,
        total=total,
        now_ms=now_ms,
        warn_ms=WARN_MS,
        currency=parts.settings.reporting_currency,
        why_not_claim=rules.why_not_claim(view.case, by, now_ms),
        why_not=rules.why_not_decide(view.case, by, now_ms),
        why_not_escalate=rules.why_not_escalate(view.case, by, now_ms),
        says_of=SAYS,
        codes=CODES,
        decision_id=secrets.token_hex(8),
        undo=undo_of(parts, who, after),
    )


@router.get("/cases/{case_id}/verify")
def verified(parts: Given, who: Who, by: Acting, case_id: str, alert: AlertId) -> Response:
    """Recompute an alert and tell whether it is the same."""
    found = parts.ledger.alert(alert)
    if found is None or parts.ledger.case_of_alert(alert) != case_id:
        raise CaseUnknown(alert)
    customer = found.transaction.customer_id[0]
    parts.ledger.note_action(by, "verify", case_id=case_id, alert_id=alert, customer_id=customer)
    judges = (parts.lineup.champion, *parts.lineup.challengers)
    loaded = {judge.bundle.bundle_id: judge for judge in judges}
    result = verify(parts.ledger, witnesses(parts.settings, loaded=loaded), alert)
    return page("verified.html", who, result=result)


@router.get("/cases/{case_id}/claim")
def claimed(parts: Given, who: Who, by: Acting, case_id: str) -> Response:
    """Tell who has a case, and change nothing."""
    found = parts.ledger.case(case_id)
    if found is None:
        raise CaseUnknown(case_id)
    now_ms = parts.ledger.now_ms()
    why_not = rules.why_not_claim(found, by, now_ms)
    return page("claim.html", who, case=found, now_ms=now_ms, warn_ms=WARN_MS, why_not=why_not)


@router.get("/alerts/{alert_id}")
def by_alert(parts: Given, alert_id: str) -> Response:
    """Go to the case an alert is in."""
    case_id = parts.ledger.case_of_alert(alert_id)
    if case_id is None:
        raise CaseUnknown(alert_id)
    return RedirectResponse(f"/console/cases/{case_id}?alert={alert_id}")


def _neighbours(
    parts: Parts, by: By, queue: QueueAddress, case_id: str
) -> tuple[str | None, str | None, int | None, int]:
    """Return the cases before and after this one in the queue, its place (from 1), and how many."""
    ids = parts.ledger.case_ids(queue.asked, by.actor)
    if case_id not in ids:
        return None, ids[0] if ids else None, None, len(ids)
    at = ids.index(case_id)
    before = ids[at - 1] if at else None
    behind = ids[at + 1] if at + 1 < len(ids) else None
    return before, behind, at + 1, len(ids)
