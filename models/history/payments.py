"""Payments as the kernel reads them: numbers only, one column each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from models.hashing import keys
from models.transaction import UNKNOWN_OFFSET, VERIFICATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.transaction import Transactions

NO_HOUR = -1
"""Local hour and weekday where local time is unknown."""


class Payments(NamedTuple):
    """Columns for the kernel. Amounts are minor units of the reporting currency, -1 unknown.

    `major` turns minor into major units (0.01 for the euro). Countries and currencies are
    packed letters, 0 missing. `weekday` counts from Monday.
    """

    customer: NDArray[np.uint64]
    merchant: NDArray[np.uint64]
    occurred_s: NDArray[np.int64]
    amount: NDArray[np.int64]
    verification: NDArray[np.bool_]
    hour: NDArray[np.int8]
    weekday: NDArray[np.int8]
    channel: NDArray[np.int8]
    mcc: NDArray[np.int16]
    country: NDArray[np.uint16]
    ip_country: NDArray[np.uint16]
    currency: NDArray[np.uint16]
    device: NDArray[np.uint64]
    latitude: NDArray[np.float64]
    longitude: NDArray[np.float64]
    authenticated: NDArray[np.int8]


def payments(rows: Transactions) -> Payments:
    """Return the kernel's view of transactions, all of which are of a scored type."""
    occurred_s = rows.occurred_ms // 1000
    local_s = occurred_s + 60 * rows.utc_offset_min.astype(np.int64)
    known = rows.utc_offset_min != UNKNOWN_OFFSET
    # 1970-01-01 was a Thursday, three days after a Monday.
    hour = np.where(known, local_s // 3600 % 24, NO_HOUR).astype(np.int8)
    weekday = np.where(known, (local_s // 86400 + 3) % 7, NO_HOUR).astype(np.int8)
    return Payments(
        customer=keys(rows.customer_id),
        merchant=keys(rows.merchant_id),
        occurred_s=occurred_s,
        amount=rows.reporting_minor,
        verification=rows.type == VERIFICATION,
        hour=hour,
        weekday=weekday,
        channel=rows.channel,
        mcc=rows.mcc,
        country=packed_letters(rows.country),
        ip_country=packed_letters(rows.ip_country),
        currency=packed_letters(rows.currency),
        device=keys(rows.device_id),
        latitude=rows.latitude,
        longitude=rows.longitude,
        authenticated=rows.authenticated,
    )


def packed_letters(codes: NDArray[np.object_]) -> NDArray[np.uint16]:
    """Return ISO codes of two or three capital letters as numbers, 0 where None."""
    if not len(codes):
        return np.zeros(0, np.uint16)
    letters = np.array(["" if code is None else code for code in codes], dtype="S3")
    digits = letters.view(np.uint8).reshape(len(codes), 3).astype(np.int64)
    digits = np.where(digits > 0, digits - 64, 0)
    return (digits[:, 0] * 27 * 27 + digits[:, 1] * 27 + digits[:, 2]).astype(np.uint16)
