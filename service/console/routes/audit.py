"""The audit log as a page."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response  # noqa: TC002 - read by FastAPI

from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.console.guard import Acting, Who, needs
from service.console.pages import page

router = APIRouter(dependencies=[needs("audit")])

PER_PAGE = 100
_Text = Annotated[str, Query(max_length=128)]


@router.get("/audit")
def audit(
    parts: Given,
    who: Who,
    by: Acting,
    actor: _Text = "",
    action: _Text = "",
    customer_id: _Text = "",
    case_id: _Text = "",
    before: Annotated[int | None, Query(ge=0, le=2**62)] = None,
) -> Response:
    """Show the log, newest first; looking at it stands in it too."""
    given = {"actor": actor, "action": action, "customer_id": customer_id, "case_id": case_id}
    where = {name: text for name, one in given.items() if (text := one.replace("\0", "").strip())}
    entries = parts.ledger.audit_page(before_id=before, limit=PER_PAGE, where=where)
    parts.ledger.note_action(by, "view audit log", customer_id=where.get("customer_id"))
    more = len(entries) == PER_PAGE
    older = urlencode({**where, "before": entries[-1].id}) if more else None
    return page("audit.html", who, here="/console/audit", entries=entries, where=where, older=older)
