"""What the API answers about shadow and legacy, as wire structs."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from models.comparison.answers import LEAST_FRAUDS
from models.instants import format_instant
from models.scorer import probability
from service.api.shown_verdicts import OverlapShown, VerdictsShown  # noqa: TC001 - by msgspec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.comparison.coverage import WindowCoverage
    from service.comparison.cube import Group
    from service.comparison.simulator import Costs, Point
    from service.comparison.windowed import Windowed
    from service.comparison.windows import Period, Window
    from service.settings import Settings


class WindowShown(msgspec.Struct, rename={"from_at": "from", "to_at": "to"}):
    """A window of whole days (UTC): from the first moment, before the last."""

    from_at: str
    to_at: str
    days: int
    bundle_id: str | None
    ruleset: str | None


class PeriodShown(msgspec.Struct):
    """A span with one champion and one version of the legacy rules.

    `ruleset` is null where no legacy decision is known.
    """

    bundle_id: str
    ruleset: str | None
    first_at: str
    last_at: str
    payments: int


class PeriodsShown(msgspec.Struct):
    """The periods there are, oldest first."""

    periods: list[PeriodShown]


class WindowCoverageShown(msgspec.Struct):
    """What a comparison rests on, in records of the payment streams.

    `seen` is scored + unscored + duplicates + not_scored + dead_letters, which `reconciles`
    says. What follows `dead_letter_reasons` is of the scored and unscored: `with_label` have a
    label, `mature` are of days whose labels have had their time.
    """

    seen: int
    scored: int
    unscored: int
    unscored_reasons: dict[str, int]
    duplicates: int
    not_scored: int
    dead_letters: int
    dead_letter_reasons: dict[str, int]
    late: int
    without_legacy: int
    with_label: int
    mature: int
    short_history: int
    without_rate: int
    sampled: int
    reconciles: bool


class CellShown(msgspec.Struct):
    """A cell of legacy x shadow x truth: payments, and their amount in minor units."""

    legacy: str
    shadow: str
    truth: str
    count: int
    amount_minor: int


class GroupShown(msgspec.Struct):
    """A day, or a value of a segment, and its cells."""

    name: str
    cells: list[CellShown]


class ComparisonShown(msgspec.Struct):
    """Shadow beside legacy over a window.

    `periods` are those it covers; `legacy_positive` says which legacy decisions count as a
    flag. Amounts are in minor units of `currency`. `by_day` and `segments` come with the
    question for them, and are null otherwise. `verdicts` are null where `not_judged` says why.
    """

    window: WindowShown
    periods: list[PeriodShown]
    legacy_positive: str
    currency: str
    by: str
    coverage: WindowCoverageShown
    verdicts: VerdictsShown | None
    not_judged: str | None
    overlap: list[OverlapShown]
    cells: list[CellShown]
    by_day: list[GroupShown] | None
    segments: list[GroupShown] | None
    dimensions: list[str]


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


def window_shown(window: Window) -> WindowShown:
    """Return a window as it is shown."""
    return WindowShown(
        format_instant(window.from_ms),
        format_instant(window.to_ms),
        window.days,
        window.bundle_id,
        window.ruleset,
    )


def period_shown(period: Period) -> PeriodShown:
    """Return a period as it is shown."""
    return PeriodShown(
        period.bundle_id,
        period.ruleset,
        format_instant(period.first_ms),
        format_instant(period.last_ms),
        period.payments,
    )


def coverage_shown(coverage: WindowCoverage) -> WindowCoverageShown:
    """Return a window's coverage as it is shown."""
    return WindowCoverageShown(**asdict(coverage))


def costs_shown(costs: Costs) -> CostsShown:
    """Return the costs as they are shown."""
    return CostsShown(**asdict(costs))


def group_shown(group: Group) -> GroupShown:
    """Return a group's cells as they are shown."""
    return GroupShown(
        group.name,
        [CellShown(c.legacy, c.shadow, c.truth, c.count, c.amount) for c in group.cells],
    )


def not_enough(found: Windowed, frauds: int, settings: Settings) -> str | None:
    """Return why figures about fraud are not yet known, None where they are."""
    if found.coverage.mature == 0:
        return (
            f"no day of the window is {settings.label_maturity_days} days old yet, the time "
            "labels are given (PENUMBRA_LABEL_MATURITY_DAYS)"
        )
    if frauds < LEAST_FRAUDS:
        return f"{frauds} labelled frauds, {LEAST_FRAUDS} are needed"
    return None


def point_shown(
    point: Point, days: int, edges: NDArray[np.float32] | None, *, known: bool
) -> PointShown:
    """Return a point as it is shown; what depends on fraud is null unless `known`."""
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
