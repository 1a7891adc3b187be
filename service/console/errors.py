"""Errors as people meet them: a page that says what is wrong and what to do."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from models.errors import BadInput, PenumbraError
from service.console.demo_control import DemoGone
from service.console.guard import ForeignForm, NotAllowed, SignInNeeded
from service.console.pages import page
from service.errors import CaseRefused, CaseUnknown, LedgerError
from service.promotion.errors import PackRefused, PromotionRefused
from service.stream.errors import StreamError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

SIGN_IN = "/console/sign-in"

_STATUSES: tuple[tuple[type[PenumbraError], HTTPStatus, str], ...] = (
    (NotAllowed, HTTPStatus.FORBIDDEN, "Not allowed"),
    (ForeignForm, HTTPStatus.FORBIDDEN, "Form refused"),
    (CaseUnknown, HTTPStatus.NOT_FOUND, "No such case"),
    (CaseRefused, HTTPStatus.CONFLICT, "Not now"),
    (LedgerError, HTTPStatus.SERVICE_UNAVAILABLE, "Ledger unavailable"),
    (StreamError, HTTPStatus.SERVICE_UNAVAILABLE, "Broker unavailable"),
    (DemoGone, HTTPStatus.SERVICE_UNAVAILABLE, "The demo is gone"),
    (PromotionRefused, HTTPStatus.CONFLICT, "Not now"),
    (PackRefused, HTTPStatus.CONFLICT, "Pack refused"),
    (BadInput, HTTPStatus.UNPROCESSABLE_ENTITY, "Not understood"),
)

log = structlog.get_logger(__name__)


async def _sign_in_needed(request: Request, _error: SignInNeeded) -> Response:
    back = request.url.path if request.method == "GET" else "/console/cases"
    if request.url.query and request.method == "GET":
        back += f"?{request.url.query}"
    if "hx-request" in request.headers:
        # A part of a page cannot show the sign-in: the whole page goes there.
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": SIGN_IN})
    return RedirectResponse(f"{SIGN_IN}?to={quote(back)}", HTTPStatus.SEE_OTHER)


async def _ours(_request: Request, error: PenumbraError) -> Response:
    status, title = HTTPStatus.INTERNAL_SERVER_ERROR, "Penumbra failed"
    for kind, its_status, its_title in _STATUSES:
        if isinstance(error, kind):
            status, title = its_status, its_title
            break
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("page_failed", why=str(error))
    return page("error.html", None, status=status, title=title, said=str(error))


async def _framework(_request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    said = "nothing is at this address; start from the queue of cases"
    if status != HTTPStatus.NOT_FOUND:
        said = str(error.detail)
    return page("error.html", None, status=status, title=status.phrase, said=said)


async def _validation(_request: Request, error: RequestValidationError) -> Response:
    said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return page("error.html", None, status=status, title="Not understood", said=said)


async def _unforeseen(request: Request, error: Exception) -> Response:
    route: Any = request.scope.get("route")
    log.error("page_crashed", route=getattr(route, "path", "unmatched"), error=type(error).__name__)
    said = "a defect of Penumbra stopped this page; nothing was lost; see the server's log"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return page("error.html", None, status=status, title="Internal error", said=said)


def install(app: FastAPI) -> None:
    """Have every error of the console shown as a page."""
    handlers: dict[type[Exception], Any] = {
        SignInNeeded: _sign_in_needed,
        PenumbraError: _ours,
        HTTPException: _framework,
        RequestValidationError: _validation,
        Exception: _unforeseen,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
