"""What every answer of the console tells the browser: load nothing from elsewhere, keep nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from service.console.pages import served
from service.people.arriving import cookie_name

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.people.signing_in import Signed
    from service.settings import Settings

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_EVERY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Headers:
    """ASGI middleware around the console."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        served.set(self._settings)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_EVERY)
                # Pages hold customers' data; files are told apart by their address.
                kept = "/static/" in scope["path"]
                headers["Cache-Control"] = "public, max-age=3600" if kept else "no-store"
                started = scope.get("state", {}).get("new_session")
                if started is not None:
                    headers.append("Set-Cookie", session_cookie(started, self._settings))
            await send(message)

        await self._app(scope, receive, sending)


def session_cookie(signed: Signed, settings: Settings) -> str:
    """Return the Set-Cookie of a session: not for scripts, not for other sites."""
    secure = "; Secure" if settings.console_cookie_secure else ""
    return f"{cookie_name(settings)}={signed.token}; Path=/; HttpOnly; SameSite=Lax{secure}"


def no_cookie(settings: Settings) -> str:
    """Return the Set-Cookie that makes a browser forget its session."""
    secure = "; Secure" if settings.console_cookie_secure else ""
    return f"{cookie_name(settings)}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}"
