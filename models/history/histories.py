"""The customers of one partition: batches in, feature rows out, snapshots as bytes."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from models.catalogue import KERNEL_VERSION
from models.hashing import keys
from models.history.columns import WIDTH
from models.history.kernel import walk
from models.history.payments import Payments, payments
from models.history.state import State, grown, kept, new_state, pack, unpack
from models.merchants import Merchants
from models.money import EXPONENTS
from models.slots import indexed, new_slots, room

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.transaction import Transactions

IDLE_DAYS = 400
"""A customer silent for longer starts afresh; their slot is given up some time after."""
GRACE_DAYS = 40
"""How much longer the slot stays: late payments still find the history they would have had."""
CHUNK = 8192


class Histories:
    """State of one partition's customers. Not shared between threads.

    The features of a payment are a function of its customer's accepted payments in order,
    and of the seals up to its hour; neither batch sizes nor other customers matter.
    """

    def __init__(self, reporting_currency: str = "EUR") -> None:
        self.reporting_currency = reporting_currency
        self._major = 10.0 ** -EXPONENTS[reporting_currency]
        self._state = new_state(1024)
        self._index = new_slots(1024)
        self._newest_s = 0
        self._swept_s = 0

    @property
    def customers(self) -> int:
        """How many customers have a history."""
        return int(self._state.used[0])

    def advance(
        self, rows: Transactions, merchants: Merchants
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Take payments in and return their features (n, WIDTH) and which came late (n,).

        All rows must be of a scored type, in stream order. The merchant table must hold
        every seal up to the hour of the newest row.
        """
        features = np.zeros((len(rows), WIDTH), np.float32)
        late = np.zeros(len(rows), bool)
        self._walk(rows, merchants, features, late)
        return features, late

    def learn(self, rows: Transactions) -> None:
        """Take payments in as `advance` does, without the features they had."""
        self._walk(rows, Merchants(), np.zeros((0, WIDTH), np.float32), np.zeros(len(rows), bool))

    def _walk(
        self,
        rows: Transactions,
        merchants: Merchants,
        features: NDArray[np.float32],
        late: NDArray[np.bool_],
    ) -> None:
        view = payments(rows)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            chunk = Payments._make(column[part] for column in view)
            self._make_room(len(chunk.customer))
            walk(
                self._state,
                self._index,
                merchants.state,
                merchants.index,
                chunk,
                self._major,
                IDLE_DAYS * 86400,
                features[part],
                late[part],
            )
            self._newest_s = max(self._newest_s, int(chunk.occurred_s.max()))

    def _make_room(self, customers: int) -> None:
        self._sweep()
        used = self.customers
        if used + customers > len(self._state.key):
            self._state = grown(self._state, 2 * (used + customers))
        if used + customers > room(self._index):
            self._index = indexed(self._state.key[:used], 2 * (used + customers))

    def _sweep(self) -> None:
        """Give up slots of customers idle beyond recall, at most once an event day."""
        if self._newest_s - self._swept_s < 86400:
            return
        self._swept_s = self._newest_s
        limit = self._newest_s - (IDLE_DAYS + GRACE_DAYS) * 86400
        stay = np.flatnonzero(self._state.last_s[: self.customers] >= limit)
        if len(stay) < self.customers:
            self._state = kept(self._state, stay)
            self._index = indexed(self._state.key[: len(stay)], max(1024, 2 * len(stay)))

    def share_with_short_history(self, days: int = 30) -> float | None:
        """Return the share of customers first seen less than `days` ago, None without any."""
        if not self.customers:
            return None
        first = self._state.first_s[: self.customers]
        return float(np.mean(self._newest_s - first < days * 86400))

    def snapshot(self) -> bytes:
        """Return the state as bytes with a header and a checksum."""
        head = np.array([KERNEL_VERSION, self._newest_s, self._swept_s], "<i8").tobytes()
        body = head + self.reporting_currency.encode() + pack(self._state)
        return hashlib.sha256(body).digest() + body

    @staticmethod
    def restore(data: bytes) -> Histories:
        """Return what `snapshot` wrote. Raises ValueError if damaged or of another kernel."""
        digest, body = data[:32], data[32:]
        if hashlib.sha256(body).digest() != digest:
            raise ValueError("snapshot is damaged: its checksum does not match")
        version, newest_s, swept_s = (int(v) for v in np.frombuffer(body, "<i8", 3))
        if version != KERNEL_VERSION:
            raise ValueError(f"snapshot of kernel {version}, this is kernel {KERNEL_VERSION}")
        histories = Histories(body[24:27].decode())
        histories._newest_s, histories._swept_s = newest_s, swept_s
        histories._set_state(unpack(body[27:]))
        return histories

    def forget(self, customer_id: str) -> bool:
        """Give up the history of a customer; return whether there was one."""
        key = keys([customer_id])[0]
        mine = self._state.key[: self.customers] == key
        if mine.any():
            self._set_state(kept(self._state, np.flatnonzero(~mine)))
        return bool(mine.any())

    def _set_state(self, state: State) -> None:
        self._state = state
        used = int(state.used[0])
        self._index = indexed(state.key[:used], max(1024, 2 * used))
