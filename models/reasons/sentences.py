"""A feature of a payment as a sentence, whatever the feature."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from models.reasons.cases import Case, case_of
from models.reasons.reading import reads

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.attributes import Attribute
    from models.reasons.facts import Facts
    from models.reasons.wording import Wording

MONEY = frozenset({"amount", "spend_1h", "spend_1d", "spend_7d", "spend_30d"})
"""Features in major units of the reporting currency."""


class Sentences:
    """The sentences of one payment in one language."""

    def __init__(self, facts: Facts, wording: Wording) -> None:
        self.facts = facts
        self.wording = wording
        self._of_payment = self._payment()

    def of(self, name: str) -> tuple[str, float | None]:
        """Return a feature's sentence, and what is typical of this customer if that is known."""
        if self.wording.name(name) is None:
            return self._attribute(name), None
        case = case_of(name, self.facts)
        text = self.wording.feature(case.feature, case.case, self._figures(name, case))
        return text, case.typical

    def reads(self, name: str) -> str | None:
        """Return the way a feature's sentence reads, raises or lowers; None if both ways."""
        if self.wording.name(name) is None:
            return None
        case = case_of(name, self.facts)
        return reads(case, self.facts.features[case.feature])

    def name(self, feature: str) -> str:
        """Return what a feature is called inside a sentence."""
        known = self.wording.name(feature)
        if known is not None:
            return known
        field, _, _ = _columns_of(self.facts.attributes)[feature]
        return self.wording.say("attributes", "name", field=field)

    def reported(self, major: float) -> str:
        """Return money in the reporting currency."""
        return self.wording.money(major, self.facts.reporting_currency)

    def place(self, country: str | None) -> str:
        """Return a country; an empty one never appears in a sentence that is chosen."""
        return country or ""

    def clock(self, hour: int) -> str:
        """Return the hour of day as a span."""
        return self.wording.word("clock", **{"from": f"{hour:02d}"}, to=f"{(hour + 1) % 24:02d}")

    def weekday(self, number: int) -> str:
        """Return a day of the week, 0 for Monday."""
        return self.wording.say("weekdays", str(number))

    def channel(self, name: str) -> str:
        """Return a channel in words."""
        return self.wording.say("channels", name)

    def amount(self) -> str:
        """Return the amount in its own currency, and converted where it is another."""
        major, currency = self.facts.own_amount
        own, reported = self.wording.money(major, currency), self.facts.amount
        if currency == self.facts.reporting_currency or reported is None:
            return own
        return self.wording.word("converted", own=own, reported=self.reported(reported))

    def _payment(self) -> dict[str, str]:
        facts, word = self.facts, self.wording.word
        merchant, mcc = facts.text("merchant_id"), int(facts.rows.mcc[facts.row])
        hour, weekday = facts.local or (0, 0)
        return {
            "amount": self.amount(),
            "currency": str(facts.rows.currency[facts.row]),
            "reporting_currency": facts.reporting_currency,
            "merchant": word("merchant", id=merchant) if merchant else word("merchant_unnamed"),
            "category": word("category", mcc=f"{mcc:04d}"),
            "country": self.place(facts.text("country")),
            "ip_country": self.place(facts.text("ip_country")),
            "channel": self.channel(facts.channel),
            "clock": self.clock(hour),
            "weekday": self.weekday(weekday),
        }

    def _figures(self, name: str, case: Case) -> dict[str, str]:
        typical = self.facts.typical.get(name, 0.0)
        shown = self.reported if name in MONEY else self.wording.count
        figures = {key: _SHOWN[key](self, value) for key, value in case.figures.items()}
        return self._of_payment | {"typical": shown(typical)} | figures

    def _attribute(self, name: str) -> str:
        """Return the sentence of an attribute's column: a number, a level, or whether known."""
        facts, say = self.facts, self.wording.say
        field, kind, level = _columns_of(facts.attributes)[name]
        yes = "yes" if facts.yes(name) else "no"
        if kind == "level":
            return say("attributes", f"category_{yes}", field=field, level=level)
        if kind != "number":
            return say("attributes", f"{kind}_{yes}", field=field)
        if not facts.yes(f"{field}_known"):
            return say("attributes", "known_no", field=field)
        value = self.wording.count(facts.features[name])
        typical = self.wording.count(facts.typical[name])
        return say("attributes", "number", field=field, value=value, typical=typical)


@cache
def _columns_of(attributes: tuple[Attribute, ...]) -> dict[str, tuple[str, str, str]]:
    """Return of each attribute's columns the field, the kind of column, and the level."""
    found = {}
    for one in attributes:
        names = [feature.name for feature in one.features()]
        if one.kind == "number":
            found[names[0]] = (one.name, "number", "")
        else:
            for name, level in zip(names, one.levels, strict=False):
                found[name] = (one.name, "level", level)
            found[names[-2]] = (one.name, "other", "")
        found[names[-1]] = (one.name, "known", "")
    return found


def _money(sentences: Sentences, value: float) -> str:
    return sentences.reported(value)


def _count(sentences: Sentences, value: float) -> str:
    return sentences.wording.count(value)


def _times(sentences: Sentences, value: float) -> str:
    return sentences.wording.times(value)


def _share(sentences: Sentences, value: float) -> str:
    return sentences.wording.share(value)


def _duration(sentences: Sentences, value: float) -> str:
    return sentences.wording.duration(value)


def _whole(sentences: Sentences, value: float) -> str:
    return sentences.wording.number(value)


_SHOWN: dict[str, Callable[[Sentences, float], str]] = {
    **dict.fromkeys(("usual", "spent", "daily"), _money),
    **dict.fromkeys(("count", "a_day", "usual_count"), _count),
    **dict.fromkeys(("since", "gap", "span", "tenure", "age", "device_age"), _duration),
    **dict.fromkeys(("distance", "speed"), _whole),
    "times": _times,
    "share": _share,
}
"""How each figure of a case is written."""
