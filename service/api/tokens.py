"""Who may ask: bearer tokens, and no open door to a network without them."""

from __future__ import annotations

import hmac
import ipaddress
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from models.errors import BadInput
from service.api.problems import Problem

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
) -> None:
    """Let a request pass only with a token, where there are any. Raises Problem (401)."""
    tokens = request.app.state.parts.settings.api_tokens
    if not tokens or (credentials is not None and is_known(credentials.credentials, tokens)):
        return
    raise Problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthorised",
        "Unauthorised",
        "this needs a token that the server knows; send it as `Authorization: Bearer TOKEN`",
    )
