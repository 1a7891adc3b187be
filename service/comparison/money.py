"""What risk teams report of a window: fraud in basis points, value, reviews, friction, cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.comparison.simulator import share
from service.comparison.totals import FRAUD, GENUINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.comparison.simulator import Point, Simulator
    from service.comparison.totals import Totals

BASIS_POINTS = 10_000
HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Workload:
    """What a system's flags ask of people. `friction_rate` is flagged of all genuine payments."""

    point: Point
    review_hours: float
    disturbed: int
    friction_rate: float


@dataclass(frozen=True, slots=True)
class Money:
    """The figures of a window. Money is in minor units of the reporting currency.

    `volume` is of payments that were not declined. `fraud_gross` is that of the frauds among
    them, `fraud_net` what of it was not given back by reversals and refunds. `clearable` is the
    share of legacy's flags that the model would clear while missing at most `miss_rate` of the
    frauds among them, NaN where there is none to miss.
    """

    payments: int
    volume: int
    frauds: int
    fraud_gross: int
    fraud_net: int
    gross_basis_points: float
    net_basis_points: float
    legacy: Workload | None
    shadow: Workload
    value_saved_beyond_legacy: int
    clearable: float
    miss_rate: float
    inference_cost_per_million: float


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the figures rest on beside the ledger; printed wherever they are."""

    review_minutes: float
    miss_rate: float
    cpu_hour_cost: float
    scoring_us: float


def money(
    totals: Totals, made: Simulator, legacy_positive: NDArray[np.bool_], stated: Assumptions
) -> Money:
    """Return the figures of a window's totals and its simulator."""
    count, amount, returned = totals.count, totals.amount, totals.returned
    went_through = (slice(None), slice(None), 0)
    volume = int(amount[went_through].sum())
    gross = int(amount[went_through][..., FRAUD].sum())
    net = gross - int(returned[went_through][..., FRAUD].sum())
    genuine = int(count[1:, ..., GENUINE].sum())
    beyond = totals.at_stake()[1:, 1][..., ~legacy_positive, FRAUD]
    return Money(
        payments=totals.payments,
        volume=volume,
        frauds=int(count[..., FRAUD].sum()),
        fraud_gross=gross,
        fraud_net=net,
        gross_basis_points=BASIS_POINTS * share(gross, volume),
        net_basis_points=BASIS_POINTS * share(net, volume),
        legacy=None if made.legacy is None else _workload(made.legacy, genuine, stated),
        shadow=_workload(made.shadow, genuine, stated),
        value_saved_beyond_legacy=int(beyond.sum()),
        clearable=clearable(totals, legacy_positive, stated.miss_rate),
        miss_rate=stated.miss_rate,
        # Microseconds a payment are seconds a million payments.
        inference_cost_per_million=stated.scoring_us * stated.cpu_hour_cost / HOUR_S,
    )


def clearable(totals: Totals, legacy_positive: NDArray[np.bool_], miss_rate: float) -> float:
    """Return the share of legacy's flags under the highest score that misses no more than that."""
    flags = totals.scored.count[:, :, :, legacy_positive]
    by_risk = flags.sum(axis=(1, 2, 3, 4))
    frauds = flags[..., FRAUD].sum(axis=(1, 2, 3))
    if not frauds.sum():
        return float("nan")
    missed = np.cumsum(frauds)
    cleared = int(by_risk[missed <= miss_rate * frauds.sum()].sum())
    return share(cleared, int(by_risk.sum()))


def _workload(point: Point, genuine: int, stated: Assumptions) -> Workload:
    return Workload(
        point,
        review_hours=point.alerts * stated.review_minutes / 60,
        disturbed=point.false_positives,
        friction_rate=share(point.false_positives, genuine),
    )
