"""How often and how fast: counts over windows and gaps between payments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.history.amount import CHECK, DAY_S, HOUR_S, PAYMENT, UNPRICED
from models.history.columns import (
    COUNT_1D,
    COUNT_1H,
    COUNT_7D,
    COUNT_30D,
    COUNT_RATIO_1D,
    GAP_RATIO,
    MERCHANTS_1D,
    SINCE_LAST_S,
    SPAN_LAST_5_S,
    TENURE_DAYS,
    VERIFICATIONS_1D,
)
from models.history.state import DAYS, RECENT, State
from models.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.history.payments import Payments

NEVER_S = 90 * DAY_S
"""Time since the last payment where there was none; also its limit."""
GAP_LIMIT = 1000.0


@kernel
def advance_days(state: State, slot: int, now: int) -> None:
    """Empty the daily buckets that time has passed over."""
    today = now // DAY_S
    last = state.last_day[slot]
    for day in range(max(last + 1, today - DAYS + 1), today + 1):
        place = day % DAYS
        state.day_events[slot, place] = 0
        state.day_count[slot, place] = 0
        state.day_high[slot, place] = 0
        state.day_sum[slot, place] = 0
        state.day_max[slot, place] = 0
    state.last_day[slot] = today


@kernel
def velocity_features(
    state: State, slot: int, rows: Payments, row: int, now: int, line: NDArray[np.float32]
) -> None:
    """Fill the velocity group. Counts include this event; gaps without a past are 90 days."""
    line[COUNT_1H] = 1.0
    line[COUNT_1D] = 1.0
    line[COUNT_7D] = 1.0
    line[COUNT_30D] = 1.0
    line[COUNT_RATIO_1D] = 1.0
    line[VERIFICATIONS_1D] = 1.0 if rows.verification[row] else 0.0
    line[MERCHANTS_1D] = 1.0
    line[SINCE_LAST_S] = NEVER_S
    line[GAP_RATIO] = 1.0
    line[SPAN_LAST_5_S] = NEVER_S
    line[TENURE_DAYS] = 0.0
    if slot < 0:
        return
    events = state.events[slot]
    day = _short_windows(state, slot, rows, row, now, line)
    today = now // DAY_S
    count, week = 0, 0
    for place in range(DAYS):
        back = (today - place) % DAYS
        events_of_day = np.int64(state.day_events[slot, place])
        count += events_of_day if back < 30 else 0
        week += events_of_day if back < 7 else 0
    line[COUNT_7D] = week + 1
    line[COUNT_30D] = count + 1
    line[TENURE_DAYS] = (now - state.first_s[slot]) / DAY_S
    if events == 0:
        return
    if count > 0:
        days = min(30, today - state.first_s[slot] // DAY_S + 1)
        line[COUNT_RATIO_1D] = min(day / (count / days), GAP_LIMIT)
    gap = now - state.last_s[slot]
    line[SINCE_LAST_S] = min(gap, NEVER_S)
    if events > 1 and state.last_s[slot] > state.first_s[slot]:
        mean = (state.last_s[slot] - state.first_s[slot]) / (events - 1)
        line[GAP_RATIO] = min(gap / mean, GAP_LIMIT)
    if events >= 5:
        line[SPAN_LAST_5_S] = min(now - state.recent_s[slot, (events - 5) % RECENT], NEVER_S)


@kernel
def _short_windows(
    state: State, slot: int, rows: Payments, row: int, now: int, line: NDArray[np.float32]
) -> int:
    """Fill the windows of an hour and a day; return the events of the day."""
    hour, day, checks, merchants = 1, 1, 0, 1
    this_merchant = np.uint32(rows.merchant[row] & np.uint64(0xFFFFFFFF))
    for back in range(min(state.events[slot], RECENT)):
        place = (state.events[slot] - 1 - back) % RECENT
        age = now - state.recent_s[slot, place]
        if age >= DAY_S:
            break
        day += 1
        if age < HOUR_S:
            hour += 1
        if state.recent_kind[slot, place] == CHECK:
            checks += 1
        if _first_seen(state, slot, back) and state.recent_merchant[slot, place] != this_merchant:
            merchants += 1
    line[COUNT_1H] = hour
    line[COUNT_1D] = day
    line[VERIFICATIONS_1D] += checks
    line[MERCHANTS_1D] = merchants
    return day


@kernel
def _first_seen(state: State, slot: int, back: int) -> bool:
    """Whether no later recent event was at the same merchant as the one `back` events ago."""
    last = state.events[slot] - 1
    merchant = state.recent_merchant[slot, (last - back) % RECENT]
    for later in range(back):
        if state.recent_merchant[slot, (last - later) % RECENT] == merchant:
            return False
    return True


@kernel
def keep_recent(state: State, slot: int, rows: Payments, row: int, now: int) -> None:
    """Remember the event among the latest and in its day, and when it was."""
    today = now // DAY_S % DAYS
    state.day_events[slot, today] = min(state.day_events[slot, today] + 1, 65535)
    place = state.events[slot] % RECENT
    state.recent_s[slot, place] = now
    state.recent_amount[slot, place] = max(rows.amount[row], 0)
    state.recent_merchant[slot, place] = np.uint32(rows.merchant[row] & np.uint64(0xFFFFFFFF))
    kind = PAYMENT
    if rows.verification[row]:
        kind = CHECK
    elif rows.amount[row] < 0:
        kind = UNPRICED
    state.recent_kind[slot, place] = kind
    state.events[slot] += 1
    state.last_s[slot] = now
