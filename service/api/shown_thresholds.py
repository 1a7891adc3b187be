"""What thresholds would have made of a window, as wire structs."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from models.scorer import probability
from service.api.shown_comparison import (
    PeriodShown,
    WindowCoverageShown,
    WindowShown,
    coverage_shown,
    not_enough,
    period_shown,
    window_shown,
)
from service.comparison.simulator import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.comparison.coverage import WindowCoverage
    from service.comparison.simulator import Costs, Point, Simulator
    from service.comparison.windowed import Windowed
    from service.settings import Settings

CURVE_STEP = 10
"""Risk scores between two thresholds of the curve that is shown."""


class CostsShown(msgspec.Struct):
    """The costs that were assumed, in the reporting currency."""

    loss_given_fraud: float
    review_cost: float
    friction_cost: float


class PointShown(msgspec.Struct):
    """One way of flagging. Figures that nothing is known for yet are null, never 0.

    `min_risk` is the threshold as a risk score and `log_odds` its lower edge, null for legacy
    and where the bundle is not loaded here. `cases_per_day` is null below the risk from which
    cases are counted. `open` are flags whose truth is not known. Money: `value_detected_minor`
    of the frauds flagged; `value_saved_minor` what of it was neither given back nor declined
    for another reason; `profit` after losses, reviews and friction.
    """

    min_risk: int | None
    log_odds: float | None
    probability: float | None
    alerts: int
    alerts_per_day: float
    cases_per_day: float | None
    alert_rate: float | None
    frauds: int | None
    false_positives: int | None
    open: int
    detection_rate: float | None
    value_detection_rate: float | None
    precision: float | None
    false_positives_per_fraud: float | None
    value_detected_minor: int | None
    value_saved_minor: int | None
    profit: float | None


class ThresholdsShown(msgspec.Struct):
    """What thresholds would have made of a window, beside what both systems made of it.

    `base` says which payments are compared. `chosen` answers what was asked for, `best` is
    the most profitable; `curve` has about a hundred thresholds, riskiest first. Without enough
    mature frauds `not_yet_known` says so, and what depends on them is null. Thresholds chosen
    on the window they are judged on look better than they will be: ranking only.
    """

    window: WindowShown
    periods: list[PeriodShown]
    legacy_positive: str
    currency: str
    coverage: WindowCoverageShown
    costs: CostsShown
    base: str
    payments: int
    known_frauds: int
    not_yet_known: str | None
    chosen: PointShown | None
    best: PointShown | None
    legacy: PointShown | None
    shadow: PointShown
    curve: list[PointShown]


def thresholds_shown(
    found: Windowed,
    made: Simulator,
    chosen: Point | None,
    settings: Settings,
    edges: NDArray[np.float32] | None,
) -> ThresholdsShown:
    """Return a window's thresholds; `edges` are the log-odds of the bundle's risk scores."""
    unknown = not_enough(found, made.base.frauds, settings)

    def shown(point: Point) -> PointShown:
        return point_shown(point, found.coverage, edges, known=unknown is None)

    return ThresholdsShown(
        window=window_shown(found.window),
        periods=[period_shown(period) for period in found.periods],
        legacy_positive=settings.legacy_positive,
        currency=settings.reporting_currency,
        coverage=coverage_shown(found.coverage),
        costs=costs_shown(made.base.costs),
        base=made.base.what,
        payments=made.base.payments,
        known_frauds=made.base.frauds,
        not_yet_known=unknown,
        chosen=None if chosen is None else shown(chosen),
        best=shown(made.best()) if unknown is None else None,
        legacy=None if made.legacy is None else shown(made.legacy),
        shadow=shown(made.shadow),
        curve=[shown(made.at(risk)) for risk in range(LEVELS, -1, -CURVE_STEP)],
    )


def costs_shown(costs: Costs) -> CostsShown:
    """Return the costs as they are shown."""
    return CostsShown(**asdict(costs))


def point_shown(
    point: Point, coverage: WindowCoverage, edges: NDArray[np.float32] | None, *, known: bool
) -> PointShown:
    """Return a point as it is shown; what depends on fraud is null unless `known`."""
    days = max(coverage.days_with_payments, 1)
    edge = None
    if edges is not None and point.risk is not None and point.risk < len(edges):
        edge = edges[point.risk]

    def told(value: float) -> float | None:
        return None if not known or math.isnan(value) else value

    return PointShown(
        min_risk=point.risk,
        log_odds=None if edge is None else float(edge),
        probability=None if edge is None else float(probability(np.array([edge]))[0]),
        alerts=point.alerts,
        alerts_per_day=point.alerts / days,
        cases_per_day=None if point.cases is None else point.cases / days,
        alert_rate=None if math.isnan(point.alert_rate) else point.alert_rate,
        frauds=point.frauds if known else None,
        false_positives=point.false_positives if known else None,
        open=point.open,
        detection_rate=told(point.detection_rate),
        value_detection_rate=told(point.value_detection_rate),
        precision=told(point.precision),
        false_positives_per_fraud=told(point.false_positives_per_fraud),
        value_detected_minor=point.value_detected if known else None,
        value_saved_minor=point.value_saved if known else None,
        profit=told(point.profit),
    )
