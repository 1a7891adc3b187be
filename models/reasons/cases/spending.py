"""Amounts: this payment, and what is spent, against the customer's own past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.history.amount import RATIO_LIMIT
from models.reasons.cases.case import DAYS, Case, compared, ratio

if TYPE_CHECKING:
    from models.reasons.facts import Facts

USUAL_DEVIATIONS = 1.0
"""Within so many of their own standard deviations an amount is one the customer usually pays."""


def amount(name: str, facts: Facts) -> Case:
    """Return what this payment is, against what the customer pays."""
    usual = facts.usual_amount
    if usual is None:
        return Case(name, "first" if facts.first else "none")
    return Case(name, compared(facts.features[name] / usual), {"usual": usual}, usual)


def amount_ratio(name: str, facts: Facts) -> Case:
    """Return the amount against an average, or the largest, of the customer's own."""
    value, usual = facts.features[name], facts.average(name)
    if usual is None:
        return Case(name, "none")
    return Case(name, compared(value, limit=RATIO_LIMIT), ratio(value, usual=usual), 1.0)


def amount_deviation(name: str, facts: Facts) -> Case:
    """Return how many of the customer's standard deviations the amount lies off."""
    value = facts.features[name]
    if value == 0.0 and facts.features["history_count"] < 1.5:
        return Case(name, "none")
    if abs(value) < USUAL_DEVIATIONS:
        return Case(name, "same", typical=0.0)
    return Case(name, "above" if value > 0 else "below", {"times": abs(value)}, 0.0)


def amount_rank(name: str, facts: Facts) -> Case:
    """Return where the amount stands among the customer's latest."""
    value = facts.features[name]
    if facts.features["history_count"] < 0.5:
        return Case(name, "none")
    case = "highest" if value >= 1.0 else "lowest" if value <= 0.0 else "between"
    return Case(name, case, {"share": value}, 0.5)


def spend(name: str, facts: Facts) -> Case:
    """Return what was spent within a window, against what the customer spends a day."""
    window, spent, daily = name.removeprefix("spend_"), facts.features[name], facts.spending_a_day
    if daily is None:
        return Case(name, "first" if facts.first else "plain", {"spent": spent})
    part = facts.spent_now / spent if spent else 0.0
    figures = {"spent": spent, "daily": daily, "share": part}
    case = "only" if facts.alone_in(window) else "more"
    return Case(name, case, figures, daily * DAYS[window])


def spend_ratio(name: str, facts: Facts) -> Case:
    """Return the spending of a day against the customer's daily average."""
    value, daily = facts.features[name], facts.spending_a_day
    if daily is None:
        return Case(name, "none")
    figures = ratio(value, daily=daily) | {"spent": facts.features["spend_1d"]}
    return Case(name, compared(value, limit=RATIO_LIMIT), figures, 1.0)
