"""`/v1/models`: the bundles in use, and how they came to be."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

import numpy as np
from fastapi import APIRouter
from starlette.responses import Response

from models.scorer import probability
from service.api.documents import answer, told
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.shown import BundleShown, BundlesShown

if TYPE_CHECKING:
    from models.bundle import Bundle

router = APIRouter(tags=["models"])


@router.get(
    "/v1/models",
    summary="The bundles in use",
    response_class=Response,
    responses=told(
        "The champion and its challengers.", BundlesShown, problems=(HTTPStatus.UNAUTHORIZED,)
    ),
)
def bundles(parts: Given) -> Response:
    """List the bundles that score: the champion raises alerts, challengers do not."""
    parts.standing.follow()
    lineup = parts.lineup
    challengers = [_shown(one.bundle, "challenger") for one in lineup.challengers]
    return answer(BundlesShown([_shown(lineup.champion.bundle, "champion"), *challengers]))


def _shown(bundle: Bundle, role: Literal["champion", "challenger"]) -> BundleShown:
    told = bundle.manifest
    return BundleShown(
        bundle_id=bundle.bundle_id,
        role=role,
        name=told["name"],
        created_at=told.get("created_at"),
        code_version=told.get("code_version"),
        kernel_version=bundle.spec.kernel_version,
        features=len(bundle.spec.features),
        feature_spec_sha256=bundle.spec.sha256,
        threshold=float(bundle.threshold),
        threshold_probability=float(probability(np.array([bundle.threshold]))[0]),
        threshold_at_risk=bundle.threshold_at_risk,
        alert_rate=told.get("alert_rate"),
        base_rate=told.get("base_rate"),
        data=told.get("data"),
        metrics=told.get("metrics"),
    )
