"""The table of sentences of one language, and how it writes numbers, money and time."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from models.errors import BadInput
from models.money import EXPONENTS

if TYPE_CHECKING:
    from collections.abc import Mapping

ENGLISH = "en"
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400


class Wording:
    """Sentences by section and key; `language` names the file, `digest` its content."""

    def __init__(self, language: str, text: str) -> None:
        self.language = language
        self.digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        self.table: Mapping[str, Mapping[str, Any]] = tomllib.loads(text)
        words = self.table["words"]
        self._marks = str.maketrans({",": words["thousands"], ".": words["decimal"]})

    @staticmethod
    def of(language: str = ENGLISH) -> Wording:
        """Return the wording of a language. Raises BadInput where there is none."""
        return _loaded(language)

    def say(self, section: str, key: str, **values: object) -> str:
        """Return a sentence with `values` filled in. Raises KeyError for a key without one."""
        template: str = self.table[section][key]
        return template.format(**values)

    def feature(self, name: str, case: str, values: Mapping[str, str]) -> str:
        """Return the sentence of a kernel feature in one of its cases."""
        template: str = self.table["features"][name][case]
        return template.format_map(values)

    def name(self, feature: str) -> str | None:
        """Return what a kernel feature is called inside a sentence, None for any other."""
        entry = self.table["features"].get(feature)
        return None if entry is None else str(entry["name"])

    def word(self, key: str, **values: object) -> str:
        """Return a word or short phrase."""
        return self.say("words", key, **values)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number with so many decimals and grouped thousands."""
        return f"{value:,.{decimals}f}".translate(self._marks)

    def count(self, value: float) -> str:
        """Return a count or a rate: whole if it is, else with what matters of its fraction."""
        if value == int(value) or value >= 100:
            return self.number(value)
        return self.number(value, 1 if value >= 0.95 else 2)

    def times(self, value: float) -> str:
        """Return a ratio above one: 8.2, 120."""
        return self.number(value, 0 if value >= 100 else 1)

    def share(self, value: float) -> str:
        """Return a share as a percentage: 0.4 %, 3 %, 100 %."""
        percent = 100 * value
        near_none = 0 < percent < 0.95
        decimals = 1 if near_none else 0
        return self.word("percent", number=self.number(max(percent, 0.1 * near_none), decimals))

    def money(self, major: float, currency: str) -> str:
        """Return an amount in major units with the decimals its currency has (ISO 4217)."""
        return f"{self.number(major, EXPONENTS.get(currency, 2))} {currency}"

    def duration(self, seconds: float) -> str:
        """Return a time in the largest unit of which it has at least two; a whole day is one."""
        if seconds == DAY_S:
            return self.word("day", number="1")
        for size, unit in ((DAY_S, "days"), (HOUR_S, "hours"), (MINUTE_S, "minutes")):
            if seconds >= 2 * size:
                return self.word(unit, number=self.number(seconds / size))
        whole = round(seconds)
        return self.word("second" if whole == 1 else "seconds", number=self.number(whole))

    def listed(self, parts: list[str]) -> str:
        """Return parts as one enumeration."""
        if len(parts) < 2:
            return "".join(parts)
        return self.word("list_and", first=", ".join(parts[:-1]), last=parts[-1])


def languages() -> list[str]:
    """Return the languages there are."""
    folder = resources.files("models.reasons") / "texts"
    return sorted(one.name.removesuffix(".toml") for one in folder.iterdir())


@cache
def _loaded(language: str) -> Wording:
    if language not in languages():
        raise BadInput(f"no sentences in {language!r}; there are: {', '.join(languages())}")
    file = resources.files("models.reasons") / "texts" / f"{language}.toml"
    return Wording(language, file.read_text(encoding="utf-8"))
