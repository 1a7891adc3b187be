"""The headline as a page: the figures, the bars, and where rules are as good."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.comparison.answers import Answer, Known, Refused
from training.evaluation.headline import (
    HELD_OUT,
    IN_FORCE,
    Beside,
    Headline,
    ThreeWays,
    four_rules,
)
from training.evaluation.page import table_lines

WORSE_AT_MOST = -0.02
MORE_FRAUDS, MORE_MONEY, FEWER_WRONG, THAN_TYPICAL = 1.12, 1.04, 0.1, 2.3
FEW, MANY = "best within 0.25%", "best within 0.85%"
SEVENTY = 0.7
HOLD = 0.93
"""Share of hold-outs whose corrected intervals, read together, have to hold the full truth."""


@dataclass(frozen=True)
class Bar:
    """One bar: what it asks, what was found, and whether it was reached; None if refused.

    `perfect` is what a ranking without a single mistake would have there, where that is known.
    """

    asked: str
    found: str
    met: bool | None
    perfect: str = ""


def bars(found: Headline) -> list[Bar]:
    """Return the handbook's bars: a figure has to reach its own and its interval to exclude 1."""
    by_name = {one.name: one for one in found.beside}
    few, many, typical = (by_name[name] for name in (FEW, MANY, four_rules(IN_FORCE[0])))
    seventy = min((one for one in found.beside if one.name.startswith("best")), key=_from_seventy)
    worse = f"not worse by more than {-WORSE_AT_MOST:.0%}, the whole interval"
    return [
        _above(f"{FEW}: detection rate, {worse}",
               few.by_probability.answers["detection_rate difference"], WORSE_AT_MOST, None),
        _above(f"{FEW}: value detection rate by probability x amount, {worse}",
               few.by_money.answers["value_detection_rate difference"], WORSE_AT_MOST, None),
        _above(f"{MANY}: detection rate at least {MORE_FRAUDS} times",
               many.by_probability.answers["detection_rate ratio"], 1, MORE_FRAUDS,
               perfect_ratio(found, many)),
        _above(f"{MANY}: value detection rate by probability x amount at least {MORE_MONEY} times",
               many.by_money.answers["value_detection_rate ratio"], 1, MORE_MONEY),
        _below(f"{seventy.name}: false positives at the rules' 70 % of frauds, at most "
               f"{FEWER_WRONG} times", _wrong(seventy), 1, FEWER_WRONG),
        _above(f"{typical.name}: frauds at its alert rate, at least {THAN_TYPICAL} times",
               typical.by_probability.answers["detection_rate ratio"], 1, THAN_TYPICAL,
               perfect_ratio(found, typical)),
        *(_holds(one) for one in found.beside),
    ]  # fmt: skip


def perfect(found: Headline, one: Beside) -> float:
    """Return the share of frauds that a perfect ranking finds with as many alerts as the rules."""
    return min(1.0, one.by_probability.legacy_rate * found.payments / found.frauds)


def perfect_ratio(found: Headline, one: Beside) -> str:
    """Return how many times the rules' frauds that is: no model has more at these alerts."""
    rules = one.by_probability.answers["legacy detection_rate"]
    return f"{perfect(found, one) / rules.value:.2f}" if isinstance(rules, Known) else ""


def _wrong(one: Beside) -> Answer:
    if one.as_many_frauds is None:
        return Refused("the week before had no fraud to fix a threshold on")
    return one.as_many_frauds.answers["false_positives_per_payment ratio"]


def _from_seventy(one: Beside) -> float:
    answer = one.by_probability.answers["legacy detection_rate"]
    return abs(answer.value - SEVENTY) if isinstance(answer, Known) else 1.0


def headline_page(found: Headline, *, seeds: int) -> str:
    """Return the whole page as Markdown."""
    averaged = "one network" if seeds == 1 else f"{seeds} networks, log-odds averaged"
    intro = (
        f"{found.payments:,} payments judged, {found.frauds:,} of them fraud, nobody removed; "
        f"{averaged}. Rule sets were searched on the weeks learned from, the model's thresholds "
        "fixed on the week before the judged ones, so realised alert rates differ a little. "
        "Intervals are of 95 %, customers being drawn."
    )
    return "\n".join([
        intro, "", *_alerts(found), "", *_frauds(found), "", *_ways(found), "",
        *_even(found.beside), *_asked(found),
    ]) + "\n"  # fmt: skip


def _asked(found: Headline) -> list[str]:
    if not found.handbook:
        return []
    words = {True: "yes", False: "**no**", None: "refused"}
    rows = [[one.asked, one.found, one.perfect, words[one.met]] for one in bars(found)]
    return ["", *table_lines(["bar", "found", "a perfect ranking", "met"], rows)]


