"""Which columns name payments, customers, merchants and the rest of those involved."""

import polars as pl

from models.cards import is_card_number
from models.suggestion.guess import Certainty, Columns, Guess, missing_share, texts

_LONGEST_TRANSACTION_ID, _LONGEST_ID = 64, 128
_MOST_MISSING = 0.05
_ONCE = 0.9
_LOOKED_AT = 200
_PLAIN = (
    "device_id",
    "card_token",
    "account_id",
    "terminal_id",
    "beneficiary_id",
    "entry_mode",
    "time_zone",
    "original_transaction_id",
)


def transaction_guess(columns: Columns) -> Guess:
    """Return the column of unique ids, else row numbers."""
    for column, certainty in columns.named("transaction_id"):
        whole = columns.table[column.name]
        if whole.null_count() == 0 and whole.n_unique() == len(whole):
            if _is_id(column, _LONGEST_TRANSACTION_ID):
                why = f"no value comes twice in {len(whole):,} rows"
                return Guess("transaction_id", {"column": column.name}, certainty, why)
        elif certainty == "sure":
            why = f"rows are numbered, since {column.name} is empty or comes twice in some rows"
            return Guess("transaction_id", {"row_number": _stem(columns.name)}, "guess", why)
    why = "rows are numbered, since no column is named like an id that is unique"
    return Guess("transaction_id", {"row_number": _stem(columns.name)}, "likely", why)


def party_guess(field: str, columns: Columns) -> Guess | None:
    """Return the column of customers or merchants; rows without a value would be refused."""
    for column, certainty in columns.named(field):
        whole = columns.table[column.name]
        missing = missing_share(whole)
        if missing > _MOST_MISSING or not _is_id(column, _LONGEST_ID):
            continue
        distinct = whole.n_unique()
        why = f"{distinct:,} different values in {len(whole):,} rows"
        if missing:
            why += f"; {missing:.1%} of rows have none and will be refused"
        known: Certainty = certainty
        if distinct > _ONCE * len(whole):
            known = "guess"
            why += "; nearly each comes once, so histories will hold little"
        return _identity(field, column, known, why)
    return None


def plain_guesses(columns: Columns) -> list[Guess]:
    """Return further ids, each as far as a column is named like it."""
    found: list[Guess] = []
    for field in _PLAIN:
        for column, _ in columns.named(field):
            if _is_id(column, _LONGEST_ID):
                guess = _identity(field, column, "likely", "so its name says")
                found.append(guess)
                columns = columns.without(guess.column)
                break
    return found


def _identity(field: str, column: pl.Series, certainty: Certainty, why: str) -> Guess:
    values = texts(column.head(_LOOKED_AT))
    cards = sum(map(is_card_number, values))
    if cards * 2 > len(values):
        why += (
            "; they are card numbers, so each is replaced by a keyed hash: set "
            "PENUMBRA_TOKENISATION_KEY"
        )
        return Guess(field, {"column": column.name, "tokenise": True}, certainty, why)
    return Guess(field, {"column": column.name}, certainty, why)


def _is_id(column: pl.Series, longest: int) -> bool:
    if column.dtype.is_nested() or column.dtype.is_temporal() or column.dtype == pl.Boolean:
        return False
    lengths = column.cast(pl.String, strict=False).str.len_chars().max()
    return isinstance(lengths, int) and 0 < lengths <= longest


def _stem(name: str) -> str:
    """Return the file's name without its ending, short enough to begin an id with."""
    return name.rsplit(".", 1)[0][:32] or "row"
