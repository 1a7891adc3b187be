"""What is known of a merchant as of the hour of a payment: frauds, volume, usual amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.history.columns import (
    MERCHANT_AMOUNT_RATIO,
    MERCHANT_CLEAN_AGE_D,
    MERCHANT_FRAUD_AGE_H,
    MERCHANT_FRAUD_KNOWN,
    MERCHANT_FRAUD_RATE_7D,
    MERCHANT_FRAUD_RATE_30D,
    MERCHANT_FRAUDS_1D,
    MERCHANT_FRAUDS_7D,
    MERCHANT_FRAUDS_14D,
    MERCHANT_FRAUDS_30D,
    MERCHANT_ORDINARY_AGE_H,
    MERCHANT_RUN_AGE_H,
    MERCHANT_RUN_FRAUDS,
    MERCHANT_RUN_ORDINARY,
    MERCHANT_SINCE_FRAUD_H,
    MERCHANT_VOLUME_1D,
    MERCHANT_VOLUME_7D,
    MERCHANT_VOLUME_30D,
    MERCHANT_VOLUME_KNOWN,
)
from models.history.fraud_run import EPISODE_H, NO_CLEAN_D, fraud_run
from models.kernels import kernel
from models.merchants import MEMORY_H, VOLUME_DAYS, MerchantState
from models.slots import Slots, find

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.history.payments import Payments

NO_FRAUD_H = float(MEMORY_H)


@kernel
def merchant_features(
    merchants: MerchantState,
    index: Slots,
    rows: Payments,
    row: int,
    now: int,
    line: NDArray[np.float32],
) -> None:
    """Fill the merchant group from the seals up to the payment's hour.

    Fraud windows are of the time a fraud became known. Without a known fraud the time since
    is 90 days and the age 0; without a clean day its age is 31 days; without volume the amount
    ratio is 1.
    """
    line[MERCHANT_FRAUDS_1D] = 0.0
    line[MERCHANT_FRAUDS_7D] = 0.0
    line[MERCHANT_FRAUDS_14D] = 0.0
    line[MERCHANT_FRAUDS_30D] = 0.0
    line[MERCHANT_SINCE_FRAUD_H] = NO_FRAUD_H
    line[MERCHANT_FRAUD_AGE_H] = 0.0
    line[MERCHANT_FRAUD_KNOWN] = 0.0
    line[MERCHANT_FRAUD_RATE_7D] = 0.0
    line[MERCHANT_FRAUD_RATE_30D] = 0.0
    line[MERCHANT_RUN_FRAUDS] = 0.0
    line[MERCHANT_RUN_AGE_H] = 0.0
    line[MERCHANT_RUN_ORDINARY] = 0.0
    line[MERCHANT_ORDINARY_AGE_H] = 0.0
    line[MERCHANT_CLEAN_AGE_D] = NO_CLEAN_D
    line[MERCHANT_VOLUME_1D] = 0.0
    line[MERCHANT_VOLUME_7D] = 0.0
    line[MERCHANT_VOLUME_30D] = 0.0
    line[MERCHANT_VOLUME_KNOWN] = 0.0
    line[MERCHANT_AMOUNT_RATIO] = 1.0
    if rows.merchant[row] == 0:
        return
    slot = find(index, rows.merchant[row])
    if slot < 0:
        return
    week, month = _volumes(merchants, slot, rows, row, now, line)
    _frauds(merchants, slot, now, week, month, line)
    fraud_run(merchants, slot, now, line)


@kernel
def _volumes(
    merchants: MerchantState,
    slot: int,
    rows: Payments,
    row: int,
    now: int,
    line: NDArray[np.float32],
) -> tuple[int, int]:
    today = now // 86400
    newest = merchants.volume_day[slot]
    volume, week, amounts, amount_sum = 0, 0, 0, 0
    for back in range(1, 31):
        day = today - back
        if newest >= day > newest - VOLUME_DAYS:
            place = day % VOLUME_DAYS
            volume += merchants.volume[slot, place]
            amounts += merchants.amounts[slot, place]
            amount_sum += merchants.amount_sum[slot, place]
        if back == 1:
            line[MERCHANT_VOLUME_1D] = volume
        elif back == 7:
            week = volume
            line[MERCHANT_VOLUME_7D] = volume / 7.0
    line[MERCHANT_VOLUME_30D] = volume / 30.0
    line[MERCHANT_VOLUME_KNOWN] = 1.0 if volume > 0 else 0.0
    if rows.amount[row] >= 0 and amount_sum > 0:
        line[MERCHANT_AMOUNT_RATIO] = min(rows.amount[row] * (amounts / amount_sum), 1000.0)
    return week, volume


@kernel
def _frauds(
    merchants: MerchantState,
    slot: int,
    now: int,
    week: int,
    month: int,
    line: NDArray[np.float32],
) -> None:
    hour = now // 3600
    day_1, day_7, day_14, day_30 = 0, 0, 0, 0
    newest, oldest = 0, 0
    at = np.int64(merchants.head[slot])
    while at >= 0 and merchants.log_hour[at] > hour - MEMORY_H:
        age = hour - merchants.log_hour[at]
        if age >= 0:
            frauds = merchants.log_frauds[at]
            if age < 24:
                day_1 += frauds
            if age < 7 * 24:
                day_7 += frauds
            if age < 14 * 24:
                day_14 += frauds
            if age < 30 * 24:
                day_30 += frauds
            newest = max(newest, merchants.log_newest_s[at])
            first = merchants.log_oldest_s[at]
            if age < EPISODE_H and first > 0 and (oldest == 0 or first < oldest):
                oldest = first
        at = np.int64(merchants.log_previous[at])
    line[MERCHANT_FRAUDS_1D] = max(day_1, 0)
    line[MERCHANT_FRAUDS_7D] = max(day_7, 0)
    line[MERCHANT_FRAUDS_14D] = max(day_14, 0)
    line[MERCHANT_FRAUDS_30D] = max(day_30, 0)
    line[MERCHANT_FRAUD_RATE_7D] = max(day_7, 0) / (week + 1.0)
    line[MERCHANT_FRAUD_RATE_30D] = max(day_30, 0) / (month + 1.0)
    if newest > 0:
        line[MERCHANT_FRAUD_KNOWN] = 1.0
        line[MERCHANT_SINCE_FRAUD_H] = min(max(now - newest, 0) / 3600.0, NO_FRAUD_H)
    if oldest > 0:
        line[MERCHANT_FRAUD_AGE_H] = max(now - oldest, 0) / 3600.0
