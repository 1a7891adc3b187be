"""The merchant table: seals in, features of a merchant as of an hour out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from models.kernels import kernel
from models.slots import Slots, find, indexed, insert, new_slots, room

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.seal import Seal

VOLUME_DAYS = 40
"""Daily volumes kept: windows of 30 days for payments up to ten days behind the newest seal."""
MEMORY_H = 90 * 24
"""How far back known frauds are read; the log keeps a third more, for late payments."""


class MerchantState(NamedTuple):
    """Arrays of the table. Frauds form one log, linked backwards by merchant."""

    used: NDArray[np.int64]
    key: NDArray[np.uint64]
    head: NDArray[np.int32]
    volume_day: NDArray[np.int32]
    volume: NDArray[np.int32]
    amounts: NDArray[np.int32]
    amount_sum: NDArray[np.int64]
    log_used: NDArray[np.int64]
    log_hour: NDArray[np.int32]
    log_frauds: NDArray[np.int32]
    log_newest_s: NDArray[np.int64]
    log_oldest_s: NDArray[np.int64]
    log_ordinary: NDArray[np.int32]
    log_ordinary_s: NDArray[np.int64]
    log_previous: NDArray[np.int32]


def _new_state(merchants: int, log: int) -> MerchantState:
    return MerchantState(
        used=np.zeros(1, np.int64),
        key=np.zeros(merchants, np.uint64),
        head=np.full(merchants, -1, np.int32),
        volume_day=np.full(merchants, -1, np.int32),
        volume=np.zeros((merchants, VOLUME_DAYS), np.int32),
        amounts=np.zeros((merchants, VOLUME_DAYS), np.int32),
        amount_sum=np.zeros((merchants, VOLUME_DAYS), np.int64),
        log_used=np.zeros(1, np.int64),
        log_hour=np.zeros(log, np.int32),
        log_frauds=np.zeros(log, np.int32),
        log_newest_s=np.zeros(log, np.int64),
        log_oldest_s=np.zeros(log, np.int64),
        log_ordinary=np.zeros(log, np.int32),
        log_ordinary_s=np.zeros(log, np.int64),
        log_previous=np.full(log, -1, np.int32),
    )


_BY_MERCHANT = ("key", "head", "volume_day", "volume", "amounts", "amount_sum")
_BY_LOG = (
    "log_hour", "log_frauds", "log_newest_s", "log_oldest_s", "log_ordinary", "log_ordinary_s",
    "log_previous",
)  # fmt: skip


class Merchants:
    """All that is sealed about merchants. Shared by the partitions of a process.

    Seals are applied once each, in order of hour; features of an hour do not change when
    later seals are applied.
    """

    def __init__(self) -> None:
        self.state = _new_state(1024, 1024)
        self.index: Slots = new_slots(1024)
        self.hour: int | None = None

    def apply(self, seal: Seal) -> None:
        """Take in the next seal. Raises ValueError if one of the same or a later hour was."""
        if self.hour is not None and seal.hour <= self.hour:
            raise ValueError(f"seal of hour {seal.hour} applied after that of {self.hour}")
        self._make_room(len(seal.merchant), seal.hour)
        _apply(
            self.state,
            self.index,
            seal.hour,
            seal.day,
            seal.merchant,
            seal.frauds,
            seal.newest_s,
            seal.oldest_s,
            seal.ordinary,
            seal.ordinary_s,
            seal.volume,
            seal.amounts,
            seal.amount_sum,
        )
        self.hour = seal.hour

    def _make_room(self, merchants: int, hour: int) -> None:
        used, logged = int(self.state.used[0]), int(self.state.log_used[0])
        if used + merchants > len(self.state.key) or used + merchants > room(self.index):
            capacity = 2 * (used + merchants)
            self.state = self._resized(capacity, len(self.state.log_hour))
            self.index = indexed(self.state.key[:used], capacity)
        if logged + merchants > len(self.state.log_hour):
            _forget(self.state, np.int64(hour - MEMORY_H - MEMORY_H // 3))
            logged = int(self.state.log_used[0])
            if 2 * (logged + merchants) > len(self.state.log_hour):
                self.state = self._resized(len(self.state.key), 2 * (logged + merchants))

    def _resized(self, merchants: int, log: int) -> MerchantState:
        bigger = _new_state(merchants, log)
        for names, counter in ((_BY_MERCHANT, "used"), (_BY_LOG, "log_used")):
            n = int(getattr(self.state, counter)[0])
            getattr(bigger, counter)[0] = n
            for name in names:
                getattr(bigger, name)[:n] = getattr(self.state, name)[:n]
        return bigger


@kernel
def _apply(
    state: MerchantState,
    index: Slots,
    hour: int,
    day: int,
    merchant: Any,
    frauds: Any,
    newest_s: Any,
    oldest_s: Any,
    ordinary: Any,
    ordinary_s: Any,
    volume: Any,
    amounts: Any,
    amount_sum: Any,
) -> None:
    for row in range(len(merchant)):
        slot = find(index, merchant[row])
        if slot < 0:
            slot = state.used[0]
            state.used[0] += 1
            state.key[slot] = merchant[row]
            insert(index, merchant[row], slot)
        if frauds[row] != 0:
            at = state.log_used[0]
            state.log_used[0] += 1
            state.log_hour[at] = hour
            state.log_frauds[at] = frauds[row]
            state.log_newest_s[at] = newest_s[row]
            state.log_oldest_s[at] = oldest_s[row]
            state.log_ordinary[at] = ordinary[row]
            state.log_ordinary_s[at] = ordinary_s[row]
            state.log_previous[at] = state.head[slot]
            state.head[slot] = at
        if day >= 0 and volume[row] > 0:
            last = state.volume_day[slot]
            for skipped in range(max(last + 1, day - VOLUME_DAYS + 1), day + 1):
                state.volume[slot, skipped % VOLUME_DAYS] = 0
                state.amounts[slot, skipped % VOLUME_DAYS] = 0
                state.amount_sum[slot, skipped % VOLUME_DAYS] = 0
            state.volume_day[slot] = day
            state.volume[slot, day % VOLUME_DAYS] = volume[row]
            state.amounts[slot, day % VOLUME_DAYS] = amounts[row]
            state.amount_sum[slot, day % VOLUME_DAYS] = amount_sum[row]


@kernel
def _forget(state: MerchantState, before_hour: np.int64) -> None:
    """Drop log entries of hours before `before_hour`, keeping the links."""
    n = state.log_used[0]
    moved = np.full(n, -1, np.int32)
    kept = np.int64(0)
    for at in range(n):
        if state.log_hour[at] < before_hour:
            continue
        moved[at] = kept
        previous = state.log_previous[at]
        state.log_hour[kept] = state.log_hour[at]
        state.log_frauds[kept] = state.log_frauds[at]
        state.log_newest_s[kept] = state.log_newest_s[at]
        state.log_oldest_s[kept] = state.log_oldest_s[at]
        state.log_ordinary[kept] = state.log_ordinary[at]
        state.log_ordinary_s[kept] = state.log_ordinary_s[at]
        state.log_previous[kept] = moved[previous] if previous >= 0 else -1
        kept += 1
    state.log_used[0] = kept
    for slot in range(state.used[0]):
        if state.head[slot] >= 0:
            state.head[slot] = moved[state.head[slot]]
