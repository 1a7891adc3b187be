"""Rules for letting transactions in: currencies, clocks, card numbers; column by column."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from models.cards import is_card_number, rows_with_card_numbers
from models.joined import Joined, joined, rows_with_nul
from models.money import EXPONENTS, Rates
from models.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from models.transaction import Transactions

_UUID = re.compile("[0-9A-Fa-f]{8}(-?[0-9A-Fa-f]{4}){3}-?[0-9A-Fa-f]{12}")
_NUMERIC = re.compile("[0-9]+")
_NUL = "{} holds the character U+0000"
_CARD = "{} holds a card number"
_ENCODER = msgspec.json.Encoder()
_TEXT_FIELDS = (
    "transaction_id",
    "customer_id",
    "merchant_id",
    "device_id",
    "original_transaction_id",
)


@dataclass(frozen=True, slots=True)
class Intake:
    """What may come in.

    `id_formats` declares fields whose values may look like card numbers and are not, since an
    all-numeric id passes the check one time in twenty-five by chance: "uuid", "numeric" (digits
    alone) or "token:NAME" (anything). A value that is not of its field's format is refused.
    `attributes` are the declared names; others are dropped.
    """

    rates: Rates
    future_tolerance_ms: int = 10 * 60 * 1000
    max_record_bytes: int = 1_000_000
    id_formats: Mapping[str, str] = field(default_factory=dict)
    attributes: frozenset[str] = frozenset()

    def declared(self, name: str, value: str) -> bool:
        """Whether the field has a declared format and the value is of it."""
        name = name.removeprefix("attributes.")
        kind = self.id_formats.get(name)
        if kind is None:
            return False
        if kind.startswith("token:"):
            return True
        return (_UUID if kind == "uuid" else _NUMERIC).fullmatch(value) is not None


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """`good` rows may go on; `exempted` values look like card numbers and are declared ids."""

    good: NDArray[np.bool_]
    rejections: list[Rejection]
    exempted: int


def check(rows: Transactions, intake: Intake, now_ms: int) -> Checked:
    """Check transactions; a rejection's `record` is the row's position here."""
    inspection = _Inspection(rows, intake)
    inspection.currencies()
    inspection.times(now_ms)
    for name in _TEXT_FIELDS:
        inspection.texts(name)
    inspection.nested("details", "")
    inspection.nested("legacy", "legacy.")
    return Checked(inspection.good, inspection.rejections, inspection.exempted)


class _Inspection:
    """The rows under inspection and what was found so far; the first fault of a row counts."""

    def __init__(self, rows: Transactions, intake: Intake) -> None:
        self.rows = rows
        self.intake = intake
        self.good = np.ones(len(rows), bool)
        self.rejections: list[Rejection] = []
        self.exempted = 0

    def refuse(self, row: int, reason: Reason, error: str) -> None:
        """Refuse a row unless it already is."""
        if self.good[row]:
            self.good[row] = False
            self.rejections.append(Rejection(row, reason, error))

    def currencies(self) -> None:
        """Refuse codes that are not in ISO 4217."""
        for name in ("currency", "billing_currency"):
            codes = getattr(self.rows, name).tolist()
            if any(code not in EXPONENTS for code in set(codes) - {None}):
                for row, code in enumerate(codes):
                    if code is not None and code not in EXPONENTS:
                        error = f"{name} {code!r} is not in ISO 4217"
                        self.refuse(row, Reason.UNKNOWN_CURRENCY, error)

    def times(self, now_ms: int) -> None:
        """Refuse times that no running clock gives: before 1970, or ahead of ours."""
        times = self.rows.occurred_ms
        for row in np.flatnonzero(times < 0):
            self.refuse(int(row), Reason.INVALID_TIME, "occurred_at is before 1970")
        for row in np.flatnonzero(times > now_ms + self.intake.future_tolerance_ms):
            error = f"occurred_at is {(times[row] - now_ms) // 1000} s ahead of now"
            self.refuse(int(row), Reason.FAR_FUTURE, error)

    def texts(self, name: str) -> None:
        """Refuse values with a NUL or a card number in a column of text."""
        column = getattr(self.rows, name)
        texts = joined(column)
        for row in rows_with_nul(texts):
            self.refuse(int(row), Reason.INVALID_FIELD, _NUL.format(name))
        for row in rows_with_card_numbers(texts):
            if self.intake.declared(name, column[row]):
                self.exempted += 1
            else:
                self.refuse(int(row), Reason.CARD_NUMBER, _CARD.format(name))

    def nested(self, name: str, prefix: str) -> None:
        """Refuse NULs and card numbers in fields that few rows have."""
        column = getattr(self.rows, name)
        have = np.flatnonzero(column != None)  # noqa: E711 - elementwise
        if not len(have):
            return
        bodies = list(map(_ENCODER.encode, column[have]))
        texts = Joined(
            np.frombuffer(b"".join(bodies), np.uint8),
            np.cumsum(np.fromiter(map(len, bodies), np.int64, len(bodies))),
        )
        suspects = set(rows_with_card_numbers(texts).tolist())
        suspects.update(at for at, body in enumerate(bodies) if b"\\u0000" in body)
        for at in sorted(suspects):
            row = int(have[at])
            for field_name, value in _leaves(msgspec.to_builtins(column[row]), prefix):
                if "\0" in value:
                    self.refuse(row, Reason.INVALID_FIELD, _NUL.format(field_name))
                elif not is_card_number(value):
                    continue
                elif self.intake.declared(field_name, value):
                    self.exempted += 1
                else:
                    self.refuse(row, Reason.CARD_NUMBER, _CARD.format(field_name))


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield every innermost value as text, with its dotted name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name}.{key}" if name and name[-1] != "." else name + key)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, name)
    else:
        yield name, str(value)
