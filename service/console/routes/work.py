"""What people do with cases: claim, decide, undo, note, escalate, assign. Forms only."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from models.errors import BadInput
from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.cases import rules
from service.cases.dispositions import Code, code_of
from service.console.asked import InQueue, QueueAddress  # noqa: TC001 - read by FastAPI
from service.console.guard import Acting, Form, NotAllowed, OurForm, SentForm, Who, needs
from service.console.pages import page
from service.console.words import MINUTE_MS
from service.errors import CaseRefused, CaseUnknown
from service.ledger import case_work
from service.people.roles import may

if TYPE_CHECKING:
    from service.ledger.audit import By

router = APIRouter(dependencies=[needs("work"), OurForm])

MOST_AT_ONCE = 200
WARN_MS = 5 * MINUTE_MS
"""So long before its end a claim is shown as about to end."""


def claim_ms(parts: Parts) -> int:
    """Return how long a claim lasts."""
    return parts.settings.claim_min * MINUTE_MS


@router.post("/cases/{case_id}/claim")
def claim(parts: Given, who: Who, by: Acting, case_id: str, *, keep: bool = False) -> Response:
    """Claim a case, or prolong the claim; answers with the line that says who has it."""
    case = parts.ledger.case(case_id)
    if case is None:
        raise CaseUnknown(case_id)
    now_ms = parts.ledger.now_ms()
    why_not = rules.why_not_claim(case, by, now_ms)
    holder = case.holder(now_ms)
    # Opening a page claims what is free and does not take from others; asking does.
    if why_not is None and (keep or holder in {None, by.actor}):
        case = parts.ledger.claim(case_id, by, claim_ms(parts))
    answered = page(
        "claim.html",
        who,
        case=case,
        now_ms=parts.ledger.now_ms(),
        warn_ms=WARN_MS,
        why_not=why_not,
    )
    if keep and holder != case.holder(now_ms):
        # Taken over: what may be done on the page is another now.
        answered.headers["HX-Refresh"] = "true"
    return answered


@router.post("/cases/{case_id}/release")
def release(parts: Given, by: Acting, case_id: str, queue: InQueue) -> Response:
    """Give a case back, and return to the queue."""
    parts.ledger.work_on_case(case_work.release, case_id, by)
    return _to_queue(queue)


@router.post("/cases/{case_id}/decide")
def decide(parts: Given, by: Acting, sent: SentForm, case_id: str, queue: InQueue) -> Response:
    """Decide a case and go on to the next one of the queue."""
    kind, code = _said(sent)
    decision_id = sent.text("decision_id", 64)
    if not decision_id:
        raise BadInput("the form has no decision_id; load the page again")
    # Found before: once decided, the case is no longer there to stand next to.
    after = next_of(parts, by, queue, case_id)
    _decide(parts, by, case_id, decision_id, kind, code, sent.prose("note"))
    return _on(queue, after, decision_id)


@router.post("/cases/{case_id}/escalate")
def escalate(parts: Given, by: Acting, sent: SentForm, case_id: str, queue: InQueue) -> Response:
    """Ask a lead to decide, and go on to the next case."""
    after = next_of(parts, by, queue, case_id)
    parts.ledger.work_on_case(case_work.escalate, case_id, by, text=sent.prose("note"))
    return _on(queue, after, None)


@router.post("/cases/{case_id}/note")
def note(parts: Given, by: Acting, sent: SentForm, case_id: str, queue: InQueue) -> Response:
    """Write something about a case."""
    text = sent.prose("note")
    if text is not None:
        parts.ledger.work_on_case(case_work.note, case_id, by, text=text)
    return RedirectResponse(_case_path(case_id, queue.text), HTTPStatus.SEE_OTHER)


@router.post("/cases/{case_id}/reopen", dependencies=[needs("approve")])
def reopen(parts: Given, by: Acting, case_id: str, queue: InQueue) -> Response:
    """Open a decided case again."""
    parts.ledger.work_on_case(case_work.reopen, case_id, by, claim_ms=claim_ms(parts))
    return RedirectResponse(_case_path(case_id, queue.text), HTTPStatus.SEE_OTHER)


@router.post("/decisions/{decision_id}/undo")
def undo(parts: Given, by: Acting, decision_id: str, queue: InQueue) -> Response:
    """Take a decision back while it does not count yet."""
    reopened = parts.ledger.undo(decision_id, by, claim_ms(parts))
    if len(reopened) > 1:
        return _to_queue(queue)
    return RedirectResponse(_case_path(reopened[0], queue.text), HTTPStatus.SEE_OTHER)


@router.post("/cases/bulk")
def bulk(parts: Given, by: Acting, sent: SentForm, queue: InQueue) -> Response:
    """Assign or decide the chosen cases; what cannot be done is said, the rest is done."""
    chosen = list(dict.fromkeys(sent.many("case")))[:MOST_AT_ONCE]
    if not chosen:
        return _to_queue(queue)
    if sent.text("action") == "assign":
        _assign(parts, by, chosen, sent.text("to", 64))
        return _to_queue(queue)
    kind, code = _said(sent)
    decision_id = secrets.token_hex(8)
    left = []
    for case_id in chosen:
        try:
            _decide(parts, by, case_id, decision_id, kind, code, sent.prose("note"))
        except CaseRefused as error:
            left.append(str(error))
    if len(left) == len(chosen):
        raise CaseRefused(f"none of the {len(chosen)} cases was decided: {left[0]}")
    return _to_queue(queue, after=decision_id, left=len(left))


def next_of(parts: Parts, by: By, queue: QueueAddress, case_id: str) -> str | None:
    """Return the case after this one that this user may take on, from the top if there is none."""
    ids = parts.ledger.case_ids(queue.asked, by.actor)
    at = ids.index(case_id) + 1 if case_id in ids else 0
    now_ms = parts.ledger.now_ms()
    for one in (*ids[at:], *ids[: max(at - 1, 0)]):
        case = parts.ledger.case(one)
        if case is not None and rules.why_not_decide(case, by, now_ms) is None:
            return one
    return None


def _decide(
    parts: Parts, by: By, case_id: str, decision_id: str, kind: str, code: Code, text: str | None
) -> None:
    parts.ledger.work_on_case(
        case_work.decide,
        case_id,
        by,
        decision_id=decision_id,
        disposition=kind,
        reason_code=code.code,
        text=text,
        fraud_type=code.fraud_type,
        undo_ms=int(parts.settings.undo_s * 1000),
    )


def _said(sent: Form) -> tuple[str, Code]:
    """Return the disposition and the reason code of a form. Raises BadInput."""
    kind = sent.text("disposition", 32)
    code = code_of(kind, sent.text(f"reason_{kind}", 64) or sent.text("reason", 64))
    if code is None:
        raise BadInput("choose a disposition and one of its reasons")
    return kind, code


def _assign(parts: Parts, by: By, chosen: list[str], to: str) -> None:
    if not may(by.role, "assign"):
        raise NotAllowed("only a lead assigns cases")
    user = parts.ledger.user(to)
    if user is None or user.disabled or not may(user.role, "work"):
        raise BadInput(f"{to!r} is nobody who works on cases; choose one of the list")
    for case_id in chosen:
        parts.ledger.work_on_case(case_work.assign, case_id, by, to=to)


def _on(queue: QueueAddress, case_id: str | None, decision_id: str | None) -> Response:
    """Go to the next case, or to the queue if there is none."""
    if case_id is None:
        return _to_queue(queue, after=decision_id)
    after = "" if decision_id is None else f"after={decision_id}"
    query = "&".join(filter(None, (queue.text, after)))
    return RedirectResponse(_case_path(case_id, query), HTTPStatus.SEE_OTHER)


def _case_path(case_id: str, query: str) -> str:
    return f"/console/cases/{case_id}" + (f"?{query}" if query else "")


def _to_queue(queue: QueueAddress, *, after: str | None = None, left: int = 0) -> Response:
    given = (f"after={after}" if after else "", f"left={left}" if left else "")
    query = "&".join(filter(None, (queue.text, *given)))
    return RedirectResponse("/console/cases" + (f"?{query}" if query else ""), HTTPStatus.SEE_OTHER)
