"""`POST /v1/score`: the worker's pipeline for systems that call and do not stream."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import Response

from models.rejection import Reason
from models.transaction import Transaction
from service.api.bodies import body_of
from service.api.documents import answer, one_or_many, told
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.problems import Problem
from service.api.scoring.answers import counted
from service.api.shown import BatchAnswer, ScoreAnswer

if TYPE_CHECKING:
    from service.api.scoring.answers import Scoring

router = APIRouter(tags=["scoring"])

_STATUS = {
    str(Reason.CONFLICT): HTTPStatus.CONFLICT,
    str(Reason.OVERSIZED): HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    str(Reason.MALFORMED_JSON): HTTPStatus.BAD_REQUEST,
    str(Reason.NOT_UTF8): HTTPStatus.BAD_REQUEST,
    str(Reason.TOMBSTONE): HTTPStatus.BAD_REQUEST,
}
"""Of a single refused transaction; every other reason is 422."""


@router.post(
    "/v1/score",
    summary="Score one transaction, or a batch",
    response_class=Response,
    responses=told(
        "One answer, or for an array one for each transaction in its order.",
        ScoreAnswer,
        BatchAnswer,
        problems=(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    ),
    openapi_extra=one_or_many(
        Transaction, "One transaction, or an array of at most PENUMBRA_BATCH_SIZE."
    ),
)
async def score(request: Request, parts: Given) -> Response:
    """Score transactions through the same pipeline as the worker's; each is recorded once.

    A transaction sent again is answered with the stored decision (`duplicate`). A refused one is
    kept as a dead letter; alone it is a problem, in a batch its answer says so and the others
    are scored. A flag comes with its explanation.
    """
    body = body_of(await request.body(), parts.settings.batch_size)
    return await parts.pool.run(partial(_many if body.many else _one, parts.scoring, body.values))


def _many(scoring: Scoring, values: list[bytes]) -> Response:
    return answer(counted(scoring.answer(values)))


def _one(scoring: Scoring, values: list[bytes]) -> Response:
    found = scoring.answer(values)[0]
    if found.status == "rejected":
        raise _refused(found)
    return answer(found)


def _refused(found: ScoreAnswer) -> Problem:
    reason = found.reason or ""
    if reason == Reason.CONFLICT:
        title, fix = "Conflict", "give another payment another id"
    else:
        title, fix = "Transaction refused", "correct it and send it again"
    return Problem(
        _STATUS.get(reason, HTTPStatus.UNPROCESSABLE_ENTITY),
        reason.replace("_", "-"),
        title,
        f"{found.error}; {fix} (this one is kept as a dead letter)",
        reason=reason,
    )
