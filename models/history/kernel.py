"""The walk: each payment in order, features first, then the history takes it in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.history.amount import amount_features, keep_amount
from models.history.columns import (
    AUTHENTICATED,
    AUTHENTICATION_KNOWN,
    HISTORY_COUNT,
    HISTORY_KNOWN,
    IS_VERIFICATION,
)
from models.history.habits import habit_features, keep_habits
from models.history.merchant import merchant_features
from models.history.velocity import advance_days, keep_recent, velocity_features
from models.kernels import kernel
from models.slots import Slots, find, insert

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.history.payments import Payments
    from models.history.state import State
    from models.merchants import MerchantState

LATE = np.uint8(1)


@kernel
def walk(
    state: State,
    index: Slots,
    merchants: MerchantState,
    merchant_index: Slots,
    rows: Payments,
    major: float,
    idle_s: int,
    out: NDArray[np.float32],
    late: NDArray[np.bool_],
) -> None:
    """Fill `out` (n, WIDTH) and `late` (n,), and advance the state.

    Without rows in `out` no features are made: several times faster, where only the state counts.
    The caller has made room for n new customers. A payment earlier than its customer's
    newest is taken as simultaneous with it and marked late. A customer idle for longer than
    `idle_s` starts afresh. Customer key 0 (none) has no history and gets none.
    """
    wanted = len(out) > 0
    for row in range(len(rows.customer)):
        key = rows.customer[row]
        now = int(rows.occurred_s[row])
        slot = -1
        if key != 0:
            slot = find(index, key)
            if slot < 0:
                slot = int(state.used[0])
                state.used[0] += 1
                insert(index, key, slot)
                begin(state, slot, key, now)
            elif now - state.last_s[slot] > idle_s:
                begin(state, slot, key, now)
        if slot >= 0 and now < state.last_s[slot]:
            late[row] = True
            now = int(state.last_s[slot])

        if slot >= 0:
            advance_days(state, slot, now)
        if wanted:
            line = out[row]
            amount_features(state, slot, rows, row, now, major, line)
            velocity_features(state, slot, rows, row, now, line)
            habit_features(state, slot, rows, row, now, line)
            merchant_features(merchants, merchant_index, rows, row, now, line)
            line[IS_VERIFICATION] = 1.0 if rows.verification[row] else 0.0
            line[AUTHENTICATION_KNOWN] = 1.0 if rows.authenticated[row] >= 0 else 0.0
            line[AUTHENTICATED] = 1.0 if rows.authenticated[row] == 1 else 0.0
            line[HISTORY_COUNT] = state.payments[slot] if slot >= 0 else 0
            line[HISTORY_KNOWN] = 1.0 if slot >= 0 and state.events[slot] > 0 else 0.0

        if slot >= 0:
            keep_habits(state, slot, rows, row, now)
            keep_amount(state, slot, rows, row, now, major)
            keep_recent(state, slot, rows, row, now)


@kernel
def begin(state: State, slot: int, key: np.uint64, now: int) -> None:
    """Make a slot that of a customer never seen before."""
    state.key[slot] = key
    state.first_s[slot] = now
    state.last_s[slot] = now
    state.payments[slot] = 0
    state.events[slot] = 0
    state.amount_sum[slot] = 0
    state.amount_count[slot] = 0
    state.log_sum[slot] = 0
    state.log_square[slot] = 0
    state.recent_s[slot, :] = 0
    state.recent_amount[slot, :] = 0
    state.recent_merchant[slot, :] = 0
    state.recent_kind[slot, :] = 0
    state.last_day[slot] = now // 86400
    state.day_events[slot, :] = 0
    state.day_count[slot, :] = 0
    state.day_high[slot, :] = 0
    state.day_sum[slot, :] = 0
    state.day_max[slot, :] = 0
    state.hours[slot, :] = 0
    state.weekdays[slot, :] = 0
    state.merchant_key[slot, :] = 0
    state.merchant_count[slot, :] = 0
    state.merchant_last[slot, :] = 0
    state.country_code[slot, :] = 0
    state.country_count[slot, :] = 0
    state.country_last[slot, :] = 0
    state.device_key[slot, :] = 0
    state.device_first[slot, :] = 0
    state.device_last[slot, :] = 0
    state.mcc_code[slot, :] = 0
    state.mcc_last[slot, :] = 0
    state.currency_code[slot, :] = 0
    state.currency_last[slot, :] = 0
    state.channel_count[slot, :] = 0
    state.position_s[slot] = 0
    state.latitude[slot] = 0.0
    state.longitude[slot] = 0.0