def _alerts(found: Headline) -> list[str]:
    head = ["rules", "alerts: when searched", "rules, model, by p x amount", "frauds: rules",
            "a perfect ranking", "model minus rules", "by p x amount", "money: rules",
            "model minus rules", "by p x amount", "false positives: rules, model"]  # fmt: skip
    rows = []
    for one in found.beside:
        first, second = one.by_probability, one.by_money
        rows.append([
            f"{one.name}: {one.conditions}", f"{one.learned_rate:.2%}",
            f"{first.legacy_rate:.2%}, {first.rate:.2%}, {second.rate:.2%}",
            told(first.answers["legacy detection_rate"]),
            f"{perfect(found, one):.1%}",
            told(first.answers["detection_rate difference"]),
            told(second.answers["detection_rate difference"]),
            told(first.answers["legacy value_detection_rate"]),
            told(first.answers["value_detection_rate difference"]),
            told(second.answers["value_detection_rate difference"]),
            f"{first.legacy_wrong:,}, {first.wrong:,}",
        ])  # fmt: skip
    return ["At as many alerts:", "", *table_lines(head, rows)]


def _frauds(found: Headline) -> list[str]:
    head = ["rules", "detection rate: rules", "model", "false positives: rules", "model",
            "model over rules"]  # fmt: skip
    rows = []
    for one in found.beside:
        reading = one.as_many_frauds
        if reading is None:
            continue
        rows.append([
            one.name, told(reading.answers["legacy detection_rate"]),
            told(reading.answers["shadow detection_rate"]),
            f"{reading.legacy_wrong:,}", f"{reading.wrong:,}",
            told(reading.answers["false_positives_per_payment ratio"], times=True),
        ])  # fmt: skip
    return ["At as many frauds:", "", *table_lines(head, rows)]


def _ways(found: Headline) -> list[str]:
    head = ["rules", "figure", "full truth", "what a ledger holds", "corrected",
            "corrected, all figures of the rules together", "hold-outs that give an interval",
            "of these, hold the full truth", "hold it together"]  # fmt: skip
    rows = [
        [one.name, name, told(way.full), _naive(way), told(way.corrected), told(way.together),
         f"{way.given:.0%}", f"{way.contains:.1%}" if way.given else "n/a",
         f"{one.hold_together:.1%}" if way.given else "n/a"]
        for one in found.beside
        for name, way in one.three_ways.items()
    ]  # fmt: skip
    intro = (
        "Read three ways, the rules declining what they flag: a declined payment has no label and "
        f"its customer pays no more; corrected with a hold-out of {HELD_OUT:.0%} of customers, "
        "the first one drawn. An interval of 95 % misses one time in twenty; those of several "
        "figures are to be read together, as wide as it takes for all of them to hold at once."
    )
    return [intro, "", *table_lines(head, rows)]


def _naive(way: ThreeWays) -> str:
    if isinstance(way.censored, Known):
        return told(way.censored)
    return f"refused; it would read {100 * way.naive:.1f} %"


def _even(beside: Sequence[Beside]) -> list[str]:
    """Say in a sentence each where the rules are as good, or better."""
    asked = (("frauds", "detection_rate difference"), ("money", "value_detection_rate difference"))
    said = [
        f"- {one.name}, by {what}{told_by}: {_verdict(answer)}"
        for one in beside
        for told_by, reading in (("", one.by_probability), (", p x amount", one.by_money))
        for what, name in asked
        if not _ahead(answer := reading.answers[name])
    ]
    return ["Where rules are as good, or better:", "", *(said or ["- nowhere"])]


def _ahead(answer: Answer) -> bool:
    return isinstance(answer, Known) and answer.low > 0


def _verdict(answer: Answer) -> str:
    if isinstance(answer, Refused):
        return f"not known, {answer.reason}"
    word = "rules find more" if answer.high < 0 else "no difference beyond doubt"
    return f"{word}, {told(answer)}"


def told(answer: Answer, *, times: bool = False) -> str:
    """Return an answer in words; shares in per cent, ratios as they are."""
    if isinstance(answer, Refused):
        return f"not known: {answer.reason}"
    value, low, high = (
        f"{one:.3f}" if times else f"{100 * one:.1f}"
        for one in (answer.value, answer.low, answer.high)
    )
    return f"{value} ({low} to {high})" if times else f"{value} % ({low} to {high})"


def _above(asked: str, answer: Answer, null: float, least: float | None, perfect: str = "") -> Bar:
    met = isinstance(answer, Known) and answer.low > null
    met = met and (least is None or (isinstance(answer, Known) and answer.value >= least))
    return Bar(asked, told(answer, times=least is not None), met, perfect)


def _below(asked: str, answer: Answer, null: float, most: float) -> Bar:
    met = isinstance(answer, Known) and answer.high < null and answer.value <= most
    return Bar(asked, told(answer, times=True), met)


def _holds(one: Beside) -> Bar:
    """Judge the first hold-out drawn, all figures that it answers, and all hold-outs together."""
    asked = f"{one.name}: corrected intervals hold the full truth, in the first hold-out and in all"
    known = [way for way in one.three_ways.values() if isinstance(way.corrected, Known)]
    if not known:
        return Bar(asked, "too few declines for a hold-out of this rate", met=None)
    alone = sum(_inside(way.corrected, way.full) for way in known)
    held = sum(_inside(way.together, way.full) for way in known)
    told_all = (
        f"read together {held} of {len(known)} figures in the first, each alone {alone}; "
        f"in all, together {one.hold_together:.1%}"
    )
    return Bar(asked, told_all, held == len(known) and one.hold_together >= HOLD)


def _inside(corrected: Answer, full: Answer) -> bool:
    if not isinstance(corrected, Known) or not isinstance(full, Known):
        return False
    return corrected.low <= full.value <= corrected.high
