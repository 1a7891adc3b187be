"""Simulated shadow periods at score level: many at once, payments as columns, truth known.

A period has customers who are defrauded in sprees and genuine payments near enough to a threshold
that one of the systems flags them. Each payment has a score of both systems; scores of one
customer lean the same way, and so do those of both systems for one payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.comparison.paired import LABEL_SOURCES, UNKNOWN, Paired, paired

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DAY_MS = 86_400_000
PERIOD_DAYS = 60
CUSTOMERS = 100_000_000
"""Codes from one period to the next, more than a period has customers."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a simulated period is like. Scores have standard deviation 1, thresholds are 0.

    `victims` is the mean number of customers with a spree, of `spree` frauds on average, and
    `longest` at most. `shadow` and `legacy` are mean scores of frauds, `leaning` the share of a
    score's variance that a customer's frauds have in common, `alike` that of both systems.
    The shadow's mean moves by `drift` from the first day to the last, and so many times more
    frauds come at the end, `growing`. A share `held_out` of customers is not declined; with None
    nobody is; or declined payments are `reviewed` at that rate and customers go on. Labels of
    frauds take `delay_days` in the median (lognormal), if given.
    """

    name: str
    victims: float = 150
    spree: float = 2
    longest: int = 12
    shadow: float = 0.65
    legacy: float = 0.35
    leaning: float = 0.3
    alike: float = 0.4
    drift: float = 0.0
    growing: float = 1.0
    wrong: float = 260
    held_out: float | None = None
    reviewed: float | None = None
    delay_days: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """Rows of `count` periods, `period` (n,) being whose they are, in order of period and time.

    `known_ms` is when a fraud's label comes; 0 where it does not take time.
    """

    count: int
    period: NDArray[np.int64]
    rows: Paired
    known_ms: NDArray[np.int64]


def simulate(scenario: Scenario, count: int, rng: np.random.Generator) -> Periods:
    """Return so many periods of a scenario, everything in them known."""
    frauds = _frauds(scenario, count, rng)
    genuine = _genuine(scenario, count, rng)
    columns = {name: np.concatenate([frauds[name], genuine[name]]) for name in frauds}
    order = np.lexsort((columns["occurred_ms"], columns["period"]))
    c = {name: column[order] for name, column in columns.items()}
    legacy, held_out = c["legacy_score"] > 0, np.zeros(len(order), bool)
    if scenario.held_out is not None:
        held_out = _drawn(c["customer"], scenario.held_out, rng)
    declines = scenario.held_out is not None or scenario.reviewed is not None
    drawn = legacy & (rng.uniform(size=len(order)) < (scenario.reviewed or 0))
    rows = paired(
        occurred_ms=c["occurred_ms"],
        customer=c["customer"],
        amount=c["amount"],
        legacy=legacy,
        flagged=c["shadow_score"] > 0,
        log_odds=c["shadow_score"],
        truth=c["fraud"],
        declined=legacy if declines else None,
        held_out=held_out,
        source=np.where(drawn, LABEL_SOURCES.index("sample"), UNKNOWN),
    )
    known = rows.occurred_ms.copy()
    if scenario.delay_days is not None:
        delay = scenario.delay_days * np.exp(0.6 * rng.standard_normal(len(known)))
        known += (delay * DAY_MS).astype(np.int64)
    return Periods(count, c["period"], rows, known)


def _frauds(
    scenario: Scenario, count: int, rng: np.random.Generator
) -> dict[str, NDArray[np.generic]]:
    victims = rng.poisson(scenario.victims, count)
    period = np.repeat(np.arange(count), victims)
    size = np.minimum(rng.geometric(1 / scenario.spree, len(period)), scenario.longest)
    begin = _days(scenario.growing, len(period), rng)
    who = np.repeat(np.arange(len(period)), size)
    day = begin[who] + rng.exponential(1.5, len(who)) * (np.arange(len(who)) != _first(size)[who])
    inside = day < PERIOD_DAYS
    who, day = who[inside], day[inside]
    common = rng.standard_normal((len(period), 2))
    own = rng.standard_normal((len(who), 2))
    a, b = np.sqrt(scenario.leaning), np.sqrt(1 - scenario.leaning)
    noise = a * _alike(common, scenario.alike)[who] + b * _alike(own, scenario.alike)
    large = rng.standard_normal(len(period))[who] + rng.standard_normal(len(who))
    moved = scenario.drift * (day / PERIOD_DAYS - 0.5)
    return {
        "period": period[who],
        "customer": period[who] * CUSTOMERS + who,
        "occurred_ms": (day * DAY_MS).astype(np.int64),
        "fraud": np.ones(len(who), np.int8),
        "amount": np.exp(8 + 0.7 * large).astype(np.int64),
        "shadow_score": scenario.shadow + moved + noise[:, 0] + 0.15 * large,
        "legacy_score": scenario.legacy + noise[:, 1] + 0.25 * large,
    }


def _genuine(
    scenario: Scenario, count: int, rng: np.random.Generator
) -> dict[str, NDArray[np.generic]]:
    """Return genuine payments that at least one system is close to flagging."""
    customers = rng.poisson(scenario.wrong, count)
    period = np.repeat(np.arange(count), customers)
    size = rng.geometric(0.6, len(period))
    who = np.repeat(np.arange(len(period)), size)
    noise = _alike(rng.standard_normal((len(who), 2)), -0.5)
    noise += _alike(rng.standard_normal((len(period), 2)), 0.2)[who]
    kept = (noise > 0).any(axis=1)
    who, noise = who[kept], noise[kept]
    return {
        "period": period[who],
        "customer": period[who] * CUSTOMERS + CUSTOMERS // 2 + who,
        "occurred_ms": (rng.uniform(0, PERIOD_DAYS, len(who)) * DAY_MS).astype(np.int64),
        "fraud": np.zeros(len(who), np.int8),
        "amount": np.exp(8 + rng.standard_normal(len(who))).astype(np.int64),
        "shadow_score": noise[:, 0] - 0.1,
        "legacy_score": noise[:, 1],
    }


def _first(size: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.cumsum(size) - size


def _days(growing: float, n: int, rng: np.random.Generator) -> Floats:
    """Days with a density that grows evenly to so many times what it was at the beginning."""
    u = rng.uniform(size=n)
    if growing == 1:
        return PERIOD_DAYS * u
    slope = growing - 1
    found: Floats = PERIOD_DAYS * (np.sqrt(1 + u * (growing**2 - 1)) - 1) / slope
    return found


def _alike(noise: Floats, share: float) -> Floats:
    """Make two columns correlated."""
    return np.stack([noise[:, 0], share * noise[:, 0] + np.sqrt(1 - share**2) * noise[:, 1]], 1)


def _drawn(
    customer: NDArray[np.int64], share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    codes, place = np.unique(customer, return_inverse=True)
    found: NDArray[np.bool_] = (rng.uniform(size=len(codes)) < share)[place]
    return found
