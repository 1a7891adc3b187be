"""Every request passes here first: its host, its size, its form; and its time is taken."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from service.api.problems import Problem, problem_response
from service.api.tokens import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from service.settings import Settings

_WITH_BODY = {"POST", "PUT", "PATCH"}
_METHODS = {"GET", "HEAD", "OPTIONS", "DELETE"} | _WITH_BODY


class Doorkeeper:
    """ASGI middleware in front of everything; `observed` gets method, route, status and seconds.

    Without tokens only this machine may ask, and a browser on this machine must not be made to
    ask for someone else: the host must be this machine's own name (against rebound names), and
    the API's bodies must be declared as JSON (which a page of another origin cannot send).
    """

    def __init__(
        self, app: ASGIApp, settings: Settings, observed: Callable[[str, str, int, float], None]
    ) -> None:
        self._app = app
        self._most = settings.api_max_request_bytes
        self._own_host_only = not settings.api_tokens
        self._observed = observed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            problem = self._refusal(scope)
            if problem is None:
                await self._app(scope, _limited(receive, self._most), sending)
            else:
                await problem_response(problem)(scope, receive, sending)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route: Any = scope.get("route")
            path = getattr(route, "path", None)
            path = "unmatched" if path is None else scope.get("root_path", "") + path
            self._observed(method, path, status, time.perf_counter() - begun)

    def _refusal(self, scope: Scope) -> Problem | None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if self._own_host_only and not is_loopback(_host(headers.get(b"host", ""))):
            return Problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                "foreign-host",
                "Foreign host",
                "without tokens this API answers to this machine's own names only; ask for "
                "127.0.0.1 or localhost, or set PENUMBRA_API_TOKENS",
            )
        size = headers.get(b"content-length", "0")
        if size.isdecimal() and int(size) > self._most:
            return _too_large(self._most)
        api = scope["path"].startswith("/v1/") and scope["method"] in _WITH_BODY
        if api and not _is_json(headers.get(b"content-type", "")):
            return Problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "Not JSON",
                "the body must be JSON and say so; send `Content-Type: application/json`",
            )
        return None


def _host(header: str) -> str:
    """Return the host without its port."""
    if header.startswith("["):
        return header.partition("]")[0] + "]"
    return header.partition(":")[0].lower()


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == "application/json"


def _too_large(most: int) -> Problem:
    return Problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too-large",
        "Request too large",
        f"a request may have {most} bytes; send several, or raise PENUMBRA_API_MAX_REQUEST_BYTES",
    )


def _limited(receive: Receive, most: int) -> Receive:
    """Return `receive` that stops a body without a declared length once it is too large."""
    seen = 0

    async def counting() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise _too_large(most)
        return message

    return counting
