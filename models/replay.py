"""Offline replay: the features every payment had when it happened, as the worker makes them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from models.attributes import Attribute, attribute_features
from models.catalogue import NAMES
from models.hashing import keys
from models.history import Histories
from models.merchants import Merchants
from models.ordinary import ordinary_payments
from models.seal import HOUR_MS, LabelledPayments, Seal, Volumes, first_hour, needs_volumes, seal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from models.labels import Labels
    from models.transaction import Transactions

LEARNED_AT_ONCE = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Features of payments in input order.

    `features` is float32 (n, len(names)); rows of types that are not scored are zero.
    `label_hour` gives the seal that took each label in, -1 where none did; `volume_hour` is
    the newest seal with volumes: rows whose partition reached that hour are in none.
    """

    features: NDArray[np.float32]
    names: tuple[str, ...]
    late: NDArray[np.bool_]
    histories: dict[int, Histories]
    seals: list[Seal]
    label_hour: NDArray[np.int64]
    volume_hour: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What payments leave behind; the fields are those of `Replay`."""

    histories: dict[int, Histories]
    seals: list[Seal]
    label_hour: NDArray[np.int64]
    volume_hour: int | None


def learn(
    transactions: Transactions,
    labels: Labels,
    partition: NDArray[np.int32],
    *,
    reporting_currency: str,
    progress: Callable[[int], None],
) -> Learned:
    """Return the histories and seals that `replay` with these partitions ends with."""
    order = np.argsort(partition, kind="stable")
    reached = reached_hours(transactions.occurred_ms[order], partition[order])
    seals, label_hour = all_seals(transactions.take(order), labels, reached)
    scored = transactions.scored_type()
    histories = {}
    for number in np.unique(partition).tolist():
        histories[number] = Histories(reporting_currency)
        mine = np.flatnonzero(partition == number)
        for start in range(0, len(mine), LEARNED_AT_ONCE):
            rows = mine[start : start + LEARNED_AT_ONCE]
            histories[number].learn(transactions.take(rows[scored[rows]]))
            progress(len(rows))
    return Learned(histories, seals, label_hour, _newest_volumes(seals))


def replay(
    transactions: Transactions,
    labels: Labels,
    *,
    attributes: Sequence[Attribute] = (),
    reporting_currency: str = "EUR",
    partition: NDArray[np.int32] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Replay:
    """Return the point-in-time features of every payment.

    Without `partition` the rows are one stream, put in stable order of time first. With it
    (n,), each partition is taken in row order, as it stood in the topic.
    """
    if partition is None:
        order = np.argsort(transactions.occurred_ms, kind="stable")
        partition = np.zeros(len(transactions), np.int32)
    else:
        order = np.argsort(partition, kind="stable")
    reached = reached_hours(transactions.occurred_ms[order], partition[order])
    seals, label_hour = all_seals(transactions.take(order), labels, reached)
    # Any interleaving of the partitions gives the same features; by hour keeps memory small.
    walk_order = np.argsort(reached, kind="stable")
    order, reached = order[walk_order], reached[walk_order]

    merchants = Merchants()
    histories = {int(p): Histories(reporting_currency) for p in np.unique(partition)}
    scored = transactions.scored_type()
    features = np.zeros((len(transactions), len(NAMES)), np.float32)
    late = np.zeros(len(transactions), bool)
    next_seal = 0
    days = np.flatnonzero(np.diff(reached // 24, prepend=-1, append=2**40))
    for start, end in pairwise(days):
        while next_seal < len(seals) and seals[next_seal].hour <= reached[end - 1]:
            merchants.apply(seals[next_seal])
            next_seal += 1
        rows = order[start:end]
        for number in np.unique(partition[rows]):
            here = rows[(partition[rows] == number) & scored[rows]]
            if len(here):
                features[here], late[here] = histories[int(number)].advance(
                    transactions.take(here), merchants
                )
        if progress is not None:
            progress(int(end - start))
    names = NAMES
    if attributes:
        extra = attribute_features(transactions, attributes)
        features = np.hstack([features, extra.values])
        names = (*NAMES, *extra.names)
    return Replay(features, names, late, histories, seals, label_hour, _newest_volumes(seals))


def _newest_volumes(seals: list[Seal]) -> int | None:
    return max((one.hour for one in seals if one.day >= 0), default=None)


def reached_hours(
    occurred_ms: NDArray[np.int64], partition: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return the hour each row's partition has reached with it: the running maximum.

    Rows are grouped by partition, each in stream order.
    """
    reached = occurred_ms // HOUR_MS
    starts = np.flatnonzero(np.diff(partition, prepend=partition[:1] - 1))
    for start, end in pairwise([*starts, len(reached)]):
        reached[start:end] = np.maximum.accumulate(reached[start:end])
    return reached


