"""The rule that makes flags: chosen on one window, and what it brings on another."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.decide import thresholds
from training.config import CostConfig, ThresholdConfig
from training.costs import extra_of_flagging, spent
from training.errors import NoThreshold
from training.flag_figures import FlagFigures, flag_figures
from training.metrics import log_odds, riskiest, sigmoid
from training.resampling import Figure, totals
from training.thresholds import (
    LEAST_FLAGS,
    Values,
    threshold_for_cost,
    threshold_for_precision,
    threshold_for_share,
)

BY_PROBABILITY, BY_MONEY = "probability", "probability_x_amount"

_LEAST_MONEY = 1e-6

Truth = npt.NDArray[np.bool_]
Money = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scored:
    """Scored payments of one window, (n,) each: `amount` is NaN where there is no rate."""

    log_odds: npt.NDArray[np.float32]
    fraud: Truth
    amount: Money
    customers: npt.NDArray[np.int64]
    days: float

    @property
    def probability(self) -> Money:
        """Calibrated probabilities."""
        return sigmoid(self.log_odds)


@dataclass(frozen=True)
class FlagRule:
    """Payments are flagged from `log_odds` on or, where given, from `at_risk` (money) on.

    `way` and `target` say what was asked for. `typical` stands for an amount that is not known.
    """

    way: str
    target: float | None
    rank_by: str
    log_odds: float
    at_risk: float | None
    typical: float
    cost: CostConfig | None

    def flags(self, window: Scored) -> Truth:
        """Which payments are flagged, exactly as in the worker."""
        return window.log_odds >= thresholds(self.log_odds, self.at_risk, window.amount)

    def amounts(self, window: Scored) -> Money:
        """Amounts, the typical one where none is known."""
        return np.where(np.isnan(window.amount), self.typical, window.amount)

    def first(self, window: Scored, flags: int, rank_by: str) -> Truth:
        """Mark so many payments that come first when ranked by probability, or money at risk."""
        return riskiest(_values(window, self.amounts(window), rank_by), flags)


@dataclass(frozen=True)
class Outcome:
    """What flags bring on one window.

    `expected_precision` is the mean calibrated probability of the flags. Costs are a day's, by
    what turned out to be fraud, beside what no flags at all would have cost; None where the
    configuration names none.
    """

    figures: FlagFigures
    flags_a_day: float
    expected_precision: float
    cost_a_day: Figure | None
    cost_a_day_without_flags: float | None


@dataclass(frozen=True)
class Flagging:
    """A rule, what it brings on the window it was `fixed` on and on the `judged` one.

    `rankings`: what as many flags bring on the judged window when payments are ranked by
    probability, and by probability x amount.
    """

    rule: FlagRule
    fixed: Outcome
    judged: Outcome
    rankings: dict[str, Outcome]


def choose_rule(window: Scored, config: ThresholdConfig) -> FlagRule:
    """Return the rule that does on this window what is asked for.

    Raises NoThreshold when no threshold does.
    """
    known = window.amount[~np.isnan(window.amount)]
    typical = float(known.mean()) if len(known) else 0.0
    if not typical and (config.rank_by == BY_MONEY or config.cost is not None):
        raise NoThreshold(
            "no payment of the validation window has an amount in the reporting currency; give "
            "--rates, or choose the threshold without threshold.cost and by probability alone"
        )
    amount = np.where(np.isnan(window.amount), typical, window.amount)
    values = _values(window, amount, config.rank_by)
    found, at_risk = _threshold(values, amount, window, config), None
    if config.rank_by == BY_MONEY:
        at_risk = _just_below(found, values)
        found = float(log_odds(min(at_risk / typical, 1.0)))
    return FlagRule(config.way, config.target, config.rank_by, found, at_risk, typical, config.cost)


def outcome(rule: FlagRule, window: Scored, flagged: Truth, *, rng: np.random.Generator) -> Outcome:
    """Count what some flags bring, with intervals by customer."""
    cost = without = None
    if rule.cost is not None:
        amount = rule.amounts(window)
        each = spent(rule.cost, window.fraud, flagged, amount)
        found = totals({"spent": each}, window.customers, rng=rng)
        cost = found.figure(lambda sums: sums["spent"] / window.days)
        nothing = spent(rule.cost, window.fraud, np.zeros_like(flagged), amount)
        without = float(nothing.sum() / window.days)
    return Outcome(
        figures=flag_figures(window.fraud, flagged, window.amount, window.customers),
        flags_a_day=float(flagged.sum() / window.days),
        expected_precision=float(window.probability[flagged].mean()) if flagged.any() else np.nan,
        cost_a_day=cost,
        cost_a_day_without_flags=without,
    )


def flagging(
    rule: FlagRule, fixed_on: Scored, judged_on: Scored, *, rng: np.random.Generator
) -> Flagging:
    """Judge a rule on its own window and on the judged one, both rankings at its flags there."""
    flagged = rule.flags(judged_on)
    count = int(flagged.sum())
    return Flagging(
        rule=rule,
        fixed=outcome(rule, fixed_on, rule.flags(fixed_on), rng=rng),
        judged=outcome(rule, judged_on, flagged, rng=rng),
        rankings={
            by: outcome(rule, judged_on, rule.first(judged_on, count, by), rng=rng)
            for by in (BY_PROBABILITY, BY_MONEY)
        },
    )


def _values(window: Scored, amount: Money, rank_by: str) -> Values:
    return window.probability * amount if rank_by == BY_MONEY else window.log_odds


def _threshold(values: Values, amount: Money, window: Scored, config: ThresholdConfig) -> float:
    facts = f"the validation window ({len(values)} payments, {window.fraud.sum()} frauds)"
    if config.precision is not None:
        found = threshold_for_precision(values, window.probability, window.fraud, config.precision)
        if found is None:
            raise NoThreshold(
                f"no threshold flags {LEAST_FLAGS} payments or more of {facts} at a precision of "
                f"{config.precision}; lower threshold.precision, or set threshold.alert_rate"
            )
        return found
    if config.cost is not None:
        extra = extra_of_flagging(config.cost, window.probability, amount)
        found = threshold_for_cost(values, extra)
        if found is None:
            raise NoThreshold(
                f"by threshold.cost no flag in {facts} saves what its review costs; correct "
                "threshold.cost, or set threshold.alert_rate"
            )
        return found
    return threshold_for_share(values, config.share(len(values) / window.days))


def _just_below(found: float, values: Values) -> float:
    """Money between the threshold's own row and the next one.

    The worker compares log-odds of 32 bits, not this product: a row must not stand on the line.
    """
    if found > values.max():
        return max(found * (1 + _LEAST_MONEY), _LEAST_MONEY)
    lower = values[values < found]
    return max((found + float(lower.max())) / 2 if len(lower) else found / 2, _LEAST_MONEY)
