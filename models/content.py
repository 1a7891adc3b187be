"""What a transaction says, as one 64-bit key: a repeat is a duplicate only if all is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from models.hashing import keys, mix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.transaction import Transactions

_TEXTS = (
    "customer_id",
    "merchant_id",
    "currency",
    "country",
    "ip_country",
    "device_id",
    "billing_currency",
    "original_transaction_id",
)
_INTEGERS = (
    "occurred_ms",
    "utc_offset_min",
    "amount_minor",
    "type",
    "outcome",
    "channel",
    "mcc",
    "billing_amount_minor",
)


def content_keys(rows: Transactions) -> NDArray[np.uint64]:
    """Return a key of everything each transaction says but its id. Rates play no part."""
    key = np.ones(len(rows), np.uint64)
    for name in _INTEGERS:
        key = mix(key, getattr(rows, name).astype(np.int64).view(np.uint64))
    for name in ("latitude", "longitude"):
        key = mix(key, getattr(rows, name).view(np.uint64))
    for name in _TEXTS:
        column = getattr(rows, name)
        if (column == None).all():  # noqa: E711 - elementwise
            key = mix(key, np.zeros(len(rows), np.uint64))
        else:
            key = mix(key, keys(column))
    for name in ("details", "legacy"):
        column = getattr(rows, name)
        key = mix(key, _nested_keys(column))
    return key


def _nested_keys(column: NDArray[np.object_]) -> NDArray[np.uint64]:
    out = np.zeros(len(column), np.uint64)
    rows = np.flatnonzero(column != None)  # noqa: E711 - elementwise
    if len(rows):
        encoder = msgspec.json.Encoder(order="deterministic")
        out[rows] = keys([encoder.encode(column[row]).decode() for row in rows])
    return out
