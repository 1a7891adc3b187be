"""Frames become messages: one JSON object a row, absent fields left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import polars as pl

from loadtest.simulator.frames import NESTED

if TYPE_CHECKING:
    from collections.abc import Sequence

_SPECIAL = '["\\\\\x00-\x1f\x7f]'


def wire(frame: pl.DataFrame) -> list[bytes]:
    """Return each row of a frame of transactions or labels as a JSON message.

    Columns that hold JSON text (outcome, authentication, attributes, legacy) become nested
    objects; nulls are left out.
    """
    return [line.encode() for line in lines(frame)]


def keys(frame: pl.DataFrame, column: str = "customer_id") -> list[bytes]:
    """Return the Kafka key of each row: its customer (for labels, pass transaction_id)."""
    return [value.encode() for value in frame[column]]


def lines(frame: pl.DataFrame) -> pl.Series:
    """Return each row of a frame as one line of JSON text.

    The first column must never be null: it opens the object.
    """
    first, *rest = frame.columns
    head = pl.concat_str(pl.lit(f'{{"{first}":'), _value(frame, first))
    fields = [
        pl.when(pl.col(name).is_not_null())
        .then(pl.concat_str(pl.lit(f',"{name}":'), _value(frame, name)))
        .otherwise(pl.lit(""))
        for name in rest
    ]
    return frame.select(line=pl.concat_str(head, *fields, pl.lit("}")))["line"]


def _value(frame: pl.DataFrame, name: str) -> pl.Expr:
    column = frame[name]
    if column.dtype == pl.Boolean or column.dtype.is_numeric():
        return pl.col(name).cast(pl.String)
    if name in NESTED:
        return pl.col(name)
    if column.str.contains(_SPECIAL).any():
        return pl.lit(pl.Series(_quoted(column.to_list()), dtype=pl.String))
    return pl.concat_str(pl.lit('"'), pl.col(name), pl.lit('"'))


def _quoted(values: Sequence[str | None]) -> list[str | None]:
    return [None if v is None else msgspec.json.encode(v).decode() for v in values]
