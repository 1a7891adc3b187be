"""Data files as tables: Parquet, CSV or JSON lines, and files of labels.

The one place outside a bundle where files are read, shared by training and service so that
both see the same rows.
"""

from __future__ import annotations

import codecs
import re
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from models.errors import BadInput
from models.instants import VALID, parse_instants
from models.labels import Labels
from models.transaction import text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

_SAMPLE_BYTES = 1 << 16
_ROWS_THAT_TELL_TYPES = 10_000
# Three digits after a comma may as well be thousands.
_DECIMAL_COMMA = re.compile(r"-?\d+,(\d{1,2}|\d{4,})")
_DECIMAL_POINT = re.compile(r"-?\d+\.\d+")
_SEPARATORS = ",;\t|"

_LABEL_COLUMNS = ("transaction_id", "is_fraud", "known_at")


def _read_csv(path: Path) -> pl.DataFrame:
    with path.open("rb") as file:
        return _csv(path, file.read(_SAMPLE_BYTES))


def _csv(source: Path | bytes, head: bytes) -> pl.DataFrame:
    """Read text with the separator, decimal sign and encoding that its first lines show.

    Spreadsheets of half of Europe write semicolons, decimal commas and Windows' letters.
    """
    try:
        sample, encoding = codecs.getincrementaldecoder("utf-8")().decode(head), "utf8"
    except UnicodeDecodeError:
        sample, encoding = head.decode("cp1252", "replace"), "cp1252"
    header, *lines = sample.splitlines() or [""]
    separator = max(_SEPARATORS, key=header.count)
    fields = {field.strip(' "') for line in lines for field in line.split(separator)}
    comma = separator != "," and any(map(_DECIMAL_COMMA.fullmatch, fields))
    comma = comma and not any(map(_DECIMAL_POINT.fullmatch, fields))
    read = partial(pl.read_csv, source, separator=separator, decimal_comma=comma, encoding=encoding)
    try:
        return read(infer_schema_length=_ROWS_THAT_TELL_TYPES)
    except pl.exceptions.ComputeError:  # a whole number at first, and later something else
        return read(infer_schema_length=None)


_READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".csv": _read_csv,
    ".jsonl": pl.read_ndjson,
    ".ndjson": pl.read_ndjson,
}


def read_table(path: Path) -> pl.DataFrame:
    """Read Parquet, CSV or JSON lines, by the name's ending. Raises BadInput, one line."""
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise BadInput(f"{path}: unknown kind of file; use {', '.join(_READERS)}")
    try:
        frame = reader(path)
    except FileNotFoundError:
        raise BadInput(f"{path}: no such file; check the path") from None
    except (pl.exceptions.PolarsError, OSError) as error:
        raise BadInput(f"{path}: cannot be read ({str(error).splitlines()[0]})") from error
    return frame


def table_of(text: bytes, name: str) -> pl.DataFrame:
    """Read the text of a CSV file; `name` is how it is called. Raises BadInput, one line."""
    try:
        return _csv(text, text[:_SAMPLE_BYTES])
    except pl.exceptions.PolarsError as error:
        raise BadInput(f"{name}: cannot be read ({str(error).splitlines()[0]})") from error


def read_labels(path: Path) -> Labels:
    """Read labels from a file: the label record's fields; `known_at` says since when."""
    frame = read_table(path)
    missing = [name for name in _LABEL_COLUMNS if name not in frame.columns]
    if missing:
        raise BadInput(f"{path}: a label file needs the columns {', '.join(missing)}")
    known_ms = _instants(path, frame["known_at"])
    ids = text(frame["transaction_id"].cast(pl.String).to_list())

    def optional(name: str) -> pl.Series | None:
        return frame[name] if name in frame.columns else None

    label_id, labelled_at = optional("label_id"), optional("labelled_at")
    source, fraud_type, supersedes = (
        optional(name) for name in ("source", "fraud_type", "supersedes")
    )
    nothing = np.full(len(frame), None, dtype=object)
    return Labels(
        label_id=ids if label_id is None else text(label_id.cast(pl.String).to_list()),
        transaction_id=ids,
        is_fraud=frame["is_fraud"].cast(pl.Boolean).to_numpy(),
        source=nothing if source is None else text(source.to_list()),
        fraud_type=nothing if fraud_type is None else text(fraud_type.to_list()),
        labelled_ms=known_ms if labelled_at is None else _instants(path, labelled_at),
        known_ms=known_ms,
        supersedes=nothing if supersedes is None else text(supersedes.to_list()),
    )


def _instants(path: Path, column: pl.Series) -> NDArray[np.int64]:
    if column.dtype.is_temporal():
        return np.asarray(column.dt.epoch("ms").to_numpy(), np.int64)
    instants, _, status = parse_instants([value or "" for value in column.to_list()])
    bad = np.flatnonzero(status != VALID)
    if len(bad):
        raise BadInput(
            f"{path}: {column.name} {column[int(bad[0])]!r} in row {int(bad[0])} is not an "
            "RFC 3339 time with an offset"
        )
    return np.asarray(instants, np.int64)
