"""Rows: what happened, as columns of numbers. Text is made of them only when they leave."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# column: type and value where nothing is said
_COLUMNS: dict[str, tuple[type[np.generic], float]] = {
    "key": (np.uint64, 0),
    "occurred_ms": (np.int64, 0),
    "customer": (np.int32, -1),
    "merchant": (np.int32, -1),
    "beneficiary": (np.int64, -1),
    "city": (np.int16, 0),
    "euros": (np.float64, 0),
    "category": (np.int16, 0),
    "type": (np.int8, 0),
    "channel": (np.int8, 0),
    "device": (np.uint64, 0),
    "ip": (np.int16, -1),
    "typology": (np.int8, -1),
    "episode": (np.uint64, 0),
    "impostor": (np.bool_, 0),
    "recurring": (np.bool_, 0),
    "scripted": (np.bool_, 0),
    "original": (np.uint64, 0),
    "amount_minor": (np.int64, 0),
    "currency": (np.int16, 0),
    "billing_minor": (np.int64, -1),
    "offset_min": (np.int16, 0),
    "response": (np.int8, 0),
    "entry": (np.int8, -1),
    "authentication": (np.int8, -1),
    "basket": (np.int16, 0),
    "age_days": (np.int32, 0),
    "absent": (np.uint32, 0),
}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Columns of equal length; every row is one transaction, complete or in the making.

    key: identity, the origin of transaction_id. customer, merchant, beneficiary, city,
    category, currency: numbers in the world's tables (-1 none). euros: what is meant to be
    paid; amount_minor: what is asked, in `currency`. device, episode, original: keys, 0 none.
    ip: country number, -1 none. typology: fraud kind, -1 genuine. impostor: whoever pays
    lacks the customer's secrets. recurring: the merchant charges by itself. scripted: said
    in full by a story, nothing is left to chance. response: 0 approved, else an index of
    RESPONSES. absent: bits of optional fields that the sender left out.
    """

    key: NDArray[np.uint64]
    occurred_ms: NDArray[np.int64]
    customer: NDArray[np.int32]
    merchant: NDArray[np.int32]
    beneficiary: NDArray[np.int64]
    city: NDArray[np.int16]
    euros: NDArray[np.float64]
    category: NDArray[np.int16]
    type: NDArray[np.int8]
    channel: NDArray[np.int8]
    device: NDArray[np.uint64]
    ip: NDArray[np.int16]
    typology: NDArray[np.int8]
    episode: NDArray[np.uint64]
    impostor: NDArray[np.bool_]
    recurring: NDArray[np.bool_]
    scripted: NDArray[np.bool_]
    original: NDArray[np.uint64]
    amount_minor: NDArray[np.int64]
    currency: NDArray[np.int16]
    billing_minor: NDArray[np.int64]
    offset_min: NDArray[np.int16]
    response: NDArray[np.int8]
    entry: NDArray[np.int8]
    authentication: NDArray[np.int8]
    basket: NDArray[np.int16]
    age_days: NDArray[np.int32]
    absent: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.key)

    @staticmethod
    def of(n: int, **columns: NDArray[Any] | float) -> Rows:
        """Return n rows with the columns given; the rest say nothing."""
        made: dict[str, NDArray[Any]] = {}
        for name, (kind, nothing) in _COLUMNS.items():
            value = columns.get(name, nothing)
            if isinstance(value, np.ndarray):
                made[name] = value.astype(kind, copy=False)
            else:
                made[name] = np.full(n, value, kind)
        return Rows(**made)

    def take(self, rows: NDArray[Any] | slice) -> Rows:
        """Return the rows selected by a mask, an index array or a slice."""
        return Rows(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def having(self, **columns: NDArray[Any] | float) -> Rows:
        """Return the same rows with some columns replaced."""
        made = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in columns.items():
            kind = _COLUMNS[name][0]
            made[name] = (
                value.astype(kind, copy=False)
                if isinstance(value, np.ndarray)
                else np.full(len(self), value, kind)
            )
        return Rows(**made)

    def ordered(self) -> Rows:
        """Return the rows by time; equal times by key, so that no order tells anything."""
        return self.take(np.lexsort((self.key, self.occurred_ms)))

    @staticmethod
    def concat(parts: Sequence[Rows]) -> Rows:
        """Return the rows of all parts, one after the other."""
        if len(parts) == 1:
            return parts[0]
        if not parts:
            return Rows.of(0)
        return Rows(
            **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Rows)}
        )
