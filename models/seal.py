"""Seals: what all customers share about a merchant, fixed once an hour.

Features of a merchant must not depend on how customers are spread over workers. So they
come from seals. The seal of hour h holds, by merchant, the change in known frauds since
the seal before (labels known by h minus a quarter of an hour, on transactions accepted
before h was reached), and at the first seal of a day the volume accepted since the last
such seal. A payment at hour h reads the seals up to h, whatever was sealed later. The
worker and the offline replay both build seals with the functions here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOUR_MS = 3_600_000
LABEL_MARGIN_MS = 15 * 60 * 1000
"""A label known less than this before the hour waits for the next seal."""


@dataclass(frozen=True, slots=True, eq=False)
class Seal:
    """What one seal adds, by merchant: columns of equal length.

    `hour` counts hours since the epoch. `day` is the last complete day if the seal carries
    volumes, else -1. `frauds` is signed: a label withdrawn takes its fraud back. `newest_s`
    and `oldest_s` are the times of the defrauded payments (0 where none was added); `ordinary`
    counts those that their customer might have made, and `ordinary_s` is the oldest's time.
    """

    hour: int
    day: int
    merchant: NDArray[np.uint64]
    frauds: NDArray[np.int32]
    newest_s: NDArray[np.int64]
    oldest_s: NDArray[np.int64]
    ordinary: NDArray[np.int32]
    ordinary_s: NDArray[np.int64]
    volume: NDArray[np.int32]
    amounts: NDArray[np.int32]
    amount_sum: NDArray[np.int64]

    def pack(self) -> bytes:
        """Return the columns as little-endian bytes, a header of three integers first."""
        header = np.array([self.hour, self.day, len(self.merchant)], "<i8").tobytes()
        return header + b"".join(getattr(self, name).tobytes() for name, _ in _COLUMNS)

    @staticmethod
    def unpack(data: bytes) -> Seal:
        """Return the seal that `pack` wrote."""
        hour, day, n = (int(v) for v in np.frombuffer(data, "<i8", 3))
        at = 24
        columns: dict[str, Any] = {}
        for name, dtype in _COLUMNS:
            columns[name] = np.frombuffer(data, dtype, n, at)
            at += n * np.dtype(dtype).itemsize
        return Seal(hour, day, **columns)


_COLUMNS = (
    ("merchant", "<u8"),
    ("frauds", "<i4"),
    ("newest_s", "<i8"),
    ("oldest_s", "<i8"),
    ("ordinary", "<i4"),
    ("ordinary_s", "<i8"),
    ("volume", "<i4"),
    ("amounts", "<i4"),
    ("amount_sum", "<i8"),
)


@dataclass(frozen=True, slots=True, eq=False)
class LabelledPayments:
    """Labels joined to their payments: columns, one row a label.

    `payment` numbers the transactions; `hour` is the seal that takes the label in; `order`
    breaks ties between labels known at the same millisecond; `ordinary` says whether its
    customer might have made the payment.
    """

    payment: NDArray[np.int64]
    merchant: NDArray[np.uint64]
    occurred_s: NDArray[np.int64]
    hour: NDArray[np.int64]
    known_ms: NDArray[np.int64]
    order: NDArray[np.int64]
    is_fraud: NDArray[np.bool_]
    ordinary: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Volumes:
    """Payments accepted since the last daily seal, by merchant."""

    merchant: NDArray[np.uint64]
    payments: NDArray[np.int64]
    amounts: NDArray[np.int64]
    amount_sum: NDArray[np.int64]


def first_hour(known_ms: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first hour whose seal may use a label known at that time."""
    return -(-(known_ms + LABEL_MARGIN_MS) // HOUR_MS)


def cutoff_ms(hour: int) -> int:
    """Return until when a label must be known to be in the seal of `hour`."""
    return hour * HOUR_MS - LABEL_MARGIN_MS


def fraud_changes(
    labels: LabelledPayments, hour: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (rows, change): a row of `labels` for each payment whose truth this seal changes.

    A payment's truth is its latest label (by `known_ms`, then `order`) among those sealed so
    far; without one it counts as genuine. `change` is +1 or -1.
    """
    before_rows, before = _truth(labels, np.flatnonzero(labels.hour < hour))
    rows, after = _truth(labels, np.flatnonzero(labels.hour <= hour))
    was = np.zeros(len(rows), np.int64)
    place = np.searchsorted(labels.payment[rows], labels.payment[before_rows])
    was[place] = before
    change = after - was
    return rows[change != 0], change[change != 0]


def _truth(
    labels: LabelledPayments, rows: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the deciding row of each payment, by payment, and its truth as 0 or 1."""
    by = rows[np.lexsort((labels.order[rows], labels.known_ms[rows], labels.payment[rows]))]
    payment = labels.payment[by]
    last = by[np.append(payment[1:] != payment[:-1], True)[: len(by)]]
    return last, labels.is_fraud[last].astype(np.int64)


def seal(
    hour: int, labels: LabelledPayments, volumes: Volumes | None, previous_hour: int | None
) -> Seal:
    """Return the seal of `hour`.

    `labels` are those of every payment that has a label with this hour, older labels of the
    same payments included. `volumes` is None unless `needs_volumes(hour, previous_hour)`.
    """
    rows, change = fraud_changes(labels, hour)
    if (volumes is not None) != needs_volumes(hour, previous_hour):
        raise ValueError(f"seal of hour {hour} after {previous_hour}: volumes once a day, at first")
    sold = volumes.merchant if volumes is not None else np.empty(0, np.uint64)
    merchants, where = np.unique(np.concatenate([labels.merchant[rows], sold]), return_inverse=True)
    n, here, there = len(merchants), where[: len(rows)], where[len(rows) :]
    frauds = np.zeros(n, np.int32)
    np.add.at(frauds, here, change)
    added = change > 0
    newest = np.zeros(n, np.int64)
    np.maximum.at(newest, here[added], labels.occurred_s[rows][added])
    oldest = _oldest(n, here[added], labels.occurred_s[rows][added])
    plain = labels.ordinary[rows]
    ordinary = np.zeros(n, np.int32)
    np.add.at(ordinary, here[plain], change[plain])
    ordinary_s = _oldest(n, here[added & plain], labels.occurred_s[rows][added & plain])
    volume, amounts = np.zeros(n, np.int32), np.zeros(n, np.int32)
    amount_sum = np.zeros(n, np.int64)
    if volumes is not None:
        volume[there] = volumes.payments
        amounts[there] = volumes.amounts
        amount_sum[there] = volumes.amount_sum
    day = hour // 24 - 1 if volumes is not None else -1
    return Seal(
        hour, day, merchants, frauds, newest, oldest, ordinary, ordinary_s,
        volume, amounts, amount_sum,
    )  # fmt: skip


def _oldest(
    n: int, merchant: NDArray[np.int64], occurred_s: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the oldest time at each of n merchants, 0 where there is none."""
    never = np.iinfo(np.int64).max
    oldest = np.full(n, never)
    np.minimum.at(oldest, merchant, occurred_s)
    return np.where(oldest == never, 0, oldest)


def needs_volumes(hour: int, previous_hour: int | None) -> bool:
    """Whether the seal of `hour` is the first of its day, and so carries volumes."""
    return previous_hour is None or hour // 24 > previous_hour // 24
