"""The OpenAPI document: schemas come from the wire structs themselves, so they cannot differ."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from models.transaction import Transaction
from service.api import (
    outcomes,
    shown,
    shown_cases,
    shown_comparison,
    shown_money,
    shown_opened,
    shown_promotion,
    shown_thresholds,
)
from service.api.labelling import LabelPosted
from service.api.problems import MEDIA_TYPE, ProblemDetails
from service.api.verified import VerificationShown

if TYPE_CHECKING:
    from fastapi import FastAPI

_REF = "#/components/schemas/{name}"
_STRUCTS = (
    Transaction,
    LabelPosted,
    ProblemDetails,
    shown.ScoreAnswer,
    shown.BatchAnswer,
    shown.AlertPage,
    shown.AlertDetail,
    VerificationShown,
    shown.TimelinePage,
    shown.LabelsTaken,
    shown.CoverageShown,
    shown.BundlesShown,
    shown.Health,
    shown_comparison.ComparisonShown,
    shown_comparison.PeriodsShown,
    shown_thresholds.ThresholdsShown,
    shown_money.MoneyShown,
    shown_opened.OpenedPage,
    shown_opened.ReviewSamplePage,
    shown_promotion.PromotionShown,
    shown_promotion.PromotePosted,
    shown_promotion.RollbackPosted,
    shown_cases.CaseShown,
    shown_cases.OutcomesTaken,
    shown_cases.AuditPage,
    outcomes.DispositionPosted,
    outcomes.OutcomePosted,
    outcomes.ClaimPosted,
    outcomes.NotePosted,
)

DESCRIPTION = """\
Penumbra scores payments in shadow: nothing here can approve, delay or decline one.

Errors are problem details (RFC 9457, `application/problem+json`); `type` names the problem for
programs, `detail` says what is wrong and how to mend it."""


def answer(struct: object, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Return a struct as a JSON response."""
    return Response(msgspec.json.encode(struct), status, media_type="application/json")


def told(
    said: str, *kinds: type, problems: tuple[HTTPStatus, ...] = (), status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """Return the documented responses of a path: one of `kinds`, or a problem."""
    schemas = [_ref(kind) for kind in kinds]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    content = {"application/json": {"schema": schema}}
    return {int(status): {"description": said, "content": content}, **refusals(*problems)}


def refusals(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return the documented problems of a path."""
    content = {MEDIA_TYPE: {"schema": _ref(ProblemDetails)}}
    return {int(one): {"description": one.phrase, "content": content} for one in statuses}


def one_or_many(kind: type, said: str) -> dict[str, Any]:
    """Return the documented body of a path that takes one struct or an array of them."""
    return {
        "requestBody": {
            "required": True,
            "description": said,
            "content": {
                "application/json": {
                    "schema": {
                        "anyOf": [
                            _ref(kind),
                            {"type": "array", "minItems": 1, "items": _ref(kind)},
                        ]
                    }
                }
            },
        }
    }


def one_body(kind: type, said: str) -> dict[str, Any]:
    """Return the documented body of a path that takes one struct."""
    content = {"application/json": {"schema": _ref(kind)}}
    return {"requestBody": {"required": True, "description": said, "content": content}}


def openapi(app: FastAPI) -> dict[str, Any]:
    """Return the document of an app, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(msgspec.json.schema_components(_STRUCTS, ref_template=_REF)[1])
        for schema in schemas.values():
            _say_instants(schema.get("properties", {}))
        app.openapi_schema = document
    return app.openapi_schema


def _say_instants(properties: dict[str, dict[str, Any]]) -> None:
    """Note which texts are instants: by the house's naming, those whose names end in `_at`."""
    for name, schema in properties.items():
        for one in (schema, *schema.get("anyOf", ())):
            if name.endswith("_at") and one.get("type") == "string":
                one["format"] = "date-time"


def _ref(kind: type) -> dict[str, str]:
    return {"$ref": _REF.format(name=kind.__name__)}
