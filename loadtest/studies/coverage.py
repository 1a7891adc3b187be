"""How often intervals hold the truth, over many simulated shadow periods and thirty looks each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from loadtest.studies.periods import CUSTOMERS, DAY_MS, PERIOD_DAYS, simulate
from models.comparison.answers import enough, multiplier
from models.comparison.censoring import censored, held_out, reviewed
from models.comparison.clusters import Moments, added_up
from models.comparison.figures import LEGACY, SHADOW, Compared, Figure, contributions
from models.comparison.intervals import interval
from models.comparison.paired import UNKNOWN
from models.comparison.sequential import share_of_gains

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.studies.periods import Periods, Scenario
    from models.comparison.paired import Paired

LOOKS = 30
MATURITY_DAYS = 30
_SHARES = ("detection_rate", "value_detection_rate", "precision")
FIGURES: dict[str, Figure] = {
    **{name: SHADOW[name] for name in (*_SHARES, "false_positives_per_fraud")},
    **{f"{name}, difference": Compared(SHADOW[name], LEGACY[name]) for name in _SHARES},
    **{
        f"{name}, ratio": Compared(SHADOW[name], LEGACY[name], ratio=True)
        for name in ("detection_rate", "value_detection_rate", "false_positives_per_payment")
    },
}
GAINS = "share of gains among customers told apart"


@dataclass(frozen=True, slots=True)
class Held:
    """What became of one figure's intervals over all periods, as shares.

    `given` are periods whose last look answers, `covered` those of them whose interval at that
    look, fixed beforehand, holds the truth. `missed` are periods in which any look's anytime-valid
    interval misses it, `peeked` those in which any look's fixed one does.
    """

    given: float
    covered: float
    missed: float
    peeked: float


def study(
    scenario: Scenario, count: int, rng: np.random.Generator, looks: int = LOOKS
) -> dict[str, Held]:
    """Return how the intervals of each figure fared in so many periods of a scenario.

    The truth at a look is the same figure over everything that happened to be judged by then, in
    all periods together: with drift it moves.
    """
    periods = simulate(scenario, count, rng)
    seen = _seen(periods, scenario)
    waits = MATURITY_DAYS if scenario.delay_days is not None else 0
    truth, known, gains = [], [], []
    for look in range(1, looks + 1):
        now = round((PERIOD_DAYS + waits) * DAY_MS * look / looks)
        until = now - waits * DAY_MS
        truth.append(_moments(periods, periods.rows.occurred_ms < until).totals.sum(axis=0))
        there = seen.rows.occurred_ms < until
        told = replace(seen, rows=_at(seen, now)) if waits else seen
        known.append(_moments(told, there))
        gains.append(_told_apart(told, there))
    elapsed = np.maximum(np.arange(1, looks + 1) * (1 + waits / PERIOD_DAYS) / looks
                         - waits / PERIOD_DAYS, 1 / looks)  # fmt: skip
    moments, totals = Moments.stacked(known), np.stack(truth)
    found = {
        name: _held(moments, figure, figure.of(totals)[:, None], elapsed[:, None])
        for name, figure in FIGURES.items()
    }
    return found | {GAINS: _gains(np.stack(gains))}


def _seen(periods: Periods, scenario: Scenario) -> Periods:
    """Return what a ledger holds of the periods, corrected where declines censor them."""
    if scenario.reviewed is not None:
        return replace(periods, rows=reviewed(periods.rows, scenario.reviewed))
    if scenario.held_out is None:
        return periods
    numbered = replace(periods.rows, log_odds=np.arange(len(periods.rows), dtype=np.float64))
    rows = held_out(censored(numbered), scenario.held_out)
    kept = rows.log_odds.astype(np.int64)
    return replace(periods, rows=rows, period=periods.period[kept], known_ms=periods.known_ms[kept])


def _at(periods: Periods, now_ms: int) -> Paired:
    """Return the rows as they are known at a moment: labels that came, and age."""
    rows = periods.rows
    unlabelled = (rows.truth != 1) | (periods.known_ms > now_ms)
    return replace(
        rows,
        truth=np.where(unlabelled, UNKNOWN, 1).astype(np.int8),
        mature=rows.occurred_ms <= now_ms - MATURITY_DAYS * DAY_MS,
    )


def _moments(periods: Periods, there: NDArray[np.bool_]) -> Moments:
    rows = periods.rows.take(there)
    names, code = np.unique(rows.customer, return_inverse=True)
    sums = added_up(contributions(rows), code) if len(names) else contributions(rows)
    cuts = np.searchsorted(names // CUSTOMERS, np.arange(periods.count + 1))
    return Moments.stacked([Moments.of(sums[a:b]) for a, b in pairwise(cuts)])


def _told_apart(periods: Periods, there: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return customers told apart for the first time by a gain and by a loss, (periods, 2)."""
    rows = periods.rows
    apart = np.flatnonzero(
        there & (rows.settled() == 1) & (rows.flagged != (rows.legacy == 1)) & (rows.weight == 1)
    )
    first = apart[np.unique(rows.customer[apart], return_index=True)[1]]
    gained = rows.flagged[first]
    return np.stack(
        [
            np.bincount(periods.period[first[of]], minlength=periods.count)
            for of in (gained, ~gained)
        ],
        axis=1,
    )


def _held(
    moments: Moments,
    figure: Figure,
    truth: NDArray[np.float64],
    elapsed: NDArray[np.float64],
) -> Held:
    """Moments are (looks, periods), truth and time elapsed (looks, 1)."""
    told = enough(moments, figure)

    def misses(wide: NDArray[np.float64]) -> NDArray[np.bool_]:
        _, low, high = interval(moments, figure, wide)
        return told & ~((low <= truth) & (truth <= high))

    fixed = misses(multiplier(moments, figure, None))
    always = misses(multiplier(moments, figure, elapsed))
    given = told[-1]
    return Held(
        given=float(given.mean()),
        covered=float(1 - fixed[-1][given].mean()) if given.any() else float("nan"),
        missed=float(always.any(axis=0).mean()),
        peeked=float(fixed.any(axis=0).mean()),
    )


def _gains(gains: NDArray[np.int64]) -> Held:
    """Return how the exact sequence fared, which needs no refusal: it is wide on little."""
    wins, losses = gains[..., 0], gains[..., 1]
    truth = wins[-1].sum() / max(gains[-1].sum(), 1)
    low, high = share_of_gains(wins, losses)
    outside = ~((low <= truth) & (truth <= high))
    return Held(1.0, float(1 - outside[-1].mean()), float(outside.any(axis=0).mean()), float("nan"))
