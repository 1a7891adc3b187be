"""Between columns of numpy and rows of a database, in both directions, without loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from models.transaction import UNKNOWN_OFFSET, Transactions, empty, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.labels import Labels

_INTEGERS: dict[str, tuple[type[np.integer[Any]], int | None]] = {
    "occurred_ms": (np.int64, None),
    "utc_offset_min": (np.int16, UNKNOWN_OFFSET),
    "amount_minor": (np.int64, None),
    "reporting_minor": (np.int64, -1),
    "type": (np.int8, None),
    "outcome": (np.int8, -1),
    "channel": (np.int8, -1),
    "mcc": (np.int16, -1),
    "authenticated": (np.int8, -1),
    "billing_amount_minor": (np.int64, -1),
}
_FLOATS = ("latitude", "longitude")
_TEXTS = (
    "transaction_id",
    "customer_id",
    "merchant_id",
    "currency",
    "country",
    "ip_country",
    "device_id",
    "billing_currency",
    "original_transaction_id",
)
TRANSACTION_COLUMNS = (*_TEXTS, *_INTEGERS, *_FLOATS, "details")
"""Columns of the table that hold the fields of a transaction, in the order used here."""

FROM_FILE = -1
"""Stands for the partition of labels that came from a file."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode


def numbers(column: NDArray[Any], missing: int | None = None) -> list[Any]:
    """Return a list of Python numbers, None where `missing`, or NaN in a float column."""
    values: list[Any] = column.tolist()
    if column.dtype.kind == "f":
        gone = np.isnan(column)
    elif missing is not None:
        gone = column == missing
    else:
        return values
    for row in np.flatnonzero(gone).tolist():
        values[row] = None
    return values


def json_text(value: object) -> str:
    """Return compact JSON with sorted keys: equal values give equal text."""
    return _encode(value).decode()


def from_json(value: str | None) -> Any:
    """Return what `json_text` was given."""
    return None if value is None else _decode(value)


def transaction_values(transactions: Transactions) -> list[list[Any]]:
    """Return a list of values for each of TRANSACTION_COLUMNS."""
    values: list[list[Any]] = [getattr(transactions, name).tolist() for name in _TEXTS]
    values += [
        numbers(getattr(transactions, name), missing) for name, (_, missing) in _INTEGERS.items()
    ]
    values += [numbers(getattr(transactions, name)) for name in _FLOATS]
    values.append([None if d is None else json_text(d) for d in transactions.details.tolist()])
    return values


def label_values(labels: Labels, partition: int) -> dict[str, Any]:
    """Return the columns of labels by name."""
    return {
        "label_id": labels.label_id.tolist(),
        "transaction_id": labels.transaction_id.tolist(),
        "is_fraud": labels.is_fraud,
        "source": labels.source.tolist(),
        "fraud_type": labels.fraud_type.tolist(),
        "labelled_ms": labels.labelled_ms.tolist(),
        "known_ms": labels.known_ms.tolist(),
        "supersedes": labels.supersedes.tolist(),
        "partition": [partition] * len(labels),
    }


def transactions_of(
    values: Sequence[Sequence[Any]], names: Sequence[str] = TRANSACTION_COLUMNS
) -> Transactions:
    """Return the transactions whose values are given in the order of `names`.

    Columns not named are as if every field were missing. `legacy` is None throughout: legacy
    decisions have a table of their own.
    """
    given = dict(zip(names, values, strict=True))
    n = len(values[0])
    columns: dict[str, NDArray[Any]] = {n: text(given[n]) for n in _TEXTS if n in given}
    for name, (kind, missing) in _INTEGERS.items():
        if name in given:
            columns[name] = array_of(given[name], kind, missing)
    for name in _FLOATS:
        if name in given:
            columns[name] = array_of(given[name], np.float64, np.nan)
    if "details" in given:
        columns["details"] = objects([from_json(value) for value in given["details"]])
    return Transactions(**empty(n) | columns)


def array_of(values: Sequence[Any], kind: type, missing: float | None = None) -> NDArray[Any]:
    """Return values as an array of one type, None as `missing`."""
    if missing is not None:
        values = [missing if value is None else value for value in values]
    return np.fromiter(values, kind, len(values))


def objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """Return values as an object column, one element a row whatever they are."""
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return column


def vectors_to_blobs(matrix: NDArray[np.float32]) -> list[bytearray]:
    """Return each row of a float32 (n, F) matrix as 4 F little-endian bytes."""
    data = np.ascontiguousarray(matrix, dtype="<f4")
    width = 4 * data.shape[1]
    packed = bytearray(data.tobytes())  # sqlite3 takes a bytearray faster than bytes
    return [packed[start : start + width] for start in range(0, width * len(data), width)]


def blob_to_vector(blob: bytes) -> NDArray[np.float32]:
    """Return the float32 (F,) vector that a blob holds."""
    return np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False)
