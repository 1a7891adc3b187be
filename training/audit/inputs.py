"""What a model would read, coded into few bins: the matter of drift."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from models.money import EXPONENTS
from models.transaction import CHANNELS, TYPES
from training.audit.subject import Subject

_MOST_ROWS = 500_000
_MOST_LEVELS = 20
_BINS = 10
_HOUR_MS = 3_600_000


@dataclass(frozen=True, eq=False)
class Coded:
    """One input in bins: `codes` (m,) index `levels`, whose last is "missing"."""

    name: str
    codes: npt.NDArray[np.int64]
    levels: tuple[str, ...]


def sampled_rows(rows: int) -> npt.NDArray[np.int64]:
    """Return evenly spread row numbers, at most half a million: shares need no more."""
    return np.arange(0, rows, max(1, -(-rows // _MOST_ROWS)))


def coded_inputs(
    subject: Subject, rows: npt.NDArray[np.int64], reference: npt.NDArray[np.bool_]
) -> Iterator[Coded]:
    """Yield every input that varies, for the given rows (m,).

    Numbers are cut at the deciles of the rows marked in `reference` (m,), categories keep
    their most frequent values.
    """
    some = subject.transactions.take(rows)
    yield from _money(some.amount_minor, some.currency, reference)
    yield _numbers("hour of day (UTC)", (some.occurred_ms // _HOUR_MS % 24).astype(float), None)
    texts = {
        "currency": some.currency.tolist(),
        "country": some.country.tolist(),
        "ip_country": some.ip_country.tolist(),
        "channel": [None if code < 0 else CHANNELS[code] for code in some.channel.tolist()],
        "type": [TYPES[code] for code in some.type.tolist()],
        "mcc": [None if code < 0 else f"{code:04d}" for code in some.mcc.tolist()],
        "authenticated": [
            None if code < 0 else ("no", "yes")[code] for code in some.authenticated.tolist()
        ],
    }
    for name, values in texts.items():
        coded = _categories(name, pl.Series(values, dtype=pl.String))
        if len(coded.levels) > 1:
            yield coded
    yield from _attributes(subject, rows, reference)


def _money(
    minor: npt.NDArray[np.int64],
    currency: npt.NDArray[np.object_],
    reference: npt.NDArray[np.bool_],
) -> Iterator[Coded]:
    """Yield amounts in the most frequent currency; payments in others are missing there."""
    main = str(pl.Series(currency, dtype=pl.String).mode().sort()[0])
    major = np.where(currency == main, minor / 10.0 ** EXPONENTS[main], np.nan)
    yield _numbers(f"amount ({main})", major, reference)


def _attributes(
    subject: Subject, rows: npt.NDArray[np.int64], reference: npt.NDArray[np.bool_]
) -> Iterator[Coded]:
    for name, source in subject.mapping.file.attributes.items():
        if source.column is None or source.column not in subject.frame.columns:
            continue
        column = subject.frame[source.column].gather(subject.record[rows])
        if source.kind == "number":
            values = column.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
            coded = _numbers(name, np.where(np.isfinite(values), values, np.nan), reference)
        else:
            coded = _categories(name, column.cast(pl.String))
        if len(coded.levels) > 1:
            yield coded


def _numbers(
    name: str, values: npt.NDArray[np.float64], reference: npt.NDArray[np.bool_] | None
) -> Coded:
    """Cut numbers at deciles of the reference; without one, each whole number is a bin."""
    known = ~np.isnan(values)
    if reference is None:
        edges = np.arange(1, int(np.nanmax(values)) + 1, dtype=float)
    else:
        taught = values[known & reference]
        taught = taught if len(taught) else values[known]
        shares = np.arange(1, _BINS) / _BINS
        edges = np.unique(np.quantile(taught, shares)) if len(taught) else np.empty(0)
    codes = np.where(known, np.searchsorted(edges, values, "right"), len(edges) + 1)
    return Coded(name, codes.astype(np.int64), (*_ranges(edges), "missing"))


def _ranges(edges: npt.NDArray[np.float64]) -> tuple[str, ...]:
    if not len(edges):
        return ("any",)
    middle = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    return (f"under {edges[0]:g}", *middle, f"{edges[-1]:g} or more")


def _categories(name: str, values: pl.Series) -> Coded:
    """Code the most frequent values; the rest are "other"; empty text is missing."""
    values = values.replace("", None)
    counts = values.drop_nulls().value_counts(sort=True)
    first = counts.columns[0]
    ordered = counts.sort(["count", first], descending=[True, False])[first].to_list()
    levels = ordered[:_MOST_LEVELS]
    rest = ("other",) if len(ordered) > _MOST_LEVELS else ()
    places = {level: place for place, level in enumerate(levels)}
    codes = values.replace_strict(places, default=len(levels), return_dtype=pl.Int64)
    missing = len(levels) + len(rest)
    coded = np.where(values.is_null().to_numpy(), missing, codes.fill_null(missing).to_numpy())
    any_missing = ("missing",) if (coded == missing).any() else ()
    return Coded(name, coded, (*levels, *rest, *any_missing))
