"""What becomes of columns that are no field: attributes of the model, or left out with a reason."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from models.column_names import words
from models.hindsight import (
    lateness_ms,
    later_than_payment,
    named_as_hindsight,
    only_in_frauds,
)
from models.strength import judged_rows, strength
from models.suggestion.guess import texts

Kind = Literal["number", "category", "ignore"]

_LEVELS_KEPT = 32
_MOST_LEVELS = 1000
_NEARLY_CERTAIN_AUC = 0.95
_FEW_ROWS = 20
_RISES = 0.999
_CODE_WORDS = frozenset({"id", "code", "cd", "nr", "no", "type", "category", "zip"})
_PERSONAL = frozenset(
    {"first", "last", "firstname", "lastname", "surname", "fullname", "street", "address", "email",
     "phone", "mobile", "dob", "birth", "birthdate", "birthday", "ssn", "iban", "passport"}
)  # fmt: skip
_LIVE = frozenset({"decision", "response", "approved", "declined", "outcome", "legacy"})


@dataclass(frozen=True)
class Leftover:
    """A column, what it becomes, and why where that is not plain."""

    column: str
    kind: Kind
    why: str


@dataclass(frozen=True, eq=False)
class Known:
    """Payments read so far: their rows, times, and which are fraud; None unless there are both."""

    rows: npt.NDArray[np.int64]
    occurred_ms: npt.NDArray[np.int64]
    fraud: npt.NDArray[np.bool_] | None


def leftover(column: pl.Series, known: Known) -> Leftover:
    """Judge one column that is no field of the contract."""
    why = _kept_out(column, known)
    if why is not None:
        return Leftover(column.name, "ignore", why)
    if column.dtype == pl.Boolean or (column.dtype.is_numeric() and not _is_code(column)):
        return Leftover(column.name, "number", "")
    levels = len(texts(column))
    if levels > _MOST_LEVELS:
        why = f"{levels:,} different texts in the sample are too many for a category"
        return Leftover(column.name, "ignore", why)
    many = f"of {levels:,} values the {_LEVELS_KEPT} most frequent are kept apart"
    return Leftover(column.name, "category", many if levels > _LEVELS_KEPT else "")


def told_late(columns: pl.DataFrame, known: Known) -> dict[str, npt.NDArray[np.int64]]:
    """Return the columns that say when a fraud was told, with how long after, in milliseconds."""
    found = {}
    for column in columns[known.rows].iter_columns():
        later = lateness_ms(column, known.occurred_ms)
        only = known.fraud is not None and only_in_frauds(column, known.fraud) is not None
        if later is not None and (only or named_as_hindsight(column.name)):
            found[column.name] = later
    return found


def _kept_out(column: pl.Series, known: Known) -> str | None:
    """Return why a column may not be an input; None where nothing speaks against it."""
    if column.dtype.is_nested() or isinstance(column.dtype, pl.Binary | pl.Object):
        return "it holds nested values: give them columns of their own"
    if column.dtype == pl.String and all(one.startswith("{") for one in texts(column)):
        return "it is empty, or holds JSON: give its values columns of their own"
    return _afterwards(column, known) or _by_name(column.name) or _by_values(column, known)


def _afterwards(column: pl.Series, known: Known) -> str | None:
    hint = named_as_hindsight(column.name)
    column = column.gather(known.rows)
    if known.fraud is not None:
        judged = judged_rows(known.fraud)
        sign = only_in_frauds(column.gather(judged), known.fraud[judged])
        if sign is not None:
            return f"known only after the fact: {sign}"
        auc = strength(column.gather(judged), known.fraud[judged])
        if auc >= _NEARLY_CERTAIN_AUC and known.fraud.sum() >= _FEW_ROWS:
            return (
                f"it nearly tells fraud alone (AUC {auc:.3f}): make it an attribute only if it is "
                "known before the decision"
            )
    sign = later_than_payment(column, known.occurred_ms)
    if sign is not None:
        return f"known only after the fact: {sign}"
    return None if hint is None else f"its name ({hint}) speaks of what is known after the fact"


def _by_name(name: str) -> str | None:
    parts = set(words(name))
    if parts & _LIVE:
        return "perhaps what the live system answered, which is never an input"
    if parts & _PERSONAL:
        return "personal data"
    return None


def _by_values(column: pl.Series, known: Known) -> str | None:
    distinct = column.n_unique()
    if distinct <= 1:
        return "it holds one value only"
    if column.dtype.is_temporal():
        return "a time other than the payment's"
    if column.dtype.is_numeric() and _rises(column.gather(known.rows), known.occurred_ms):
        return "it rises with time and would tell the model the date"
    nearly_unique = distinct > 0.9 * len(column) > _FEW_ROWS
    if nearly_unique and (_is_code(column) or column.dtype == pl.String):
        return "nearly every row has a value of its own"
    return None


def _rises(column: pl.Series, occurred_ms: npt.NDArray[np.int64]) -> bool:
    if column.null_count() or len(column) < _FEW_ROWS:
        return False
    ranks = column.rank().to_numpy()
    times = pl.Series(occurred_ms).rank().to_numpy()
    if np.ptp(ranks) == 0 or np.ptp(times) == 0:
        return False
    return bool(abs(np.corrcoef(ranks, times)[0, 1]) > _RISES)


def _is_code(column: pl.Series) -> bool:
    """Whether whole numbers are names rather than quantities."""
    parts = words(column.name)
    return column.dtype.is_integer() and bool(parts) and parts[-1] in _CODE_WORDS
