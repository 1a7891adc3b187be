"""Rule sets and models on the same weeks: as many alerts, or as many frauds found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.evaluation.candidates import BOOSTING, IN_LOG_ODDS, NETWORK, label
from training.evaluation.figures import RESAMPLES, Interval, Rows, Scores
from training.evaluation.material import Mask, Payments
from training.evaluation.page import interval, table_lines
from training.evaluation.rules import (
    HAND_SEARCHED,
    KNOWN_21D,
    LABELS,
    Column,
    RuleSet,
    best_f1,
    frontier,
)
from training.metrics import riskiest, sigmoid

MODELS = {label(name): name for name in (NETWORK, BOOSTING)}
BUDGETS = (0.001, 0.0025, 0.005, 0.0075, 0.01, 0.015, 0.02)
"""Alert rates on the weeks learned from that a set of the frontier is shown for."""


@dataclass(frozen=True)
class Catch:
    """Shares of frauds and of their money found, and how many genuine payments were flagged."""

    frauds: float
    money: float
    false_positives: float


@dataclass(frozen=True)
class Beside:
    """A model next to a rule set: means over seeds.

    `ranked` has as many alerts as the rules, the riskiest payments; `by_money` as many, ranked
    by probability times amount. `false_positives` are those when it finds as many frauds.
    """

    ranked: Catch
    by_money: Catch
    false_positives: float


@dataclass(frozen=True)
class Standing:
    """One rule set, its alert rates on the weeks learned from and judged, and models beside it.

    `ahead` is the network's share of frauds found minus the rules', at as many alerts.
    """

    name: str
    conditions: str
    learned_rate: float
    rate: float
    rules: Catch
    models: Mapping[str, Beside]
    ahead: Interval


@dataclass(frozen=True, eq=False)
class Span:
    """Payments of one span with the columns that conditions are made of."""

    payments: Payments
    columns: dict[str, Column]


def standings(
    learned: Span,
    judged: Span,
    scores: Mapping[str, Sequence[Scores]],
    *,
    by_hand: bool,
) -> tuple[list[Standing], list[Standing]]:
    """Return the sets worth reading, and the whole frontier; few alerts first.

    Thresholds are searched on the learned span alone. `scores` are those of the judged rows by
    row of the table, a list over seeds. With `by_hand` the sets for the handbook's payments are
    among the first.
    """
    fraud = learned.payments.fraud
    sets = frontier(learned.columns, fraud)
    behaviour = {k: v for k, v in learned.columns.items() if k not in (*LABELS, KNOWN_21D)}
    typical = best_f1(learned.columns, fraud, frontier(behaviour, fraud))
    typical = RuleSet(typical.conditions, "best F1 without known frauds")
    rates = np.array([one.flags(learned.columns).mean() for one in sets])
    shown = [
        RuleSet(sets[at].conditions, f"best within {budget:.2%}")
        for budget in BUDGETS
        if (at := int(np.searchsorted(rates, budget, side="right")) - 1) >= 0
    ]
    named = [
        one
        for one in (*(HAND_SEARCHED if by_hand else ()), typical)
        if {name for name, _ in one.conditions} <= learned.columns.keys()
    ]

    def stands(one: RuleSet) -> Standing:
        return _standing(one, learned, judged, scores)

    return (
        sorted((stands(one) for one in (*named, *shown)), key=lambda one: one.rate),
        [stands(one) for one in sets],
    )


def _standing(
    one: RuleSet, learned: Span, judged: Span, scores: Mapping[str, Sequence[Scores]]
) -> Standing:
    flagged = one.flags(judged.columns)
    alerts, payments = int(flagged.sum()), judged.payments
    return Standing(
        name=one.name,
        conditions=one.told(),
        learned_rate=float(one.flags(learned.columns).mean()),
        rate=float(flagged.mean()),
        rules=_catch(flagged, payments),
        models={
            row: _beside(scores[row], name, flagged, payments)
            for row, name in MODELS.items()
            if row in scores
        },
        ahead=_ahead([riskiest(s, alerts) for s in scores[label(NETWORK)]], flagged, payments),
    )


def _beside(runs: Sequence[Scores], name: str, flagged: Mask, payments: Payments) -> Beside:
    alerts, found = int(flagged.sum()), int((flagged & payments.fraud).sum())
    amount = np.nan_to_num(payments.amount)
    catches, money, wrong = [], [], []
    for run in runs:
        chance = sigmoid(run) if name in IN_LOG_ODDS else run
        catches.append(_catch(riskiest(run, alerts), payments))
        money.append(_catch(riskiest(chance * amount, alerts), payments))
        order = np.argsort(-run, kind="stable")
        needed = int(np.searchsorted(np.cumsum(payments.fraud[order]), found)) + 1
        wrong.append((needed if found else 0) - found)
    return Beside(_mean(catches), _mean(money), float(np.mean(wrong)))


def _mean(catches: Sequence[Catch]) -> Catch:
    each = np.array([(c.frauds, c.money, c.false_positives) for c in catches])
    return Catch(*(float(value) for value in each.mean(axis=0)))


def _catch(flagged: Mask, payments: Payments) -> Catch:
    hit, money = flagged & payments.fraud, np.nan_to_num(payments.amount)
    return Catch(
        frauds=float(hit.sum() / max(payments.fraud.sum(), 1)),
        money=float(money[hit].sum() / max(money[payments.fraud].sum(), 1e-9)),
        false_positives=float((flagged & ~payments.fraud).sum()),
    )


def _ahead(models: Sequence[Mask], rules: Mask, payments: Payments) -> Interval:
    """Share of frauds found by the model minus the rules', customers drawn with replacement."""
    who = np.unique(payments.customers[payments.fraud], return_inverse=True)[1]
    ahead = np.mean([mask[payments.fraud] for mask in models], axis=0) - rules[payments.fraud]
    gained, frauds = np.bincount(who, ahead), np.bincount(who)
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(frauds), (RESAMPLES, len(frauds)))
    low, high = np.percentile(gained[drawn].sum(axis=1) / frauds[drawn].sum(axis=1), (2.5, 97.5))
    return Interval(float(gained.sum() / frauds.sum()), float(low), float(high))


