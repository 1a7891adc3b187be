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
    waits = MATURITY_DAYS if scenario.delay_days is not None else 0
    now = np.round((PERIOD_DAYS + waits) * DAY_MS * np.arange(1, looks + 1) / looks)
    until = now - waits * DAY_MS
    seen = _seen(periods, scenario)
    moments = _delayed(seen, now, until) if waits else _growing(seen, until)
    totals = _totals(periods.rows, until)
    elapsed = np.maximum(until / (PERIOD_DAYS * DAY_MS), 1 / looks)[:, None]
    found = {
        name: _held(moments, figure, figure.of(totals)[:, None], elapsed)
        for name, figure in FIGURES.items()
    }
    return found | {GAINS: _gains(_told_apart(seen, until))}


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


def _growing(periods: Periods, until: NDArray[np.float64]) -> Moments:
    """Return moments of what occurred before each of several moments, (looks, periods)."""
    names, code = np.unique(periods.rows.customer, return_inverse=True)
    table, look = contributions(periods.rows), _look(periods.rows, until)
    sums, found = np.zeros((len(names), table.shape[1])), []
    for number in range(len(until)):
        fresh = look == number
        np.add.at(sums, code[fresh], table[fresh])
        found.append(_moments(sums, names, periods.count))
    return Moments.stacked(found)


def _delayed(periods: Periods, now: NDArray[np.float64], until: NDArray[np.float64]) -> Moments:
    """Return moments of mature payments with the labels that had come at each look."""
    rows, found = periods.rows, []
    for moment, end in zip(now, until, strict=True):
        came = (rows.truth == 1) & (periods.known_ms <= moment)
        told = replace(
            rows,
            truth=np.where(came, 1, UNKNOWN).astype(np.int8),
            mature=rows.occurred_ms < end,
        )
        there = np.flatnonzero(rows.occurred_ms < end)
        names, code = np.unique(rows.customer[there], return_inverse=True)
        table = contributions(told.take(there))
        found.append(_moments(added_up(table, code) if len(there) else table, names, periods.count))
    return Moments.stacked(found)


def _moments(sums: NDArray[np.float64], names: NDArray[np.int64], count: int) -> Moments:
    """Return the moments of each period, given the sums of customers in rising order."""
    cuts = np.searchsorted(names // CUSTOMERS, np.arange(count + 1))
    return Moments.stacked([Moments.of(sums[a:b]) for a, b in pairwise(cuts)])


def _totals(rows: Paired, until: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums of all periods together, everything known, (looks, columns)."""
    table = contributions(replace(rows, declined=np.zeros(len(rows), bool)))
    sums = np.zeros((len(until) + 1, table.shape[1]))
    np.add.at(sums, _look(rows, until), table)
    found: NDArray[np.float64] = sums[:-1].cumsum(axis=0)
    return found


def _look(rows: Paired, until: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the first look that sees each row; as many as there are looks where none does."""
    return np.searchsorted(until, rows.occurred_ms, side="right")


def _told_apart(periods: Periods, until: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return customers first told apart by a gain and by a loss, (looks, periods, 2).

    Only those whose rows stand for themselves.
    """
    rows = periods.rows
    apart = np.flatnonzero(
        (rows.settled() == 1) & (rows.flagged != (rows.legacy == 1)) & (rows.weight == 1)
    )
    first = apart[np.unique(rows.customer[apart], return_index=True)[1]]
    cell = (_look(rows, until)[first] * periods.count + periods.period[first]) * 2
    shape = (len(until) + 1, periods.count, 2)
    found = np.bincount(cell + ~rows.flagged[first], minlength=int(np.prod(shape)))
    return found.reshape(shape)[:-1].cumsum(axis=0)


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
