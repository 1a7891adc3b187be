"""Who may ask: bearer tokens, sessions of the console, and no open door without either."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from models.errors import BadInput
from service.api.problems import Problem
from service.ledger.audit import By
from service.people.arriving import address_of, cookie_name, is_same_origin
from service.people.roles import PROGRAM, Right, may
from service.people.signing_in import Signed, signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import SecretStr

    from service.settings import Settings

_bearer = HTTPBearer(
    auto_error=False, description="One of PENUMBRA_API_TOKENS, where the server has any."
)


class BindRefused(BadInput):
    """The API would be open to a network without asking anyone for a token."""


def refuse_open_door(settings: Settings) -> None:
    """Raise BindRefused for an address beyond this machine without tokens."""
    if not settings.api_tokens and not is_loopback(settings.api_host):
        raise BindRefused(
            f"refused to listen on {settings.api_host} without tokens: whoever reaches it could "
            "read customers' payments; set PENUMBRA_API_TOKENS, or listen on 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether an address, or the name localhost, is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_known(token: str, tokens: Sequence[SecretStr]) -> bool:
    """Whether a token is among ours, in a time that tells nothing of how far it agrees."""
    known = False
    for ours in tokens:
        known |= hmac.compare_digest(token.encode(), ours.get_secret_value().encode())
    return known


def authorised(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None,
) -> By:
    """Return who asks: a program with a token (or any, where there are none), or a session.

    A session of the console may read, and change what its role may change where a path says so.
    Raises Problem (401, 403).
    """
    parts = request.app.state.parts
    address = address_of(request, parts.settings)
    tokens = parts.settings.api_tokens
    if credentials is not None and tokens and is_known(credentials.credentials, tokens):
        digest = hashlib.sha256(credentials.credentials.encode()).hexdigest()
        return By(f"token {digest[:8]}", PROGRAM, address)
    cookie = request.cookies.get(cookie_name(parts.settings), "")
    person = signed(parts.ledger, parts.settings, cookie) if cookie else None
    if person is not None:
        if request.method != "GET":
            _refuse_foreign(request, person)
        return By(person.username, person.role, address)
    if not tokens:
        return By("this machine", PROGRAM, address)
    raise Problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthorised",
        "Unauthorised",
        "this needs a token that the server knows; send it as `Authorization: Bearer TOKEN`",
    )


Caller = Annotated[By, Depends(authorised)]
"""Who asks, as an argument of a path's function."""


def needs(right: Right) -> Any:
    """Return the dependency of paths for which a role needs a right. Raises Problem (403)."""

    def check(by: Caller) -> None:
        if not may(by.role, right):
            raise Problem(
                HTTPStatus.FORBIDDEN,
                "forbidden",
                "Forbidden",
                f"a {by.role} user may not do this; ask an administrator for another role",
            )

    return Depends(check)


def _refuse_foreign(request: Request, person: Signed) -> None:
    if is_same_origin(request) and person.sent_csrf(request.headers.get("x-csrf-token")):
        return
    raise Problem(
        HTTPStatus.FORBIDDEN,
        "foreign-request",
        "Foreign request",
        "a session changes something only from a page of the console; programs send a token",
    )
