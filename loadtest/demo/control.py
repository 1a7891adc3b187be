"""The demo's own small door: what the page "Break it" asks and what it may do.

It listens on this machine only and answers whoever knows the token, which only the demo and the
console it started do. Requests are noted; the demo's one loop does them.
"""

from __future__ import annotations

import hmac
import json
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from loadtest.demo.disturbing import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "127.0.0.1"


class Control:
    """`with Control() as control: …`; the address and the token are for the console's settings."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self._asked: SimpleQueue[Kind] = SimpleQueue()
        self._document: bytes = b"{}"
        self._server = ThreadingHTTPServer((HOST, 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, name="control", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def show(self, document: Mapping[str, Any]) -> None:
        """Set what is answered from now on."""
        self._document = json.dumps(document).encode()

    @property
    def shown(self) -> bytes:
        """What is answered, JSON."""
        return self._document

    def ask(self, kind: Kind) -> None:
        """Note that something is to be broken."""
        self._asked.put(kind)

    def asked(self) -> list[Kind]:
        """Return what was asked for since the last call."""
        found = []
        while True:
            try:
                found.append(self._asked.get_nowait())
            except Empty:
                return found


def _handler(control: Control) -> type[BaseHTTPRequestHandler]:
    """Return a handler of requests to this control."""

    class Handler(BaseHTTPRequestHandler):
        """GET /state; POST /disturbances/KIND."""

        def do_GET(self) -> None:  # noqa: N802 - the library's name
            if not self._may():
                return
            if self.path == "/state":
                self._answer(HTTPStatus.OK, control.shown)
            else:
                self._answer(HTTPStatus.NOT_FOUND)

        def do_POST(self) -> None:  # noqa: N802 - the library's name
            if not self._may():
                return
            kind = self.path.removeprefix("/disturbances/")
            if kind not in set(Kind):
                self._answer(HTTPStatus.NOT_FOUND)
                return
            control.ask(Kind(kind))
            self._answer(HTTPStatus.ACCEPTED)

        def _may(self) -> bool:
            given = self.headers.get("Authorization", "")
            known = hmac.compare_digest(given.encode(), f"Bearer {control.token}".encode())
            if not known:
                self._answer(HTTPStatus.UNAUTHORIZED)
            return known

        def _answer(self, status: HTTPStatus, body: bytes = b"{}") -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: the terminal is the demo's."""

    return Handler
