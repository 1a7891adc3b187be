"""`POST /v1/labels`: what is learned about transactions, on its way to the label topic."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.api.bodies import body_of
from service.api.documents import answer, one_or_many, told
from service.api.labelling import LabelPosted, labels_of
from service.api.parts import Given, Parts  # noqa: TC001 - read by FastAPI
from service.api.shown import LabelsTaken

router = APIRouter(tags=["labels"])


@router.post(
    "/v1/labels",
    summary="Say what became of transactions",
    status_code=HTTPStatus.ACCEPTED,
    response_class=Response,
    responses=told(
        "The labels are at the broker.",
        LabelsTaken,
        status=HTTPStatus.ACCEPTED,
        problems=(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    ),
    openapi_extra=one_or_many(
        LabelPosted, "One label, or an array of at most PENUMBRA_BATCH_SIZE; all or none is taken."
    ),
)
async def labels(request: Request, parts: Given) -> Response:
    """Take labels, stamp when they became known, and hand them to `fraud-labels`."""
    body = body_of(await request.body(), parts.settings.batch_size)
    return await run_in_threadpool(partial(_taken, parts, body.values))


def _taken(parts: Parts, values: list[bytes]) -> Response:
    checked = labels_of(values, parts.source.intake)
    parts.labels.send(checked)
    return answer(LabelsTaken([label.label_id for label in checked]), HTTPStatus.ACCEPTED)
