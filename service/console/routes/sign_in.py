"""Signing in and out. The form before a session is held to its page by a cookie of its own."""

from __future__ import annotations

import hmac
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.console.guard import (
    Acting,
    ForeignForm,
    OurForm,
    SentForm,
    Who,
)
from service.console.headers import no_cookie, session_cookie
from service.console.pages import page
from service.ledger.audit import By
from service.people import signing_in
from service.people.arriving import address_of, is_same_origin
from service.people.signing_in import SignInRefused

if TYPE_CHECKING:
    from service.people.signing_in import Signed

router = APIRouter()

FORM_COOKIE = "penumbra_form"
HOME = "/console/cases"


@router.get("/sign-in")
def form(parts: Given, to: Annotated[str, Query(max_length=2000)] = HOME) -> Response:
    """Show the form."""
    return _form(parts, to)


@router.post("/sign-in")
def sign_in(request: Request, parts: Given, sent: SentForm) -> Response:
    """Sign in with a password."""
    ours = hmac.compare_digest(request.cookies.get(FORM_COOKIE, ""), sent.secret("form") or "-")
    if not ours or not is_same_origin(request):
        raise ForeignForm("the form is too old, or not from this page; load it again")
    username, to = sent.text("username", 64), sent.text("to", 2000)
    by = By(username, "unknown", address_of(request, parts.settings))
    try:
        signed = signing_in.sign_in(
            parts.ledger, parts.settings, username, sent.secret("password"), by.address or ""
        )
    except SignInRefused as error:
        parts.ledger.note_action(by, "sign-in refused")
        return _form(parts, to, said=str(error), username=username)
    return _entered(request, parts, signed, to)


@router.get("/enter")
def enter(
    request: Request,
    parts: Given,
    ticket: Annotated[str, Query(max_length=200)],
    to: Annotated[str, Query(max_length=2000)] = HOME,
) -> Response:
    """Sign in by a link of `penumbra users link`."""
    try:
        signed = signing_in.enter(parts.ledger, parts.settings, ticket)
    except SignInRefused as error:
        return _form(parts, to, said=str(error))
    return _entered(request, parts, signed, to)


@router.post("/sign-out", dependencies=[OurForm])
def sign_out(parts: Given, who: Who, by: Acting) -> Response:
    """End the session."""
    signing_in.sign_out(parts.ledger, who.token)
    parts.ledger.note_action(by, "sign out")
    answered = RedirectResponse("/console/sign-in", HTTPStatus.SEE_OTHER)
    answered.headers.append("Set-Cookie", no_cookie(parts.settings))
    return answered


def _entered(request: Request, parts: Parts, signed: Signed, to: str) -> Response:
    by = By(signed.username, signed.role, address_of(request, parts.settings))
    parts.ledger.note_action(by, "sign in")
    # Only to pages of ours: a link must not use the sign-in to lead elsewhere.
    inside = to.startswith("/console/") and "\\" not in to and "\n" not in to
    answered = RedirectResponse(to if inside else HOME, HTTPStatus.SEE_OTHER)
    answered.headers.append("Set-Cookie", session_cookie(signed, parts.settings))
    return answered


def _form(parts: Parts, to: str, *, said: str | None = None, username: str = "") -> Response:
    held = secrets.token_urlsafe(16)
    status = HTTPStatus.OK if said is None else HTTPStatus.UNAUTHORIZED
    answered = page(
        "sign_in.html",
        None,
        status=status,
        form=held,
        to=to,
        said=said,
        username=username,
        by_proxy=parts.settings.console_sign_in == "proxy",
    )
    answered.set_cookie(
        FORM_COOKIE,
        held,
        path="/console/sign-in",
        httponly=True,
        samesite="strict",
        secure=parts.settings.console_cookie_secure,
    )
    return answered
