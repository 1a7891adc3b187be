"""From numbers to columns of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from loadtest.simulator.randomness import letters

if TYPE_CHECKING:
    from numpy.typing import NDArray


def empty(columns: dict[str, pl.DataType]) -> pl.DataFrame:
    """Return a frame of those columns without rows."""
    return pl.DataFrame(schema=columns)


def text_where(there: NDArray[np.bool_], column: pl.Series) -> pl.Series:
    """Return a column with null where it is not there."""
    if there.all():
        return column
    return pl.select(c=pl.when(pl.lit(pl.Series(there))).then(pl.lit(column)))["c"]


def texts_of(texts: tuple[str, ...], codes: NDArray[np.integer]) -> pl.Series:
    """Return the text of each code, null for a negative one."""
    column = pl.Series(texts).gather(np.maximum(codes, 0).astype(np.uint32))
    return text_where(codes >= 0, column)


def identifiers(keys: NDArray[np.uint64], prefix: str) -> pl.Series:
    """Return each key as an identifier, null for key 0."""
    known = np.flatnonzero(keys)
    if len(known) == len(keys):
        return letters(keys, prefix)
    places = np.zeros(len(keys), np.uint32)
    places[known] = np.arange(len(known))
    column = letters(keys[known], prefix)
    if not len(known):
        return pl.Series([None] * len(keys), dtype=pl.String)
    return text_where(keys != 0, column.gather(places))


def instants(times_ms: NDArray[np.int64]) -> pl.Series:
    """Return UTC milliseconds as RFC 3339 text."""
    return pl.Series(times_ms).cast(pl.Datetime("ms")).dt.to_string("%Y-%m-%dT%H:%M:%S%.3fZ")


def local_instants(
    times_ms: NDArray[np.int64], offset_min: NDArray[np.int16], told: NDArray[np.bool_]
) -> pl.Series:
    """Return local times with their offset; where it is not told, UTC times with a Z."""
    minutes = np.where(told, offset_min.astype(np.int64), 0)
    text = (
        pl.Series(times_ms + minutes * 60_000)
        .cast(pl.Datetime("ms"))
        .dt.to_string("%Y-%m-%dT%H:%M:%S%.3f")
    )
    sign = np.where(told, minutes // 15 + 100, 0)  # every offset in use is a multiple of 15 min
    signs = pl.Series(["Z"] + [_sign((code - 100) * 15) for code in range(1, 200)])
    return text + signs.gather(sign.astype(np.uint32))


def _sign(minutes: int) -> str:
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
