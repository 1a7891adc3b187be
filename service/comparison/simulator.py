"""Any threshold over any stored days: what it would have flagged, found and been worth.

Thresholds are the lower edges of the bundle's 1,000 risk scores. Nothing is scanned: the sums
hold payments by risk score, and a threshold adds up what lies at and above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from service.comparison.totals import FRAUD, GENUINE
from service.ledger.case_openings import CASE_FLOOR

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from service.comparison.totals import Totals
    from service.ledger.rollups import Sums

LEVELS = 1000


@dataclass(frozen=True, slots=True)
class Costs:
    """What things cost, in units of the reporting currency; stated on every page that uses them."""

    loss_given_fraud: float
    review_cost: float
    friction_cost: float


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """What each threshold flags: every column is (1001,), the last place flags nothing.

    Frauds and genuine payments are those whose truth is settled. Money is in minor units:
    `fraud_money` that was attempted, `stake` what stopping it would have kept. `cases` is -1
    where it is not counted (below CASE_FLOOR).
    """

    alerts: NDArray[np.int64]
    frauds: NDArray[np.int64]
    genuine: NDArray[np.int64]
    fraud_money: NDArray[np.int64]
    stake: NDArray[np.int64]
    cases: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Point:
    """One way of flagging, as it turned out. Rates are NaN where nothing is known to divide by.

    `risk` is the threshold, None for legacy. `cases` is None where it is not counted. `profit`
    is in units of the reporting currency: losses kept off, less reviews, less friction.
    """

    risk: int | None
    alerts: int
    cases: int | None
    alert_rate: float
    frauds: int
    false_positives: int
    open: int
    detection_rate: float
    value_detection_rate: float
    precision: float
    false_positives_per_fraud: float
    value_detected: int
    value_saved: int
    profit: float


@dataclass(frozen=True, slots=True)
class Base:
    """What points are measured by: the payments compared, their known frauds, what things cost.

    `what` says which payments those are; money is in minor units, of which `minor_units` make
    one of the reporting currency.
    """

    what: str
    payments: int
    frauds: int
    fraud_money: int
    costs: Costs
    minor_units: int

    def point(
        self,
        *,
        alerts: int,
        frauds: int,
        genuine: int,
        money: int,
        stake: int,
        risk: int | None = None,
        cases: int | None = None,
    ) -> Point:
        """Return a way of flagging, from what it flagged."""
        return Point(
            risk=risk,
            alerts=alerts,
            cases=cases,
            alert_rate=share(alerts, self.payments),
            frauds=frauds,
            false_positives=genuine,
            open=alerts - frauds - genuine,
            detection_rate=share(frauds, self.frauds),
            value_detection_rate=share(money, self.fraud_money),
            precision=share(frauds, frauds + genuine),
            false_positives_per_fraud=share(genuine, frauds),
            value_detected=money,
            value_saved=stake,
            profit=self.costs.loss_given_fraud * stake / self.minor_units
            - self.costs.review_cost * alerts
            - self.costs.friction_cost * genuine,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Simulator:
    """A window's curve beside what both systems flagged in it.

    `legacy` is None where no legacy decision is known.
    """

    base: Base
    curve: Curve
    legacy: Point | None
    shadow: Point

    def at(self, risk: int) -> Point:
        """Return what a threshold of this risk score (1000: never) would have made."""
        c = self.curve
        return self.base.point(
            risk=risk,
            alerts=int(c.alerts[risk]),
            cases=None if c.cases[risk] < 0 else int(c.cases[risk]),
            frauds=int(c.frauds[risk]),
            genuine=int(c.genuine[risk]),
            money=int(c.fraud_money[risk]),
            stake=int(c.stake[risk]),
        )

    def within(self, alerts: float) -> Point:
        """Return the lowest threshold with at most so many alerts in the window."""
        return self.at(int(np.argmax(self.curve.alerts <= max(alerts, 0))))

    def finding(self, part: float) -> Point:
        """Return the highest threshold that finds at least this share of the known frauds."""
        enough = self.curve.frauds >= part * self.base.frauds
        return self.at(int(np.flatnonzero(enough)[-1]))

    def best(self) -> Point:
        """Return the threshold of the highest profit, the highest of equals."""
        c, costs = self.curve, self.base.costs
        profit = costs.loss_given_fraud * c.stake / self.base.minor_units
        profit = profit - costs.review_cost * c.alerts - costs.friction_cost * c.genuine
        return self.at(int(np.flatnonzero(profit == profit.max())[-1]))


def simulator(
    totals: Totals,
    cases: Sums | None,
    legacy_positive: NDArray[np.bool_],
    costs: Costs,
    minor_units: int,
) -> Simulator:
    """Return the simulator of a window. `cases` are the openings, None where they do not fit.

    It is about the scored payments with a legacy decision; where none has one, about all scored.
    """
    scored = totals.scored
    told = bool(scored.count[:, :, :, 1:].any())
    mine = slice(1 if told else 0, None)
    count = scored.count[:, :, :, mine]
    amount, stake = scored.amount[:, :, :, mine], scored.at_stake()[:, :, :, mine]
    base = Base(
        what="scored payments with a legacy decision" if told else "scored payments",
        payments=int(count.sum()),
        frauds=int(count[..., FRAUD].sum()),
        fraud_money=int(amount[..., FRAUD].sum()),
        costs=costs,
        minor_units=minor_units,
    )
    curve = Curve(
        alerts=_upwards(count.sum(axis=(1, 2, 3, 4))),
        frauds=_upwards(count[..., FRAUD].sum(axis=(1, 2, 3))),
        genuine=_upwards(count[..., GENUINE].sum(axis=(1, 2, 3))),
        fraud_money=_upwards(amount[..., FRAUD].sum(axis=(1, 2, 3))),
        stake=_upwards(stake[..., FRAUD].sum(axis=(1, 2, 3))),
        cases=_cases(cases),
    )

    def flagged(place: tuple[Any, ...]) -> Point:
        return base.point(
            alerts=int(count[place].sum()),
            frauds=int(count[place][..., FRAUD].sum()),
            genuine=int(count[place][..., GENUINE].sum()),
            money=int(amount[place][..., FRAUD].sum()),
            stake=int(stake[place][..., FRAUD].sum()),
        )

    every = slice(None)
    return Simulator(
        base,
        curve,
        flagged((every, every, every, legacy_positive[mine])) if told else None,
        flagged((every, 1)),
    )


def share(part: float, whole: float) -> float:
    """Return part over whole, NaN where there is no whole."""
    return part / whole if whole else float("nan")


def _upwards(by_risk: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sums from each risk score upwards, (1001,)."""
    return np.append(np.cumsum(by_risk[::-1])[::-1], 0)


def _cases(sums: Sums | None) -> NDArray[np.int64]:
    opened = np.zeros(LEVELS, np.int64)
    if sums is None:
        return np.full(LEVELS + 1, -1, np.int64)
    for cells in sums.cells:
        opened[cells["code"]] += cells["count"]
    found = _upwards(opened)
    found[:CASE_FLOOR] = -1
    return found
