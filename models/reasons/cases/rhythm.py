"""How often: counts, pauses, and how long the customer is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.history.amount import RATIO_LIMIT
from models.history.velocity import NEVER_S
from models.reasons.cases.case import DAYS, Case, compared, ratio

if TYPE_CHECKING:
    from models.reasons.facts import Facts

EVENTS_BACK = 5
"""`span_last_5_s` reaches back to the fifth event before this one."""


def counted(name: str, facts: Facts) -> Case:
    """Return how often something was there that is usually not: zero, one or many."""
    value = facts.features[name]
    case = "zero" if value < 0.5 else "one" if value < 1.5 else "many"
    return Case(name, case, {"count": value}, 0.0)


def known(name: str, facts: Facts) -> Case:
    """Return a count that has no usual value: zero, one or many."""
    return counted(name, facts)._replace(typical=None)


def payments(name: str, facts: Facts) -> Case:
    """Return the payments within a window, against what the customer makes a day."""
    window, value, daily = name.removeprefix("count_"), facts.features[name], facts.payments_a_day
    if daily is None:
        return Case(name, "first" if facts.first else "plain", {"count": value})
    case = "only" if value < 1.5 else "more"
    return Case(name, case, {"count": value, "a_day": daily}, daily * DAYS[window])


def payments_ratio(name: str, facts: Facts) -> Case:
    """Return the payments of a day against the customer's daily average."""
    value, daily = facts.features[name], facts.payments_a_day
    if daily is None:
        return Case(name, "none")
    figures = ratio(value, a_day=daily) | {"count": facts.features["count_1d"]}
    return Case(name, compared(value, limit=RATIO_LIMIT), figures, 1.0)


def merchants(name: str, facts: Facts) -> Case:
    """Return how many merchants of a day, against the customer's payments a day."""
    value, daily = facts.features[name], facts.payments_a_day
    if daily is None:
        return Case(name, "first" if facts.first else "plain", {"count": value})
    return Case(name, "one" if value < 1.5 else "many", {"count": value, "a_day": daily})


def since(name: str, facts: Facts) -> Case:
    """Return the time since the last payment, against how long the customer usually waits."""
    passed, usual = facts.features[name], facts.usual_gap_s
    if passed >= NEVER_S:
        return Case(name, "limit", {"since": passed}, usual)
    if usual is None:
        return Case(name, "plain", {"since": passed})
    case = "short" if passed <= usual else "long"
    return Case(name, case, {"since": passed, "gap": usual}, usual)


def gap(name: str, facts: Facts) -> Case:
    """Return the same as a ratio."""
    value, usual = facts.features[name], facts.usual_gap_s
    figures = {"since": facts.features["since_last_s"]}
    if usual is None:
        return Case(name, "none", figures)
    return Case(name, compared(value), ratio(value, gap=usual) | figures, 1.0)


def span(name: str, facts: Facts) -> Case:
    """Return how long the latest payments took."""
    took, usual = facts.features[name], facts.usual_gap_s
    if took >= NEVER_S:
        few = facts.features["history_count"] < EVENTS_BACK
        return Case(name, "none" if few else "limit", {"span": took})
    if usual is None:
        return Case(name, "plain", {"span": took})
    case = "short" if took < EVENTS_BACK * usual else "plain"
    return Case(name, case, {"span": took, "gap": usual}, EVENTS_BACK * usual)


def tenure(name: str, facts: Facts) -> Case:
    """Return how long the customer is known."""
    days = facts.features[name]
    return Case(name, "new" if days < 1.0 else "some", {"tenure": days * 86400})
