"""`/healthz`, `/readyz`, `/metrics`: for whoever runs it."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Depends
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from service.api.documents import answer, refusals, told
from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.api.shown import Health
from service.api.tokens import authorised
from service.errors import LedgerError
from service.promotion.errors import ChampionMissing, PromotionUnproven

router = APIRouter(tags=["operations"])


@router.get(
    "/healthz",
    summary="Whether the process lives",
    response_class=Response,
    responses=told("It does.", Health),
)
async def healthz() -> Response:
    """Answer as long as the process can; nothing else is looked at."""
    return answer(Health("alive"))


@router.get(
    "/readyz",
    summary="Whether everything it needs is there",
    response_class=Response,
    responses={
        **told("It is.", Health),
        **told("It is not; `problems` says what is missing.", Health, status=503),
    },
)
def readyz(parts: Given) -> Response:
    """Say whether requests can be served, and if not, what is missing."""
    problems = missing(parts)
    status = HTTPStatus.SERVICE_UNAVAILABLE if problems else HTTPStatus.OK
    return answer(Health("not_ready" if problems else "ready", problems), status)


def missing(parts: Parts) -> list[str]:
    """Return what is missing, a sentence each. A bundle is there: without one nothing starts."""
    problems = []
    try:
        parts.ledger.progress()
        parts.standing.follow()
    except (LedgerError, ChampionMissing, PromotionUnproven) as error:
        problems.append(str(error))
    restoring = sum(not partition.is_open for partition in parts.source.partitions)
    if restoring:
        problems.append(
            f"histories of {restoring} of {len(parts.source.partitions)} HTTP partitions are "
            "being restored"
        )
    if not parts.relay_alive():
        problems.append("the relay is not running: flags wait for their explanation")
    return problems


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    dependencies=[Depends(authorised)],
    responses={
        200: {
            "description": "Prometheus text format.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **refusals(HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE),
    },
)
def metrics(parts: Given) -> Response:
    """Show counters from the ledger, and this process's response times."""
    return Response(generate_latest(parts.metrics.registry), media_type=CONTENT_TYPE_LATEST)
