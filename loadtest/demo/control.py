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
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

from loadtest.demo.disturbing import Kind
from loadtest.demo.queued import taken

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "127.0.0.1"


class Control:
    """`with Control() as control: …`; the address and the token are for the console's settings."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self._asked: SimpleQueue[Kind] = SimpleQueue()
        self._document: bytes = b"null"
        self._server = _Door((HOST, 0), _Handler)
        self._server.control = self
        self._thread = Thread(target=self._server.serve_forever, name="control", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening."""
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
        return taken(self._asked)


class _Door(ThreadingHTTPServer):
    """A server that knows whose it is."""

    daemon_threads = True
    control: Control


class _Handler(BaseHTTPRequestHandler):
    """GET /state; POST /disturbances/KIND."""

    server: _Door

    def do_GET(self) -> None:
        if not self._may():
            return
        if self.path == "/state":
            self._answer(HTTPStatus.OK, self.server.control.shown)
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        if not self._may():
            return
        kind = self.path.removeprefix("/disturbances/")
        if kind in set(Kind):
            self.server.control.ask(Kind(kind))
            self._answer(HTTPStatus.ACCEPTED)
        else:
            self._answer(HTTPStatus.NOT_FOUND)

    def _may(self) -> bool:
        given = self.headers.get("Authorization", "")
        known = hmac.compare_digest(given.encode(), f"Bearer {self.server.control.token}".encode())
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
