"""A window's totals and what goes with them, read once: the way every report begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from models.money import EXPONENTS
from models.seal import HOUR_MS
from service.comparison.coverage import WindowCoverage, window_coverage
from service.comparison.judged import judged
from service.comparison.rows import read_rows
from service.comparison.simulator import Costs
from service.comparison.totals import Totals, of_window, positive
from service.comparison.windows import Period, Window, one_period
from service.ledger.facts import DAY_MS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from service.comparison.judged import At, LabelsUsed, Verdicts
    from service.comparison.rows import Rows
    from service.ledger import Ledger
    from service.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class Windowed:
    """A window of the ledger under the settings: its periods, totals and coverage.

    Labels of days before `ripe_until` are ripe. `minor_units` make one of the reporting currency.
    """

    window: Window
    periods: tuple[Period, ...]
    totals: Totals
    coverage: WindowCoverage
    ripe_until: int
    legacy_positive: NDArray[np.bool_]
    minor_units: int


def windowed(
    ledger: Ledger, settings: Settings, window: Window, *, now_ms: int, mix: bool = False
) -> Windowed:
    """Read a window. Raises MixedPeriods where it covers several and `mix` is not asked for."""
    found = one_period(ledger, window, mix=mix)
    ripe_until = now_ms // DAY_MS - settings.label_maturity_days
    whole, became = ledger.window(
        window.first_day,
        window.last_day,
        without=(settings.topic_fraud_labels, settings.topic_legacy_decisions),
    )
    sums = whole if window.bundle_id is None else whole.of_bundle(window.bundle_id)
    totals = of_window(sums, ripe_until, window.ruleset)
    everything, days = totals, {key.day for key in sums.keys}
    if window.ruleset is not None or window.bundle_id is not None:
        everything = of_window(whole, ripe_until, None)
    return Windowed(
        window=window,
        periods=tuple(found),
        totals=totals,
        coverage=window_coverage(became, everything, days=len(days)),
        ripe_until=ripe_until,
        legacy_positive=positive(settings.legacy_positive),
        minor_units=10 ** EXPONENTS[settings.reporting_currency],
    )


def window_verdicts(
    ledger: Ledger,
    settings: Settings,
    found: Windowed,
    *,
    at: At = "threshold",
    labels: LabelsUsed = "all",
    most: int | None = None,
) -> Verdicts:
    """Judge the window's own payments. Raises TooManyRows beyond `most`.

    Thresholds matched to legacy's are fixed on as many days before the window, if the ledger
    has them.
    """

    def rows(window: Window) -> Rows:
        return read_rows(
            ledger,
            window,
            legacy_positive=settings.legacy_positive,
            ripe_until=found.ripe_until,
            most=most,
        )

    window = found.window
    before = replace(
        window, first_day=window.first_day - window.days, last_day=window.first_day - 1
    )
    return judged(
        rows(window),
        case_window_ms=settings.case_window_h * HOUR_MS,
        elapsed=window.days / settings.comparison_horizon_days,
        at=at,
        earlier=None if at == "threshold" else rows(before).paired,
        labels=labels,
    )


def costs_of(settings: Settings) -> Costs:
    """Return the costs that the settings state."""
    return Costs(settings.loss_given_fraud, settings.review_cost, settings.friction_cost)
