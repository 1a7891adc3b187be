"""The names a condition may use, and what kind of value stands behind each.

Transaction fields are listed here; history features are numbers, and their names are the caller's
(the catalogue of the kernel, plus attributes declared in a mapping). The live system's answer and
its own rules are not among them: a legacy decision is what they are compared with.
"""

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from models.transaction import CHANNELS, TYPES

Vocabulary = Mapping[str, "Column"]


class Kind(StrEnum):
    """What an expression yields."""

    NUMBER = "a number"
    TEXT = "text"
    TRUTH = "true or false"


@dataclass(frozen=True)
class Column:
    """A name in a condition.

    `values` closes a text column over known words; `pattern` (told as `form`) bounds an open one,
    so that a rule which could never fire is refused when it is written, not missed for a year.
    """

    kind: Kind
    meaning: str
    values: tuple[str, ...] = ()
    pattern: str = ""
    form: str = ""

    def refuses(self, text: str) -> str:
        """Say why `text` can never occur in this column; empty when it can."""
        if self.values and text not in self.values:
            near = difflib.get_close_matches(text, self.values, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"one of {', '.join(self.values)}"
            return f'is never "{text}"; {hint}'
        if self.pattern and not re.fullmatch(self.pattern, text):
            return f'is never "{text}"; it is {self.form}'
        return ""


def _currency(meaning: str) -> Column:
    form = 'an ISO 4217 code such as "EUR"'
    return Column(Kind.TEXT, meaning, pattern="[A-Z]{3}", form=form)


def _country(meaning: str) -> Column:
    form = 'an ISO 3166-1 alpha-2 code such as "FR"'
    return Column(Kind.TEXT, meaning, pattern="[A-Z]{2}", form=form)


TRANSACTION_COLUMNS: Vocabulary = MappingProxyType(
    {
        "amount": Column(
            Kind.NUMBER, "major units of the reporting currency; missing with no rate"
        ),
        "amount_minor": Column(Kind.NUMBER, "minor units of the transaction's own currency"),
        "currency": _currency("the transaction's own currency"),
        "billing_currency": _currency("the account's currency"),
        "type": Column(Kind.TEXT, "what the record is", values=TYPES),
        "channel": Column(Kind.TEXT, "how the payment was made", values=CHANNELS),
        "mcc": Column(
            Kind.TEXT,
            "merchant category code",
            pattern="[0-9]{4}",
            form='four digits in quotes such as "5411"',
        ),
        "country": _country("country of the merchant"),
        "ip_country": _country("country of the network address"),
        "customer_id": Column(Kind.TEXT, "whose behaviour is profiled"),
        "merchant_id": Column(Kind.TEXT, "merchant, terminal or beneficiary paid"),
        "device_id": Column(Kind.TEXT, "device the payment came from"),
        "hour": Column(Kind.NUMBER, "whole local hour, 0 to 23"),
        "weekday": Column(Kind.NUMBER, "local day of the week, 0 = Monday to 6 = Sunday"),
        "authenticated": Column(Kind.NUMBER, "1 authenticated, 0 not; missing when unknown"),
        "latitude": Column(Kind.NUMBER, "degrees north"),
        "longitude": Column(Kind.NUMBER, "degrees east"),
    }
)


def vocabulary(features: Collection[str]) -> Vocabulary:
    """All names allowed in a condition: transaction fields, and `features` as numbers.

    A transaction field wins over a feature of the same name.
    """
    history = {name: Column(Kind.NUMBER, "history feature") for name in features}
    return MappingProxyType({**history, **TRANSACTION_COLUMNS})


def suggestion(name: str, known: Vocabulary) -> str:
    """Advice for an unknown `name`: the nearest known one, or that text wants its quotes."""
    for column in known.values():
        if name in column.values:
            return f'did you mean the text "{name}"?'
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]}?"
    if re.fullmatch("[A-Z]{2,3}", name):
        return f'text stands in quotes: "{name}"'
    return "docs/rules.md lists the names a condition may use"
