"""Which column tells fraud, and which of its values."""

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from models.mapping_columns import DAY_MS
from models.suggestion.guess import Columns, Guess, missing_share

_YES = frozenset(
    {"1", "true", "t", "y", "yes", "j", "ja", "o", "oui", "s", "si", "sim", "fraud", "fraudulent"}
    | {"betrug", "fraude", "frode", "chargeback", "bad", "positive"}
)
_MOST_FRAUD = 0.5
_USUAL_DELAY_DAYS = 7
_LEAST_SPAN_DAYS = 35.0
_LATE = 0.95


def label_guess(columns: Columns) -> Guess | None:
    """Return the column that tells fraud; None without one. Its delay is still to be chosen."""
    for column, certainty in columns.named("label"):
        whole = columns.table[column.name]
        counts = _counts(whole)
        if len(counts) > 2 or not counts or missing_share(whole) > _MOST_FRAUD:  # noqa: PLR2004 - yes and no
            continue
        values = _fraud_values(counts)
        share = sum(counts.get(value, 0) for value in values) / len(whole)
        if share <= _MOST_FRAUD:
            told = ", ".join(f"{value!r}: {count:,}" for value, count in counts.items())
            source = {"column": column.name, "fraud_values": values}
            return Guess("label", source, certainty, f"it holds {told}")
    return None


def with_delay(
    label: Guess, told_late: Mapping[str, npt.NDArray[np.int64]], span_days: float
) -> Guess:
    """Return the label with the delay to begin with.

    As long as the columns `told_late` took to know frauds, in milliseconds after the payment;
    without one a week, or nothing in a file of a few weeks.
    """
    days: float = 0
    if told_late:
        column, later = next(iter(told_late.items()))
        days = math.ceil(10 * float(np.quantile(later, _LATE)) / DAY_MS) / 10
        why = f"95 % of the times in {column} lie within {days:g} days of the payment"
    elif span_days >= _LEAST_SPAN_DAYS:
        days = _USUAL_DELAY_DAYS
        why = "a week is assumed until a fraud is known: put how long yours take"
    else:
        why = (
            f"the file spans {span_days:.1f} days, too few to wait for labels: figures will be "
            "too good, since no live system knows fraud at once"
        )
    source = {**label.source, "delay_days": int(days) if days == int(days) else days}
    return Guess("label", source, label.certainty, f"{label.why}; {why}")


def _counts(column: pl.Series) -> dict[str, int]:
    """Count values as the mapping will read them: 1.0 is 1."""
    if column.dtype.is_nested() or column.dtype.is_temporal():
        return {}
    if column.dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        if (whole.cast(column.dtype) == column).all():
            column = whole
    named = column.cast(pl.String).drop_nulls().alias("value")
    counts = named.filter(named != "").value_counts().sort("value")
    if len(counts) > 2:  # noqa: PLR2004 - yes and no
        return {}
    return dict(zip(counts["value"].to_list(), counts["count"].to_list(), strict=True))


def _fraud_values(counts: dict[str, int]) -> list[str]:
    """Return the value that means fraud: by its meaning, else the rarer one."""
    meant = [value for value in counts if value.lower() in _YES]
    if len(meant) == 1 or len(counts) == 1:
        return meant or ["1"]
    return [min(counts, key=lambda value: counts[value])]
