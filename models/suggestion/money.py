"""Which column is the amount, in which unit and currency."""

import numpy as np
import polars as pl

from models.column_names import words
from models.errors import BadInput
from models.money import EXPONENTS
from models.suggestion.guess import Columns, Guess, texts
from models.suggestion.names import name_score

_MINOR_WORDS = frozenset({"minor", "cent", "cents", "pence", "ore", "grosz"})
_IN_NAMES = ("eur", "usd", "gbp", "chf", "sek", "nok", "dkk", "pln", "czk", "jpy", "inr", "brl")
_SYMBOLS = {"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"}
_MOST_CURRENCIES = 60


def amount_guess(columns: Columns) -> Guess:
    """Return the column of the amount. Raises BadInput where there is none, or it is text."""
    named = columns.named("amount")
    for column, certainty in named:
        if column.dtype.is_numeric():
            unit, sure, why = _unit(column)
            negative = int((column < 0).sum())
            if negative:
                why += (
                    f"; {negative:,} of {len(column):,} sampled are negative and will be refused: "
                    "refunds are payments of their own `type` with a positive amount"
                )
            known = certainty if sure else "guess"
            return Guess("amount", {"column": column.name, "unit": unit}, known, why)
    if named:
        column = named[0][0]
        raise BadInput(
            f"{columns.name}: {column.name!r} is named like an amount, but holds "
            f"{column.drop_nulls().head(1).to_list()}; write numbers such as 1234.50"
        )
    raise BadInput(
        f"{columns.name}: no column is named like an amount; its columns are "
        f"{', '.join(columns.sample.columns[:12])}; write `amount` by hand, see "
        "docs/payment-systems.md"
    )


def currency_guess(columns: Columns, amount_column: str) -> Guess:
    """Return the column of currencies, else the one currency that is most likely."""
    named = _codes("currency", columns)
    if named is not None:
        return named
    for column in columns.sample.iter_columns():
        other = column.dtype != pl.String or name_score("billing_currency", column.name)
        values = [] if other else texts(column)
        if 0 < len(values) <= _MOST_CURRENCIES and all(value in EXPONENTS for value in values):
            return Guess("currency", {"column": column.name}, "likely", "all are ISO 4217 codes")
    for code in _IN_NAMES:
        if code in words(amount_column):
            why = f"so the name of {amount_column} says"
            return Guess("currency", {"constant": code.upper()}, "likely", why)
    why = "no column names a currency: EUR is assumed, put the right one"
    return Guess("currency", {"constant": "EUR"}, "guess", why)


def billing_guesses(columns: Columns) -> list[Guess]:
    """Return the amount in the customer's own currency with that currency, if both are there."""
    currency = _codes("billing_currency", columns)
    for column, certainty in columns.named("billing_amount"):
        if currency is not None and column.dtype.is_numeric():
            unit, sure, why = _unit(column)
            source = {"column": column.name, "unit": unit}
            return [
                Guess("billing_amount", source, certainty if sure else "guess", why),
                currency,
            ]
    return []


def _codes(field: str, columns: Columns) -> Guess | None:
    """Return the column named like the field whose every value is a currency."""
    for column, certainty in columns.named(field):
        values = texts(column)
        translated = {value: _SYMBOLS.get(value, value.upper()) for value in values}
        if values and all(code in EXPONENTS for code in translated.values()):
            changed = {value: code for value, code in translated.items() if value != code}
            source = {"column": column.name} | ({"values": changed} if changed else {})
            return Guess(field, source, certainty, "all are ISO 4217 codes")
    return None


def _unit(column: pl.Series) -> tuple[str, bool, str]:
    """Return the unit of amounts, whether that is sure, and why."""
    values = column.drop_nulls().cast(pl.Float64).to_numpy()
    middle = float(np.median(values)) if len(values) else 0.0
    if set(words(column.name)) & _MINOR_WORDS:
        return "minor", True, "so its name says"
    if len(values) and (values != np.rint(values)).any():
        return "major", True, f"amounts with decimals, half of them above {middle:,.2f}"
    why = (
        "whole numbers are taken as minor units: half of the payments are above "
        f"{middle / 100:,.2f}; if it should be {middle:,.0f}, write unit: major"
    )
    return "minor", False, why
