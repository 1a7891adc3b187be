"""This payment's amount against the customer's own past, over several horizons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from models.history.columns import (
    AMOUNT,
    AMOUNT_DEVIATION,
    AMOUNT_KNOWN,
    AMOUNT_RANK,
    AMOUNT_RATIO_7D,
    AMOUNT_RATIO_30D,
    AMOUNT_RATIO_ALL,
    AMOUNT_TO_MAX_30D,
    HIGH_7D,
    HIGH_14D,
    HIGH_30D,
    SMALL_BEFORE_1D,
    SPEND_1D,
    SPEND_1H,
    SPEND_7D,
    SPEND_30D,
    SPEND_RATIO_1D,
)
from models.history.state import DAYS, LOG_SCALE, RECENT, State
from models.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.history.payments import Payments

DAY_S = 86400
HOUR_S = 3600
UNUSED, PAYMENT, UNPRICED, CHECK = 0, 1, 2, 3
"""Kinds of recent events: none, a payment, one without exchange rate, a verification."""
RATIO_LIMIT = 1000.0
HIGH_TIMES = 3.0
"""A payment above this many times the customer's own mean counts as high."""
LEAST_DEVIATION = 0.2
"""Floor of the log-scale standard deviation: a customer who always pays the same."""


@kernel
def _ratio(value: float, base: float) -> float:
    if base <= 0.0:
        return 1.0
    return min(value / base, RATIO_LIMIT)


@kernel
def amount_features(
    state: State,
    slot: int,
    rows: Payments,
    row: int,
    now: int,
    major: float,
    line: NDArray[np.float32],
) -> None:
    """Fill the amount group. Ratios without a past are 1, the rank 0.5, the deviation 0."""
    known = rows.amount[row] >= 0
    minor = max(rows.amount[row], 0)
    line[AMOUNT] = minor * major
    line[AMOUNT_KNOWN] = 1.0 if known else 0.0
    line[AMOUNT_RATIO_7D] = 1.0
    line[AMOUNT_RATIO_30D] = 1.0
    line[AMOUNT_RATIO_ALL] = 1.0
    line[AMOUNT_DEVIATION] = 0.0
    line[AMOUNT_TO_MAX_30D] = 1.0
    line[AMOUNT_RANK] = 0.5
    spent = 0 if rows.verification[row] else minor
    line[SPEND_1H] = spent * major
    line[SPEND_1D] = spent * major
    line[SPEND_7D] = spent * major
    line[SPEND_30D] = spent * major
    line[SPEND_RATIO_1D] = 1.0
    line[SMALL_BEFORE_1D] = 0.0
    line[HIGH_7D] = 0.0
    line[HIGH_14D] = 0.0
    line[HIGH_30D] = 0.0
    if slot < 0:
        return
    _recent(state, slot, minor, spent, now, known, major, line)
    _daily(state, slot, minor, spent, now, known, major, line)
    if known and state.amount_count[slot] > 0:
        count = state.amount_count[slot]
        line[AMOUNT_RATIO_ALL] = _ratio(float(minor), state.amount_sum[slot] / count)
        if count > 1:
            mean = state.log_sum[slot] / count
            variance = max(state.log_square[slot] / count - mean * mean, 0.0)
            deviation = max(math.sqrt(variance) / LOG_SCALE, LEAST_DEVIATION)
            line[AMOUNT_DEVIATION] = (math.log1p(minor * major) - mean / LOG_SCALE) / deviation


@kernel
def _recent(
    state: State,
    slot: int,
    minor: int,
    spent: int,
    now: int,
    known: bool,
    major: float,
    line: NDArray[np.float32],
) -> None:
    hour, day, lower, priced, small = spent, spent, 0, 0, 0
    for place in range(RECENT):
        kind = state.recent_kind[slot, place]
        if kind == UNUSED:
            continue
        amount = state.recent_amount[slot, place]
        age = now - state.recent_s[slot, place]
        if kind == PAYMENT:
            priced += 1
            if amount < minor:
                lower += 1
            if age < HOUR_S:
                hour += amount
            if age < DAY_S:
                day += amount
        if kind != UNPRICED and age < DAY_S and 10 * amount < minor:
            small += 1
    line[SPEND_1H] = hour * major
    line[SPEND_1D] = day * major
    line[SMALL_BEFORE_1D] = small
    if known and priced > 0:
        line[AMOUNT_RANK] = lower / priced


@kernel
def _daily(
    state: State,
    slot: int,
    minor: int,
    spent: int,
    now: int,
    known: bool,
    major: float,
    line: NDArray[np.float32],
) -> None:
    today = now // DAY_S
    total, count, largest, high = 0, 0, 0, 0
    total_7, count_7, high_7, high_14 = 0, 0, 0, 0
    # Every bucket once, in the order they lie: a loop without jumps, which compiles to few steps.
    for place in range(DAYS):
        back = (today - place) % DAYS
        spend = state.day_sum[slot, place]
        number = np.int64(state.day_count[slot, place])
        above = np.int64(state.day_high[slot, place])
        total += spend if back < 30 else 0
        count += number if back < 30 else 0
        high += above if back < 30 else 0
        largest = max(largest, state.day_max[slot, place] if back < 30 else 0)
        total_7 += spend if back < 7 else 0
        count_7 += number if back < 7 else 0
        high_7 += above if back < 7 else 0
        high_14 += above if back < 14 else 0
    line[SPEND_7D] = (total_7 + spent) * major
    line[HIGH_7D] = high_7
    line[HIGH_14D] = high_14
    if known and count_7 > 0:
        line[AMOUNT_RATIO_7D] = _ratio(float(minor), total_7 / count_7)
    line[SPEND_30D] = (total + spent) * major
    line[HIGH_30D] = high
    if known and count > 0:
        line[AMOUNT_RATIO_30D] = _ratio(float(minor), total / count)
        line[AMOUNT_TO_MAX_30D] = _ratio(float(minor), float(largest))
        days = min(30, today - state.first_s[slot] // DAY_S + 1)
        line[SPEND_RATIO_1D] = _ratio(line[SPEND_1D] / major, total / days)


@kernel
def keep_amount(state: State, slot: int, rows: Payments, row: int, now: int, major: float) -> None:
    """Take a payment's amount into the daily buckets and the long-term sums."""
    if rows.verification[row]:
        return
    place = now // DAY_S % DAYS
    amount = rows.amount[row]
    state.payments[slot] += 1
    if amount < 0:
        return
    count = state.amount_count[slot]
    if count >= 3 and amount * count > HIGH_TIMES * state.amount_sum[slot]:
        state.day_high[slot, place] = min(state.day_high[slot, place] + 1, 65535)
    state.day_count[slot, place] = min(state.day_count[slot, place] + 1, 65535)
    state.day_sum[slot, place] += amount
    state.day_max[slot, place] = max(state.day_max[slot, place], amount)
    level = np.int64(math.log1p(amount * major) * LOG_SCALE)
    state.amount_count[slot] += 1
    state.amount_sum[slot] += amount
    state.log_sum[slot] += level
    state.log_square[slot] += level * level
