"""The figures risk teams report, as wire structs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from service.api.shown_comparison import (
    PeriodShown,
    WindowCoverageShown,
    WindowShown,
    coverage_shown,
    not_enough,
    period_shown,
    window_shown,
)
from service.api.shown_thresholds import CostsShown, PointShown, costs_shown, point_shown

if TYPE_CHECKING:
    from service.comparison.money import Assumptions, Money, Workload
    from service.comparison.simulator import Simulator
    from service.comparison.windowed import Windowed
    from service.settings import Settings


class AssumptionsShown(msgspec.Struct):
    """What the figures rest on beside the ledger, in the reporting currency where it is money."""

    review_minutes: float
    clearing_miss_rate: float
    cpu_hour_cost: float
    scoring_us: float
    label_maturity_days: int
    legacy_positive: str
    costs: CostsShown


class WorkloadShown(msgspec.Struct):
    """What a system's flags found and what they ask of people.

    `disturbed` are genuine payments flagged, `friction_rate` their share of all genuine ones.
    """

    point: PointShown
    review_hours: float
    disturbed: int | None
    friction_rate: float | None


class MoneyWindow(msgspec.Struct):
    """The figures of a window; null is not yet known, and `not_yet_known` says why.

    Volume and fraud are of payments that were not declined; net is without what was given back.
    `clearable` is the share of legacy's flags that could be cleared at the stated miss rate.
    """

    window: WindowShown
    periods: list[PeriodShown]
    coverage: WindowCoverageShown
    not_yet_known: str | None
    payments: int
    volume_minor: int
    frauds: int | None
    fraud_gross_minor: int | None
    fraud_net_minor: int | None
    gross_basis_points: float | None
    net_basis_points: float | None
    legacy: WorkloadShown | None
    shadow: WorkloadShown
    value_saved_beyond_legacy_minor: int | None
    clearable: float | None
    inference_cost_per_million: float


class MoneyShown(msgspec.Struct):
    """A month, or another window, beside the one before it; `previous` is null without one."""

    currency: str
    assumptions: AssumptionsShown
    current: MoneyWindow
    previous: MoneyWindow | None


def assumptions_shown(settings: Settings, stated: Assumptions, made: Simulator) -> AssumptionsShown:
    """Return what was assumed as it is shown."""
    return AssumptionsShown(
        review_minutes=stated.review_minutes,
        clearing_miss_rate=stated.miss_rate,
        cpu_hour_cost=stated.cpu_hour_cost,
        scoring_us=stated.scoring_us,
        label_maturity_days=settings.label_maturity_days,
        legacy_positive=settings.legacy_positive,
        costs=costs_shown(made.base.costs),
    )


def money_window(
    found: Windowed, made: Simulator, figures: Money, settings: Settings
) -> MoneyWindow:
    """Return a window's figures as they are shown."""
    unknown = not_enough(found, made.base.frauds, settings)
    known = unknown is None

    def load(work: Workload) -> WorkloadShown:
        return WorkloadShown(
            point_shown(work.point, found.coverage, None, known=known),
            work.review_hours,
            work.disturbed if known else None,
            _told(work.friction_rate) if known else None,
        )

    return MoneyWindow(
        window=window_shown(found.window),
        periods=[period_shown(period) for period in found.periods],
        coverage=coverage_shown(found.coverage),
        not_yet_known=unknown,
        payments=figures.payments,
        volume_minor=figures.volume,
        frauds=figures.frauds if known else None,
        fraud_gross_minor=figures.fraud_gross if known else None,
        fraud_net_minor=figures.fraud_net if known else None,
        gross_basis_points=_told(figures.gross_basis_points) if known else None,
        net_basis_points=_told(figures.net_basis_points) if known else None,
        legacy=None if figures.legacy is None else load(figures.legacy),
        shadow=load(figures.shadow),
        value_saved_beyond_legacy_minor=figures.value_saved_beyond_legacy if known else None,
        clearable=_told(figures.clearable) if known else None,
        inference_cost_per_million=figures.inference_cost_per_million,
    )


def _told(value: float) -> float | None:
    return None if math.isnan(value) else value
