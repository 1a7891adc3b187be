"""Who asks, whether they may, and whether the form is one of our own pages'."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import Depends, Request

from models.cards import masked_text
from models.errors import PenumbraError
from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.ledger.audit import By
from service.people import signing_in
from service.people.arriving import address_of, cookie_name, is_proxy, is_same_origin
from service.people.roles import Right, may
from service.people.signing_in import Signed

_BY_ITSELF = ("/live", "/claim")
"""Ends of the paths that pages ask for again and again, with nobody there."""
LONGEST_FORM = 200_000
LONGEST_TEXT = 4_000


class SignInNeeded(PenumbraError):
    """Nobody is signed in, or the session has ended."""


class NotAllowed(PenumbraError):
    """This user's role does not include that."""


class ForeignForm(PenumbraError):
    """A form that is not one of our own pages', or of a session that has ended."""


class Form:
    """A form as it was sent: text only, without card numbers."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self._fields = fields

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        """Return a field's text without space around it; "" where it is absent."""
        return self.secret(name)[:longest].replace("\0", "").strip() if name in self._fields else ""

    def prose(self, name: str) -> str | None:
        """Return what a person wrote, card numbers masked; None where they wrote nothing."""
        return masked_text(self.text(name)) or None

    def secret(self, name: str) -> str:
        """Return a field exactly as sent."""
        return self._fields.get(name, [""])[0]

    def many(self, name: str) -> list[str]:
        """Return every value of a field that may be sent several times."""
        return self._fields.get(name, [])


async def _form(request: Request) -> Form:
    body = (await request.body())[:LONGEST_FORM]
    return Form(parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True))


SentForm = Annotated[Form, Depends(_form)]


def _user(request: Request, parts: Given) -> Signed:
    token = request.cookies.get(cookie_name(parts.settings), "")
    by_itself = request.method == "GET" and request.url.path.endswith(_BY_ITSELF)
    found = (
        signing_in.signed(parts.ledger, parts.settings, token, used=not by_itself)
        if token
        else None
    )
    if parts.settings.console_sign_in == "proxy":
        found = _by_proxy(request, parts, found)
    if found is None:
        raise SignInNeeded("sign in first; the session may have ended")
    return found


def _by_proxy(request: Request, parts: Parts, found: Signed | None) -> Signed | None:
    """Return the user a proxy names; with a new session where theirs is not of that user."""
    peer = request.client.host if request.client else ""
    name = request.headers.get(parts.settings.console_proxy_header, "")
    if not name or not is_proxy(peer, parts.settings):
        return None
    if found is not None and found.username == name:
        return found
    user = parts.ledger.user(name)
    if user is None or user.disabled:
        raise NotAllowed(
            f"the proxy names {name!r}, who is no user here; ask an administrator to add them"
        )
    started = signing_in.start(parts.ledger, parts.settings, user)
    request.state.new_session = started
    return started


Who = Annotated[Signed, Depends(_user)]
"""Whoever is signed in, as an argument of a page's function. Raises SignInNeeded."""


def acting(request: Request, who: Who, parts: Given) -> By:
    """Return who acts, for the audit log."""
    return By(who.username, who.role, address_of(request, parts.settings))


Acting = Annotated[By, Depends(acting)]


def needs(right: Right) -> Any:
    """Return the dependency of paths for which a role needs a right. Raises NotAllowed."""

    def check(who: Who) -> None:
        if not may(who.role, right):
            raise NotAllowed(f"a {who.role} user may not do this; ask an administrator")

    return Depends(check)


async def _our_form(request: Request, who: Who, form: SentForm) -> None:
    """Let a form pass only if one of this session's pages sent it. Raises ForeignForm."""
    given = request.headers.get("x-csrf-token") or form.secret("csrf")
    if not is_same_origin(request) or not who.sent_csrf(given):
        raise ForeignForm("the form is not of this session; go back, reload the page, send again")


OurForm = Depends(_our_form)
"""Dependency of every path that changes something."""