def all_seals(
    transactions: Transactions, labels: Labels, reached: NDArray[np.int64]
) -> tuple[list[Seal], NDArray[np.int64]]:
    """Return the seals a stream gives rise to, in order of hour, and the hour of each label.

    One for every hour that some partition reached; a label goes into the first of them that
    is late enough for its `known_ms` and later than the hour its payment's partition had
    reached; a payment's volume into the first of a day after that hour.
    """
    hours = np.unique(reached)
    merchant = keys(transactions.merchant_id)
    joined, label_hour = _joined(transactions, labels, reached, merchant, hours)
    scored = transactions.scored_type()
    first_of_day = hours[np.flatnonzero(np.diff(hours // 24, prepend=-1))]
    volume_hour = _next(first_of_day, reached + 1)
    by_hour = np.argsort(volume_hour, kind="stable")
    label_hours = np.argsort(joined.hour, kind="stable")
    seals = []
    previous: int | None = None
    for hour in (int(h) for h in hours):
        volumes = None
        if needs_volumes(hour, previous):
            low, high = np.searchsorted(volume_hour[by_hour], [hour, hour + 1])
            rows = by_hour[low:high]
            rows = rows[scored[rows] & (merchant[rows] != 0)]
            volumes = summed_volumes(merchant[rows], transactions.reporting_minor[rows])
        low, high = np.searchsorted(joined.hour[label_hours], [hour, hour + 1])
        seals.append(seal(hour, _with_past(joined, label_hours[low:high]), volumes, previous))
        previous = hour
    return seals, label_hour


def summed_volumes(merchant: NDArray[np.uint64], reporting_minor: NDArray[np.int64]) -> Volumes:
    """Return volumes by merchant; payments without an exchange rate count, without amount."""
    merchants, where = np.unique(merchant, return_inverse=True)
    priced = reporting_minor >= 0
    total = np.zeros(len(merchants), np.int64)
    np.add.at(total, where[priced], reporting_minor[priced])
    return Volumes(
        merchants,
        np.bincount(where, minlength=len(merchants)),
        np.bincount(where[priced], minlength=len(merchants)),
        total,
    )


def _next(hours: NDArray[np.int64], least: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first of `hours` not below each value, a far hour where there is none."""
    return np.append(hours, np.iinfo(np.int64).max)[np.searchsorted(hours, least)]


def _joined(
    transactions: Transactions,
    labels: Labels,
    reached: NDArray[np.int64],
    merchant: NDArray[np.uint64],
    hours: NDArray[np.int64],
) -> tuple[LabelledPayments, NDArray[np.int64]]:
    by_key = np.argsort(ids := keys(transactions.transaction_id), kind="stable")
    wanted = keys(labels.transaction_id)
    place = np.minimum(np.searchsorted(ids[by_key], wanted), max(len(ids) - 1, 0))
    found = np.flatnonzero(ids[by_key][place] == wanted) if len(ids) else np.empty(0, np.int64)
    payment = by_key[place[found]] if len(ids) else found
    least = np.maximum(first_hour(labels.known_ms[found]), reached[payment] + 1)
    hour = _next(hours, least)
    label_hour = np.full(len(labels), -1, np.int64)
    label_hour[found] = np.where(hour <= hours[-1], hour, -1) if len(hours) else -1
    # Payments that never were called a fraud change nothing at their merchant.
    ever = np.unique(payment[labels.is_fraud[found]])
    useful = (merchant[payment] != 0) & np.isin(payment, ever)
    found, payment, hour = found[useful], payment[useful], hour[useful]
    defrauded, which = np.unique(payment, return_inverse=True)
    rank = np.empty(len(found), np.int64)
    rank[np.argsort(labels.label_id[found].astype("U"), kind="stable")] = np.arange(len(found))
    joined = LabelledPayments(
        payment=payment,
        merchant=merchant[payment],
        occurred_s=transactions.occurred_ms[payment] // 1000,
        hour=hour,
        known_ms=labels.known_ms[found],
        order=rank,
        is_fraud=labels.is_fraud[found],
        ordinary=ordinary_payments(transactions, defrauded)[which],
    )
    return joined, label_hour


def _with_past(labels: LabelledPayments, rows: NDArray[np.int64]) -> LabelledPayments:
    """Return the given labels and the earlier labels of the same payments."""
    if not len(rows):
        chosen = rows
    else:
        same = np.isin(labels.payment, labels.payment[rows])
        chosen = np.flatnonzero(same & (labels.hour <= labels.hour[rows[0]]))
    return LabelledPayments(
        payment=labels.payment[chosen],
        merchant=labels.merchant[chosen],
        occurred_s=labels.occurred_s[chosen],
        hour=labels.hour[chosen],
        known_ms=labels.known_ms[chosen],
        order=labels.order[chosen],
        is_fraud=labels.is_fraud[chosen],
        ordinary=labels.ordinary[chosen],
    )
