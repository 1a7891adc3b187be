"""The headline: a model in the shadow of the best rules money can search, four weeks, one truth.

Rule sets are searched on the weeks learned from, thresholds of the model are fixed on the week
before the judged ones, and every comparison is read three ways: with the truth of everything, with
what a ledger would hold if the rules declined, and corrected with a hold-out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.comparison.answers import Answer, Known, answer
from models.comparison.censoring import censored, held_out
from models.comparison.clusters import Moments, by_customer
from models.comparison.figures import LEGACY, SHADOW, Compared, Figure
from models.comparison.intervals import LEVEL
from models.comparison.matching import Matched, legacys_alert_rate, legacys_detection_rate
from models.comparison.paired import UNKNOWN, Paired, paired
from training.evaluation.material import Payments
from training.evaluation.rivals import Span
from training.evaluation.rules import (
    BEHAVIOUR,
    HAND_SEARCHED,
    RuleSet,
    best_f1,
    frontier,
    in_force,
    searched,
)
from training.metrics import sigmoid
from training.progress import Tracker

BUDGETS = (0.0025, 0.005, 0.0085, 0.012, 0.0165)
"""Shares of payments that a set of the frontier may flag, on the weeks learned from."""
TYPICAL = "typical, any conditions"
IN_FORCE = (0.001, 0.003, 0.005)
"""Shares of genuine payments that every condition of a typical set flags at least."""
VELOCITIES = ("count_1h", "count_1d")
HELD_OUT = 0.1
DRAWS = 100
MINOR = 100
FIGURES: dict[str, Figure] = {
    **{f"shadow {name}": SHADOW[name] for name in ("detection_rate", "value_detection_rate")},
    **{f"legacy {name}": LEGACY[name] for name in ("detection_rate", "value_detection_rate")},
    **{
        f"{name} {kind}": Compared(SHADOW[name], LEGACY[name], ratio=kind == "ratio")
        for name in ("detection_rate", "value_detection_rate", "false_positives_per_payment")
        for kind in ("difference", "ratio")
    },
    **{f"{system} precision": of["precision"] for system, of in
       (("shadow", SHADOW), ("legacy", LEGACY))},
}  # fmt: skip
READ_THREE_WAYS = ("shadow detection_rate", "legacy detection_rate", "detection_rate difference",
                   "value_detection_rate difference")  # fmt: skip
TOGETHER = 1 - (1 - LEVEL) / len(READ_THREE_WAYS)
"""Level of each interval at which those of one rule set hold at once (Bonferroni)."""

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """A model at one threshold beside a rule set, on the judged weeks.

    `matched` tells what the threshold was to keep to and reached when it was fixed; `rate` and
    `legacy_rate` are the shares of payments that both flag in the judged weeks, and wrong the
    genuine ones among them.
    """

    matched: Matched
    rate: float
    legacy_rate: float
    wrong: int
    legacy_wrong: int
    answers: Mapping[str, Answer]


@dataclass(frozen=True)
class ThreeWays:
    """One figure with everything known, with what a ledger would hold, and corrected.

    A ledger's answer is refused where declines hide the truth; `naive` is what it would read.
    `contains` is the share of hold-outs drawn anew whose corrected interval, where it is given,
    holds the figure of the full truth; `given` how many gave one. `together` is the corrected
    answer whose interval holds the truth along with those of all figures read so (Bonferroni).
    """

    full: Answer
    censored: Answer
    naive: float
    corrected: Answer
    together: Answer
    contains: float
    given: float


@dataclass(frozen=True)
class Beside:
    """A rule set and the model beside it: as many alerts (by either ranking), as many frauds.

    The last is None where the week before had no fraud to fix a threshold on. `hold_together` is
    the share of hold-outs of which every figure given `together` holds the full truth.
    """

    name: str
    conditions: str
    learned_rate: float
    by_probability: Reading
    by_money: Reading
    as_many_frauds: Reading | None
    three_ways: Mapping[str, ThreeWays]
    hold_together: float


@dataclass(frozen=True)
class Headline:
    """All rule sets, the typical ones last; rows judged and their frauds.

    `handbook` is whether these are the handbook's payments, of which bars are asked.
    """

    handbook: bool
    beside: Sequence[Beside]
    payments: int
    frauds: int


def headline(
    learned: Span,
    shadowed: Span,
    scores: Scores,
    judged_ms: int,
    tracker: Tracker,
    *,
    by_hand: bool,
    draws: int = DRAWS,
) -> Headline:
    """Compare log-odds of the shadowed rows (n,) with every rule set.

    `shadowed` are the weeks in shadow: thresholds are fixed on those before `judged_ms`.
    `draws` hold-outs are drawn for each set.
    """
    sets = rule_sets(learned, by_hand=by_hand)
    advance = tracker.task("rule sets compared", len(sets))
    beside = []
    for one in sets:
        beside.append(_beside(one, learned, shadowed, scores, judged_ms, draws))
        advance(1)
    judged = shadowed.payments.occurred_ms >= judged_ms
    return Headline(by_hand, beside, int(judged.sum()), int(shadowed.payments.fraud[judged].sum()))


def rule_sets(learned: Span, *, by_hand: bool) -> list[RuleSet]:
    """Return the sets to compare with, all found on what is learned from.

    The best of the search within each budget; those searched by hand for the handbook's payments;
    and typical ones that know nothing of known frauds, with the best F1: of any conditions, and
    of amount, ratio, velocity and night all in force.
    """
    found = searched(learned.columns, learned.payments)
    rates = np.array([one.flags(learned.columns).mean() for one in found])
    best = [
        replace(found[at], name=f"best within {budget:.2%}")
        for budget in BUDGETS
        if (at := int(np.searchsorted(rates, budget, side="right")) - 1) >= 0
    ]
    behaviour = {name: v for name, v in learned.columns.items() if name in BEHAVIOUR}
    fraud = learned.payments.fraud
    typical = best_f1(behaviour, fraud, frontier(behaviour, fraud))
    return [
        *best,
        *(HAND_SEARCHED if by_hand else ()),
        replace(typical, name=TYPICAL),
        *(replace(in_force(behaviour, fraud, VELOCITIES, least), name=four_rules(least))
          for least in IN_FORCE),
    ]  # fmt: skip


def four_rules(least: float) -> str:
    """Return the name of the typical set whose conditions each flag at least this share."""
    return f"typical, all four rules, each at least {least:.1%}"


def _beside(
    one: RuleSet, learned: Span, shadowed: Span, scores: Scores, judged_ms: int, draws: int
) -> Beside:
    flagged = one.flags(shadowed.columns)
    by_probability = rows_of(shadowed.payments, flagged, scores)
    money = sigmoid(scores) * np.nan_to_num(shadowed.payments.amount)
    by_money = replace(by_probability, log_odds=np.log(np.maximum(money, 1e-300)))
    earlier = by_probability.occurred_ms < judged_ms
    before = by_probability.take(earlier)
    alerts = legacys_alert_rate(before)
    judged = by_probability.take(~earlier)
    ways, hold_together = three_ways(judged.at_threshold(alerts.threshold), draws=draws)
    return Beside(
        name=one.name,
        conditions=one.told(),
        learned_rate=float(one.flags(learned.columns).mean()),
        by_probability=_reading(judged, alerts),
        by_money=_reading(by_money.take(~earlier), legacys_alert_rate(by_money.take(earlier))),
        as_many_frauds=_reading(judged, legacys_detection_rate(before))
        if before.truth.any()
        else None,
        three_ways=ways,
        hold_together=hold_together,
    )


def rows_of(payments: Payments, legacy: npt.NDArray[np.bool_], scores: Scores) -> Paired:
    """Return payments as paired rows; a rule that flags declines, and everything has its truth."""
    missing = payments.customers < 0
    customer = np.where(missing, payments.customers.max() + 1 + np.arange(len(payments)),
                        payments.customers)  # fmt: skip
    amount = np.where(np.isnan(payments.amount), UNKNOWN / MINOR, payments.amount)
    return paired(
        occurred_ms=payments.occurred_ms,
        customer=customer,
        amount=np.rint(MINOR * amount).astype(np.int64),
        legacy=legacy,
        declined=legacy,
        flagged=np.zeros(len(payments), bool),
        log_odds=scores,
        truth=payments.fraud,
    )


def _reading(judged: Paired, matched: Matched) -> Reading:
    rows = judged.at_threshold(matched.threshold)
    moments = Moments.of(by_customer(rows))
    legacy, genuine = rows.legacy == 1, rows.truth == 0
    return Reading(
        matched=matched,
        rate=float(rows.flagged.mean()),
        legacy_rate=float(legacy.mean()),
        wrong=int((rows.flagged & genuine).sum()),
        legacy_wrong=int((legacy & genuine).sum()),
        answers={name: answer(moments, figure) for name, figure in FIGURES.items()},
    )


def three_ways(
    rows: Paired, rate: float = HELD_OUT, draws: int = DRAWS
) -> tuple[dict[str, ThreeWays], float]:
    """Return the figures of rows in which everything is known, read three ways.

    And the share of hold-outs of which all intervals given together hold the full truth, NaN
    where none gives one. The corrected answer is that of the first hold-out drawn; of the others
    only how often their intervals hold the truth. Payments that nobody flagged and that are
    genuine add nothing to these figures and are left out.
    """
    rows = rows.take((rows.truth == 1) | (rows.legacy == 1) | rows.flagged)
    names, code = np.unique(rows.customer, return_inverse=True)
    full = Moments.of(by_customer(rows))
    silent = Moments.of(by_customer(censored(rows)))
    corrected = []
    for seed in range(draws):
        drawn = np.random.default_rng(seed).uniform(size=len(names)) < rate
        ledger = censored(replace(rows, held_out=drawn[code]))
        corrected.append(Moments.of(by_customer(held_out(ledger, rate))))
    ways = {name: _three(FIGURES[name], full, silent, corrected) for name in READ_THREE_WAYS}
    held = np.array([_held(FIGURES[name], full, corrected, TOGETHER) for name in READ_THREE_WAYS])
    given = ~np.isnan(held).all(axis=0)
    together = ((held == 1) | np.isnan(held)).all(axis=0)[given]
    return ways, float(together.mean()) if given.any() else float("nan")


def _three(
    figure: Figure, full: Moments, silent: Moments, corrected: Sequence[Moments]
) -> ThreeWays:
    held = _held(figure, full, corrected, LEVEL)
    given = ~np.isnan(held)
    return ThreeWays(
        full=answer(full, figure),
        censored=answer(silent, figure),
        naive=float(figure.of(silent.totals)),
        corrected=answer(corrected[0], figure),
        together=answer(corrected[0], figure, level=TOGETHER),
        contains=float(held[given].mean()) if given.any() else float("nan"),
        given=float(given.mean()),
    )


def _held(figure: Figure, full: Moments, corrected: Sequence[Moments], level: float) -> Scores:
    """Return 1 for each hold-out whose interval holds the truth, 0 else, NaN if none is given."""
    truth = float(figure.of(full.totals))
    answers = [answer(one, figure, level=level) for one in corrected]
    return np.array(
        [one.low <= truth <= one.high if isinstance(one, Known) else np.nan for one in answers]
    )
