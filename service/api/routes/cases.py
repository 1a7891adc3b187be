"""`/v1/dispositions`, `/v1/alerts/{id}/…`, `/v1/audit`: for teams that work in another tool."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from models.cards import masked_text
from models.instants import format_instant
from models.seal import HOUR_MS
from service.api.bodies import body_of
from service.api.documents import answer, one_body, one_or_many, told
from service.api.outcomes import (
    ClaimPosted,
    DispositionPosted,
    NotePosted,
    OutcomePosted,
    decoded,
    outcome_of,
    outcomes_of,
)
from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.api.problems import invalid, not_found
from service.api.shown_cases import AuditPage, AuditShown, CaseShown, OutcomesTaken, OutcomeTaken
from service.api.tokens import Caller, needs
from service.errors import CaseUnknown
from service.ledger import case_work
from service.ledger.audit import By
from service.people.roles import PROGRAM

if TYPE_CHECKING:
    from service.ledger.case_reads import Case
    from service.ledger.external import Outcome

router = APIRouter(tags=["cases"])

_MINUTE_MS = 60_000
_REFUSALS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


@router.post(
    "/v1/dispositions",
    summary="Say what alerts were found to be",
    response_class=Response,
    dependencies=[needs("work")],
    responses=told(
        "What became of each, in the order given.",
        OutcomesTaken,
        problems=(HTTPStatus.BAD_REQUEST, *_REFUSALS),
    ),
    openapi_extra=one_or_many(
        OutcomePosted,
        "One outcome, or an array of at most PENUMBRA_BATCH_SIZE; all or none is taken.",
    ),
)
async def dispositions(request: Request, parts: Given, by: Caller) -> Response:
    """Take outcomes of another tool; each becomes a label, and counts once however often sent."""
    body = body_of(await request.body(), parts.settings.batch_size)
    given = outcomes_of(body.values, by.actor)
    return await run_in_threadpool(partial(_taken, parts, by, given))


@router.post(
    "/v1/alerts/{alert_id}/disposition",
    summary="Say what one alert was found to be",
    response_class=Response,
    dependencies=[needs("work")],
    responses=told("What became of it.", OutcomesTaken, problems=_REFUSALS),
    openapi_extra=one_body(DispositionPosted, "The disposition."),
)
async def disposition(request: Request, parts: Given, by: Caller, alert_id: str) -> Response:
    """Take one outcome; the case is decided once each of its alerts is."""
    posted = decoded(await request.body(), DispositionPosted)
    try:
        given = [outcome_of(posted, by.actor, _id(alert_id))]
    except ValueError as error:
        raise invalid(str(error)) from None
    return await run_in_threadpool(partial(_taken, parts, by, given))


@router.post(
    "/v1/alerts/{alert_id}/claim",
    summary="Take the case of an alert",
    response_class=Response,
    dependencies=[needs("work")],
    responses=told("The case as it is now.", CaseShown, problems=_REFUSALS),
    openapi_extra=one_body(ClaimPosted, "Who takes it."),
)
async def claim(request: Request, parts: Given, by: Caller, alert_id: str) -> Response:
    """Claim a case, or prolong the claim; it ends after PENUMBRA_CLAIM_MIN minutes."""
    posted = decoded(await request.body(), ClaimPosted)
    return await run_in_threadpool(
        partial(_claimed, parts, _person(by, posted.claimed_by), _id(alert_id))
    )


@router.post(
    "/v1/alerts/{alert_id}/notes",
    summary="Write something about the case of an alert",
    response_class=Response,
    status_code=HTTPStatus.CREATED,
    dependencies=[needs("work")],
    responses=told("The case as it is now.", CaseShown, problems=_REFUSALS, status=201),
    openapi_extra=one_body(NotePosted, "The note; card numbers in it are masked."),
)
async def notes(request: Request, parts: Given, by: Caller, alert_id: str) -> Response:
    """Keep a note with a case."""
    posted = decoded(await request.body(), NotePosted)
    if "\0" in posted.text:
        raise invalid("text holds the character U+0000")
    return await run_in_threadpool(
        partial(_noted, parts, _person(by, posted.author), _id(alert_id), masked_text(posted.text))
    )


@router.get(
    "/v1/audit",
    summary="The audit log, newest first",
    response_class=Response,
    dependencies=[needs("audit")],
    responses=told(
        "A page of the log.",
        AuditPage,
        problems=(
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    ),
)
def audit(
    parts: Given,
    by: Caller,
    before: Annotated[
        int | None, Query(ge=0, le=2**62, description="`next_before` of the page before.")
    ] = None,
    customer_id: Annotated[
        str | None, Query(max_length=128, pattern="^[^\\x00]*$", description="About whom.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most entries of a page.")] = 100,
) -> Response:
    """List who looked at or did what; looking at it stands in it too."""
    where = {} if customer_id is None else {"customer_id": customer_id}
    found = parts.ledger.audit_page(before_id=before, limit=limit, where=where)
    parts.ledger.note_action(by, "view audit log", customer_id=customer_id)
    entries = [
        AuditShown(
            one.id, format_instant(one.at_ms), one.actor, one.role, one.action, one.case_id,
            one.alert_id, one.customer_id, one.address, one.detail,
        )
        for one in found
    ]  # fmt: skip
    return answer(AuditPage(entries, found[-1].id if len(found) == limit else None))


def _taken(parts: Parts, by: By, given: list[Outcome]) -> Response:
    window_ms = parts.settings.case_window_h * HOUR_MS
    taken = parts.ledger.take_outcomes(given, by, window_ms)
    return answer(
        OutcomesTaken(
            [OutcomeTaken(one.disposition_id, one.alert_id, one.case_id, one.new) for one in taken]
        )
    )


def _claimed(parts: Parts, by: By, alert_id: str) -> Response:
    case_id = _case_id(parts, alert_id)
    found = parts.ledger.claim(case_id, by, parts.settings.claim_min * _MINUTE_MS)
    return answer(_shown(found, parts.ledger.now_ms()))


def _noted(parts: Parts, by: By, alert_id: str, text: str) -> Response:
    case_id = _case_id(parts, alert_id)
    parts.ledger.work_on_case(case_work.note, case_id, by, text=text)
    found = parts.ledger.case(case_id)
    if found is None:
        raise CaseUnknown(case_id)
    return answer(_shown(found, parts.ledger.now_ms()), HTTPStatus.CREATED)


def _case_id(parts: Parts, alert_id: str) -> str:
    parts.ledger.file_alerts(parts.settings.case_window_h * HOUR_MS)
    case_id = parts.ledger.case_of_alert(alert_id)
    if case_id is None:
        raise CaseUnknown(alert_id)
    return case_id


def _id(alert_id: str) -> str:
    if "\0" in alert_id:
        raise not_found("no alert can have this id")
    return alert_id


def _person(by: By, named: str | None) -> By:
    """Return who acts: a program may name its own user, a person is who they are."""
    return By(named, by.role, by.address) if named and by.role == PROGRAM else by


def _shown(case: Case, now_ms: int) -> CaseShown:
    until = case.claim_until_ms
    holder = case.holder(now_ms)
    return CaseShown(
        case_id=case.case_id,
        customer_id=case.customer_id,
        status=case.status,
        risk_score=case.risk,
        alerts=case.alerts,
        assignee=holder,
        claim_until=None if until is None or holder is None else format_instant(until),
        disposition=case.disposition,
        reason_code=case.reason_code,
    )
