"""The run of frauds a merchant is in: since when, and when the last genuine payment was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.history.columns import (
    MERCHANT_CLEAN_AGE_D,
    MERCHANT_ORDINARY_AGE_H,
    MERCHANT_RUN_AGE_H,
    MERCHANT_RUN_FRAUDS,
    MERCHANT_RUN_ORDINARY,
)
from models.kernels import kernel
from models.merchants import VOLUME_DAYS, MerchantState

if TYPE_CHECKING:
    from numpy.typing import NDArray

LABELLED_DAYS = 7
"""A payment of a complete day more days back would be known by now, were it a fraud."""
MONTH_DAYS = 30
EPISODE_H = 45 * 24
"""A compromise is followed through frauds learned of in these hours."""
NO_CLEAN_D = MONTH_DAYS + 1.0


@kernel
def fraud_run(merchants: MerchantState, slot: int, now: int, line: NDArray[np.float32]) -> None:
    """Fill what tells a compromised merchant from one that is clean again.

    The clean day is the newest complete one, old enough to have its labels, with more payments
    than known frauds. The run is what became known of frauds on later days; an ordinary one
    points to the merchant, not to the customer's card.
    """
    clean = _clean_day(merchants, slot, now)
    today = now // 86400
    line[MERCHANT_CLEAN_AGE_D] = today - clean if clean > 0 else NO_CLEAN_D
    first, frauds = 0, 0
    first_ordinary, ordinary = 0, 0
    at = np.int64(merchants.head[slot])
    while at >= 0 and merchants.log_hour[at] > now // 3600 - EPISODE_H:
        newest, oldest = merchants.log_newest_s[at], merchants.log_oldest_s[at]
        if merchants.log_hour[at] <= now // 3600 and newest // 86400 > clean and newest > 0:
            whole = oldest // 86400 > clean
            earliest = oldest if whole else newest
            frauds += merchants.log_frauds[at] - (0 if whole else 1)
            first = earliest if first == 0 else min(first, earliest)
        plain = merchants.log_ordinary_s[at]
        if merchants.log_hour[at] <= now // 3600 and plain // 86400 > clean and plain > 0:
            ordinary += merchants.log_ordinary[at]
            first_ordinary = plain if first_ordinary == 0 else min(first_ordinary, plain)
        at = np.int64(merchants.log_previous[at])
    line[MERCHANT_RUN_AGE_H] = max(now - first, 0) / 3600.0 if first > 0 else 0.0
    line[MERCHANT_RUN_FRAUDS] = max(frauds, 0)
    line[MERCHANT_ORDINARY_AGE_H] = (
        max(now - first_ordinary, 0) / 3600.0 if first_ordinary > 0 else 0.0
    )
    line[MERCHANT_RUN_ORDINARY] = max(ordinary, 0)


@kernel
def _clean_day(merchants: MerchantState, slot: int, now: int) -> int:
    """Return the newest day of a month that had a genuine payment for sure; 0 for none."""
    today = now // 86400
    newest = merchants.volume_day[slot]
    for day in range(today - LABELLED_DAYS - 1, today - MONTH_DAYS - 1, -1):
        if newest >= day > newest - VOLUME_DAYS:
            volume = merchants.volume[slot, day % VOLUME_DAYS]
            if volume > 0 and volume > _frauds_on(merchants, slot, now, day):
                return day
    return 0


@kernel
def _frauds_on(merchants: MerchantState, slot: int, now: int, day: int) -> int:
    """Count the known frauds among a day's payments.

    Of frauds learned of in one hour only the oldest and the newest have their time kept: all
    but the oldest count for the day of the newest.
    """
    hour = now // 3600
    frauds = 0
    at = np.int64(merchants.head[slot])
    while at >= 0 and merchants.log_hour[at] > hour - EPISODE_H:
        if merchants.log_hour[at] <= hour and merchants.log_newest_s[at] > 0:
            told = max(merchants.log_frauds[at], 1)
            if merchants.log_newest_s[at] // 86400 == day:
                frauds += told if merchants.log_oldest_s[at] // 86400 == day else told - 1
            elif merchants.log_oldest_s[at] // 86400 == day:
                frauds += 1
        at = np.int64(merchants.log_previous[at])
    return frauds