def span_of(payments: Payments, columns: dict[str, Column], rows: Rows) -> Span:
    """Return some rows of all."""
    return Span(payments.take(rows), {name: values[rows] for name, values in columns.items()})


def rules_page(found: Sequence[Standing]) -> str:
    """Return rule sets with models beside them as Markdown."""
    head = ["rules", "alerts on the weeks learned from", "alerts", "frauds", "money"]
    head += ["false positives"]
    for name in MODELS.values():
        head += [f"{name}: frauds", "money", "by money", "false positives", "at the rules' frauds"]
    rows = [
        [
            f"{one.name}: {one.conditions}",
            f"{one.learned_rate:.2%}",
            f"{one.rate:.2%}",
            *_caught(one.rules),
            *(
                cell
                for beside in one.models.values()
                for cell in (
                    *_caught(beside.ranked)[:2],
                    f"{beside.by_money.money:.1%}",
                    _caught(beside.ranked)[2],
                    f"{beside.false_positives:,.0f}",
                )
            ),
            interval(one.ahead),
        ]
        for one in found
    ]
    intro = (
        "Rule sets against models with as many alerts. Thresholds of the sets not found by hand "
        'were searched on the weeks learned from. "By money" ranks by probability times amount; '
        "the last figure of a model is its false positives when it finds as many frauds."
    )
    head += [f"{NETWORK} minus rules, share of frauds"]
    return "\n".join([intro, "", *table_lines(head, rows)]) + "\n"


def _caught(catch: Catch) -> tuple[str, str, str]:
    return f"{catch.frauds:.1%}", f"{catch.money:.1%}", f"{catch.false_positives:,.0f}"
