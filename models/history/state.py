"""The arrays behind customer histories: one slot a customer, 2.2 kB each.

A plain named tuple of arrays, so that numba sees it. Growth doubles every array; a slot
never moves otherwise. All accumulators are integers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECENT = 32
"""Latest payments and verifications kept one by one: exact short windows up to this many."""
DAYS = 32
"""Daily buckets: windows of 7, 14 and 30 days in whole UTC days, today included."""
MERCHANTS = 32
COUNTRIES = 8
DEVICES = 8
MCCS = 16
CURRENCIES = 4
CHANNEL_SLOTS = 5
LOG_SCALE = 4096.0
"""log1p(amount in major units) is kept in whole 4096ths: sums of integers have no order."""


class State(NamedTuple):
    """Columns of customer state; the first axis is the slot. `used` has one element."""

    used: NDArray[np.int64]
    key: NDArray[np.uint64]
    first_s: NDArray[np.int64]
    last_s: NDArray[np.int64]
    payments: NDArray[np.int64]
    events: NDArray[np.int64]
    amount_sum: NDArray[np.int64]
    amount_count: NDArray[np.int64]
    log_sum: NDArray[np.int64]
    log_square: NDArray[np.int64]
    recent_s: NDArray[np.int64]
    recent_amount: NDArray[np.int64]
    recent_merchant: NDArray[np.uint32]
    recent_kind: NDArray[np.uint8]
    last_day: NDArray[np.int32]
    day_events: NDArray[np.uint16]
    day_count: NDArray[np.uint16]
    day_high: NDArray[np.uint16]
    day_sum: NDArray[np.int64]
    day_max: NDArray[np.int64]
    hours: NDArray[np.uint16]
    weekdays: NDArray[np.uint16]
    merchant_key: NDArray[np.uint32]
    merchant_count: NDArray[np.uint16]
    merchant_last: NDArray[np.uint32]
    country_code: NDArray[np.uint16]
    country_count: NDArray[np.uint16]
    country_last: NDArray[np.uint32]
    device_key: NDArray[np.uint32]
    device_first: NDArray[np.uint32]
    device_last: NDArray[np.uint32]
    mcc_code: NDArray[np.int16]
    mcc_last: NDArray[np.uint32]
    currency_code: NDArray[np.uint16]
    currency_last: NDArray[np.uint32]
    channel_count: NDArray[np.uint16]
    position_s: NDArray[np.int64]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]


_SHAPES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "key": (np.uint64, ()),
    "first_s": (np.int64, ()),
    "last_s": (np.int64, ()),
    "payments": (np.int64, ()),
    "events": (np.int64, ()),
    "amount_sum": (np.int64, ()),
    "amount_count": (np.int64, ()),
    "log_sum": (np.int64, ()),
    "log_square": (np.int64, ()),
    "recent_s": (np.int64, (RECENT,)),
    "recent_amount": (np.int64, (RECENT,)),
    "recent_merchant": (np.uint32, (RECENT,)),
    "recent_kind": (np.uint8, (RECENT,)),
    "last_day": (np.int32, ()),
    "day_events": (np.uint16, (DAYS,)),
    "day_count": (np.uint16, (DAYS,)),
    "day_high": (np.uint16, (DAYS,)),
    "day_sum": (np.int64, (DAYS,)),
    "day_max": (np.int64, (DAYS,)),
    "hours": (np.uint16, (24,)),
    "weekdays": (np.uint16, (7,)),
    "merchant_key": (np.uint32, (MERCHANTS,)),
    "merchant_count": (np.uint16, (MERCHANTS,)),
    "merchant_last": (np.uint32, (MERCHANTS,)),
    "country_code": (np.uint16, (COUNTRIES,)),
    "country_count": (np.uint16, (COUNTRIES,)),
    "country_last": (np.uint32, (COUNTRIES,)),
    "device_key": (np.uint32, (DEVICES,)),
    "device_first": (np.uint32, (DEVICES,)),
    "device_last": (np.uint32, (DEVICES,)),
    "mcc_code": (np.int16, (MCCS,)),
    "mcc_last": (np.uint32, (MCCS,)),
    "currency_code": (np.uint16, (CURRENCIES,)),
    "currency_last": (np.uint32, (CURRENCIES,)),
    "channel_count": (np.uint16, (CHANNEL_SLOTS,)),
    "position_s": (np.int64, ()),
    "latitude": (np.float64, ()),
    "longitude": (np.float64, ()),
}


def new_state(capacity: int) -> State:
    """Return empty state with room for `capacity` customers."""
    arrays = {name: np.zeros((capacity, *shape), dtype) for name, (dtype, shape) in _SHAPES.items()}
    return State(used=np.zeros(1, np.int64), **arrays)


def grown(state: State, capacity: int) -> State:
    """Return the same customers with room for `capacity`."""
    bigger = new_state(capacity)
    used = int(state.used[0])
    bigger.used[0] = used
    for name in _SHAPES:
        getattr(bigger, name)[:used] = getattr(state, name)[:used]
    return bigger


def kept(state: State, slots: NDArray[np.int64]) -> State:
    """Return state with only the given slots, in that order."""
    fewer = new_state(max(1024, 2 * len(slots)))
    fewer.used[0] = len(slots)
    for name in _SHAPES:
        getattr(fewer, name)[: len(slots)] = getattr(state, name)[slots]
    return fewer


def pack(state: State) -> bytes:
    """Return the used slots as bytes: the same customers give the same bytes."""
    used = int(state.used[0])
    columns = (np.ascontiguousarray(getattr(state, name)[:used]).tobytes() for name in _SHAPES)
    return np.int64(used).tobytes() + b"".join(columns)


def unpack(data: bytes) -> State:
    """Return the state that `pack` wrote. Raises ValueError where the size does not fit."""
    used = int(np.frombuffer(data, np.int64, 1)[0])
    state = new_state(max(1024, 2 * used))
    state.used[0] = used
    at = 8
    for name, (dtype, shape) in _SHAPES.items():
        count = used * int(np.prod(shape, dtype=np.int64))
        getattr(state, name)[:used] = np.frombuffer(data, dtype, count, at).reshape(used, *shape)
        at += count * np.dtype(dtype).itemsize
    if at != len(data):
        raise ValueError(f"state of {used} customers takes {at} bytes, found {len(data)}")
    return state
