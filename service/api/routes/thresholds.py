"""`/v1/thresholds`: what any threshold would have flagged, found and been worth."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.api.asked_window import AskedWindow  # noqa: TC001 - read by FastAPI
from service.api.documents import answer, told
from service.api.parts import Given  # noqa: TC001 - read by FastAPI
from service.api.problems import invalid
from service.api.shown_thresholds import ThresholdsShown, thresholds_shown
from service.api.telling import simulator_of
from service.comparison.simulator import LEVELS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from service.api.parts import Parts
    from service.comparison.windowed import Windowed

router = APIRouter(tags=["comparison"])

_REFUSALS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_Cost = Annotated[float | None, Query(ge=0, le=1e9, description="Instead of the setting.")]


@router.get(
    "/v1/thresholds",
    summary="What a threshold would have made of a window",
    response_class=Response,
    responses=told("The points asked for and the curve.", ThresholdsShown, problems=_REFUSALS),
)
def thresholds(
    parts: Given,
    asked: AskedWindow,
    min_risk: Annotated[
        int | None, Query(ge=0, le=LEVELS, description="The threshold: least risk score flagged.")
    ] = None,
    alerts_per_day: Annotated[
        float | None, Query(ge=0, le=1e9, description="The lowest threshold within this budget.")
    ] = None,
    alert_rate: Annotated[
        float | None, Query(ge=0, le=1, description="The lowest threshold within this rate.")
    ] = None,
    detection_rate: Annotated[
        float | None, Query(ge=0, le=1, description="The highest threshold that finds so many.")
    ] = None,
    loss_given_fraud: Annotated[
        float | None, Query(ge=0, le=1, description="Instead of the setting.")
    ] = None,
    review_cost: _Cost = None,
    friction_cost: _Cost = None,
) -> Response:
    """Simulate thresholds on stored payments, at any size of the ledger in the same time."""
    wishes = [w for w in (min_risk, alerts_per_day, alert_rate, detection_rate) if w is not None]
    if len(wishes) > 1:
        raise invalid("ask for one of min_risk, alerts_per_day, alert_rate, detection_rate")
    found = asked.read(parts)
    costs = {
        name: value
        for name, value in (
            ("loss_given_fraud", loss_given_fraud),
            ("review_cost", review_cost),
            ("friction_cost", friction_cost),
        )
        if value is not None
    }
    made = simulator_of(parts.ledger, parts.settings, found, costs)
    chosen = None
    if min_risk is not None:
        chosen = made.at(min_risk)
    elif alerts_per_day is not None:
        chosen = made.within(alerts_per_day * found.coverage.days_with_payments)
    elif alert_rate is not None:
        chosen = made.within(alert_rate * made.base.payments)
    elif detection_rate is not None:
        chosen = made.finding(detection_rate)
    return answer(thresholds_shown(found, made, chosen, parts.settings, _edges(parts, found)))


def _edges(parts: Parts, found: Windowed) -> NDArray[np.float32] | None:
    """Return the lower edges of the risk scores, where the window's one bundle is loaded here."""
    bundles = {period.bundle_id for period in found.periods}
    judges = (parts.lineup.champion, *parts.lineup.challengers)
    loaded = {judge.bundle.bundle_id: judge.bundle.risk_edges for judge in judges}
    return loaded.get(bundles.pop()) if len(bundles) == 1 else None
