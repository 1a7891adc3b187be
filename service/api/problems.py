"""Errors as the API tells them: problem details (RFC 9457), one line that says how to mend it.

Only here does an error get an HTTP status. Nothing of a request's content is repeated in an
answer unless card numbers in it are masked, and no trace of our code leaves the process.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from models.cards import masked_text
from models.errors import BadInput, PenumbraError
from service.errors import CaseRefused, CaseUnknown, LedgerError
from service.promotion.errors import ChampionMissing, PackRefused, PromotionRefused
from service.stream.errors import StreamError

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = "5"

log = structlog.get_logger(__name__)


class ProblemDetails(msgspec.Struct, omit_defaults=True):
    """A problem (RFC 9457). `detail` says what is wrong, where, and how to mend it."""

    type: str
    title: str
    status: int
    detail: str
    reason: str | None = None
    errors: list[dict[str, str]] | None = None


class Problem(Exception):
    """A request cannot be served; `kind` names the problem for programs."""

    def __init__(
        self,
        status: HTTPStatus,
        kind: str,
        title: str,
        detail: str,
        *,
        reason: str | None = None,
        errors: list[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(detail)
        self.details = ProblemDetails(
            f"urn:penumbra:problem:{kind}",
            title,
            int(status),
            masked_text(detail),
            reason,
            None
            if errors is None
            else [{name: masked_text(said) for name, said in one.items()} for one in errors],
        )


def invalid(detail: str, errors: list[dict[str, str]] | None = None) -> Problem:
    """Return the problem of a request that is not of the documented form."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "Invalid request", detail, errors=errors
    )


def not_found(detail: str) -> Problem:
    """Return the problem of something that is not there."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", "Not found", detail)


def problem_response(problem: Problem) -> Response:
    """Return the answer that tells a problem."""
    status = problem.details.status
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = RETRY_AFTER_S
    body = msgspec.json.encode(problem.details)
    return Response(body, status, headers, media_type=MEDIA_TYPE)


_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE
_KNOWN: tuple[tuple[type[PenumbraError], HTTPStatus, str], ...] = (
    (StreamError, _UNAVAILABLE, "broker-unavailable"),
    (CaseUnknown, HTTPStatus.NOT_FOUND, "not-found"),
    (CaseRefused, HTTPStatus.CONFLICT, "case-refused"),
    (LedgerError, _UNAVAILABLE, "ledger-unavailable"),
    (ChampionMissing, _UNAVAILABLE, "champion-missing"),
    (PromotionRefused, HTTPStatus.CONFLICT, "promotion-refused"),
    (PackRefused, HTTPStatus.CONFLICT, "pack-refused"),
    (BadInput, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request"),
    (PenumbraError, HTTPStatus.INTERNAL_SERVER_ERROR, "penumbra-failed"),
)
"""What each of our errors is to a client, the more special before the more general."""


def of_error(error: PenumbraError) -> Problem:
    """Return the problem that one of Penumbra's own errors is to a client."""
    status, kind = next((status, kind) for cls, status, kind in _KNOWN if isinstance(error, cls))
    several = error.missing if isinstance(error, PromotionRefused) else ()
    return Problem(
        status,
        kind,
        kind.replace("-", " ").capitalize(),
        str(error),
        errors=[{"error": one} for one in several] or None,
    )


async def _problem(_request: Request, error: Problem) -> Response:
    return problem_response(error)


async def _penumbra(_request: Request, error: PenumbraError) -> Response:
    problem = of_error(error)
    if problem.details.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("request_failed", why=str(error))
    return problem_response(problem)


async def _framework(_request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    said = {
        HTTPStatus.NOT_FOUND: "nothing is at this path; /docs lists what there is",
        HTTPStatus.METHOD_NOT_ALLOWED: "this path has no such method; /docs lists what there is",
    }.get(status, str(error.detail))
    kind = status.phrase.lower().replace(" ", "-")
    response = problem_response(Problem(status, kind, status.phrase, said))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response


async def _validation(_request: Request, error: RequestValidationError) -> Response:
    errors = [{"at": ".".join(map(str, one["loc"])), "error": one["msg"]} for one in error.errors()]
    said = "; ".join(f"{one['at']}: {one['error']}" for one in errors)
    return problem_response(invalid(f"{said} (see /docs)", errors))


async def _unforeseen(request: Request, error: Exception) -> Response:
    route: Any = request.scope.get("route")
    log.error(
        "request_crashed",
        method=request.method,
        route=getattr(route, "path", "unmatched"),
        error=type(error).__name__,
    )
    return problem_response(
        Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "internal",
            "Internal error",
            "a defect of Penumbra stopped this request; what was accepted before is in the "
            "ledger, and sending the request again does no harm; see the server's log",
        )
    )


def install(app: FastAPI) -> None:
    """Have every error of an app answered as a problem."""
    handlers: dict[type[Exception], Any] = {
        Problem: _problem,
        PenumbraError: _penumbra,
        HTTPException: _framework,
        RequestValidationError: _validation,
        Exception: _unforeseen,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
