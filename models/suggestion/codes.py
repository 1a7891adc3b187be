"""Columns whose values are codes of the contract: channel, type, country, place."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from models.suggestion.guess import Columns, Guess, texts
from models.transaction import CHANNELS, LEGACY_DECISIONS, OUTCOMES, TYPES

_CHANNELS: Mapping[str, str] = {
    **{code: code for code in CHANNELS},
    **dict.fromkeys(
        ("pos", "chip", "card present", "cp", "store", "contactless", "swipe", "terminal"),
        "card_present",
    ),
    **dict.fromkeys(
        ("online", "web", "internet", "e-commerce", "ecom", "cnp", "card not present", "app"),
        "ecommerce",
    ),
    **dict.fromkeys(("cash", "cash machine", "withdrawal"), "atm"),
    **dict.fromkeys(("mail", "phone", "telephone", "mail order"), "moto"),
    **dict.fromkeys(("sepa", "wire", "bank transfer", "credit transfer", "swift"), "transfer"),
}
_TYPES: Mapping[str, str] = {
    **{code: code for code in TYPES},
    **dict.fromkeys(("auth", "authorization", "purchase", "sale"), "authorisation"),
    **dict.fromkeys(("capture", "settlement", "clearing"), "completion"),
    **dict.fromkeys(("void", "cancellation"), "reversal"),
    **dict.fromkeys(("verification", "zero_auth"), "account_verification"),
}
_COUNTRY = re.compile("[A-Z]{2}")
_HIGHEST_MCC = 9999
_MOST_DEGREES = {"latitude": 90.0, "longitude": 180.0}


def code_guesses(columns: Columns) -> list[Guess]:
    """Return the fields whose columns are named like them and whose every value fits."""
    found: list[Guess] = []
    for field, fit in _FITS.items():
        for column, certainty in columns.named(field):
            options = fit(field, column)
            if options is not None:
                source = {"column": column.name, **options}
                guess = Guess(field, source, certainty, "by its name, and every value fits")
                found.append(guess)
                columns = columns.without(column.name)
                break
    return found


def _translated(field: str, column: pl.Series) -> dict[str, Any] | None:
    """Return how every value becomes a code; None where one does not."""
    codes = _CHANNELS if field == "channel" else _TYPES
    values = texts(column)
    found = {value: codes.get(value.lower().replace("_", " ")) for value in values}
    found |= {value: codes[value.lower()] for value in values if value.lower() in codes}
    if not values or None in found.values():
        return None
    changed = {value: code for value, code in found.items() if value != code}
    return {"values": changed} if changed else {}


def _country(_field: str, column: pl.Series) -> dict[str, Any] | None:
    values = texts(column)
    return {} if values and all(map(_COUNTRY.fullmatch, values)) else None


def _mcc(_field: str, column: pl.Series) -> dict[str, Any] | None:
    values = texts(column)
    sound = all(value.isdigit() and int(value) <= _HIGHEST_MCC for value in values)
    return {} if values and sound else None


def _degrees(field: str, column: pl.Series) -> dict[str, Any] | None:
    if not column.dtype.is_numeric() or column.null_count() == len(column):
        return None
    most = column.cast(pl.Float64).abs().max()
    return {} if isinstance(most, float) and most <= _MOST_DEGREES[field] else None


def _one_of(codes: tuple[str, ...]) -> Callable[[str, pl.Series], dict[str, Any] | None]:
    """Return a test for columns that hold nothing but these codes, or JSON objects."""

    def fit(_field: str, column: pl.Series) -> dict[str, Any] | None:
        if column.dtype != pl.String:
            return None
        values = texts(column)
        if values and all(value in codes for value in values):
            return {}
        return {"json": True} if values and all(one.startswith("{") for one in values) else None

    return fit


_FITS: Mapping[str, Callable[[str, pl.Series], dict[str, Any] | None]] = {
    "type": _translated,
    "channel": _translated,
    "country": _country,
    "ip_country": _country,
    "mcc": _mcc,
    "latitude": _degrees,
    "longitude": _degrees,
    "outcome": _one_of(OUTCOMES),
    "authentication": _one_of(()),
    "legacy": _one_of(LEGACY_DECISIONS),
}
