"""What a request says of where it comes from, and how much of that is believed."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request

    from service.settings_console import ConsoleSettings

COOKIE = "penumbra_session"


def cookie_name(settings: ConsoleSettings) -> str:
    """Return the cookie's name; with the prefix browsers take it by HTTPS and this host only."""
    return f"__Host-{COOKIE}" if settings.console_cookie_secure else COOKIE


def address_of(request: Request, settings: ConsoleSettings) -> str:
    """Return where a request came from; behind a proxy we know, what that proxy says."""
    peer = request.client.host if request.client else "unknown"
    forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return forwarded[:64] if forwarded and is_proxy(peer, settings) else peer


def is_proxy(peer: str, settings: ConsoleSettings) -> bool:
    """Whether a connection comes from a proxy that we believe."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return False
    return any(address in network for network in settings.console_proxies)


def is_same_origin(request: Request) -> bool:
    """Whether a browser says that a page of ours sent the request; saying nothing is a no."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return site == "same-origin"
    return urlsplit(origin).netloc == request.headers.get("host", "")
