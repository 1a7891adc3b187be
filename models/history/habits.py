"""Is this like the customer: hour, merchant, place, device, channel, travel."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from models.history.columns import (
    CHANNEL_NEW,
    CHANNEL_SHARE,
    COUNTRY_KNOWN,
    COUNTRY_NEW,
    COUNTRY_SHARE,
    CURRENCY_NEW,
    DEVICE_AGE_DAYS,
    DEVICE_KNOWN,
    DEVICE_NEW,
    DISTANCE_KM,
    HOUR,
    HOUR_SHARE,
    IP_COUNTRY_DIFFERS,
    IP_COUNTRY_KNOWN,
    IS_CARD_PRESENT,
    LOCAL_TIME_KNOWN,
    MCC_KNOWN,
    MCC_NEW,
    MERCHANT_NEW,
    MERCHANT_PAYMENTS,
    NIGHT,
    POSITION_KNOWN,
    TRAVEL_SPEED_KMH,
    WEEKDAY_SHARE,
    WEEKEND,
)
from models.history.sets import (
    count_habit,
    find_key,
    keep_country,
    keep_currency,
    keep_mcc,
    knows_mcc,
    place_of,
)
from models.history.state import (
    CHANNEL_SLOTS,
    COUNTRIES,
    CURRENCIES,
    DEVICES,
    MERCHANTS,
    State,
)
from models.kernels import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.history.payments import Payments

NIGHT_ENDS = 6
"""Night is midnight up to and including the hour of six."""
EARTH_KM = 6371.0088
LEAST_TRAVEL_S = 60.0
DAY_S = 86400
LOW_32 = np.uint64(0xFFFFFFFF)


@kernel
def habit_features(
    state: State, slot: int, rows: Payments, row: int, now: int, line: NDArray[np.float32]
) -> None:
    """Fill the time, place and device groups and the customer's side of the merchant group.

    Something is new only against a past: with no history nothing is.
    """
    _clock(state, slot, rows, row, line)
    past = slot >= 0 and state.events[slot] > 0
    merchant = np.uint32(rows.merchant[row] & LOW_32)
    place = find_key(state.merchant_key, slot, MERCHANTS, merchant) if past else -1
    line[MERCHANT_NEW] = 1.0 if past and place < 0 and merchant != 0 else 0.0
    line[MERCHANT_PAYMENTS] = state.merchant_count[slot, place] if place >= 0 else 0
    line[MCC_KNOWN] = 1.0 if rows.mcc[row] >= 0 else 0.0
    line[MCC_NEW] = 0.0
    if past and rows.mcc[row] >= 0:
        line[MCC_NEW] = 1.0 if not knows_mcc(state, slot, rows.mcc[row]) else 0.0
    _where(state, slot, past, rows, row, now, line)
    device = np.uint32(rows.device[row] & LOW_32)
    line[DEVICE_KNOWN] = 1.0 if device != 0 else 0.0
    line[DEVICE_NEW] = 0.0
    line[DEVICE_AGE_DAYS] = 0.0
    if past and device != 0:
        at = find_key(state.device_key, slot, DEVICES, device)
        # A first device is new to us, not to the customer: only a change of device counts.
        line[DEVICE_NEW] = 1.0 if at < 0 and state.device_key[slot, 0] != 0 else 0.0
        if at >= 0:
            line[DEVICE_AGE_DAYS] = (now - np.int64(state.device_first[slot, at])) / DAY_S
    channel = rows.channel[row]
    for code in range(CHANNEL_SLOTS):
        line[IS_CARD_PRESENT + code] = 1.0 if channel == code else 0.0
    line[CHANNEL_NEW] = 0.0
    line[CHANNEL_SHARE] = 0.0
    if past and channel >= 0:
        total = 0
        for code in range(CHANNEL_SLOTS):
            total += state.channel_count[slot, code]
        if total > 0:
            line[CHANNEL_NEW] = 1.0 if state.channel_count[slot, channel] == 0 else 0.0
            line[CHANNEL_SHARE] = state.channel_count[slot, channel] / total


@kernel
def _clock(state: State, slot: int, rows: Payments, row: int, line: NDArray[np.float32]) -> None:
    hour, weekday = rows.hour[row], rows.weekday[row]
    known = hour >= 0
    line[LOCAL_TIME_KNOWN] = 1.0 if known else 0.0
    line[HOUR] = hour if known else 12
    line[NIGHT] = 1.0 if known and hour <= NIGHT_ENDS else 0.0
    line[WEEKEND] = 1.0 if known and weekday >= 5 else 0.0
    line[HOUR_SHARE] = 0.0
    line[WEEKDAY_SHARE] = 0.0
    if slot < 0 or not known:
        return
    total = 0
    for other in range(24):
        total += state.hours[slot, other]
    if total > 0:
        near = state.hours[slot, (hour + 23) % 24] + state.hours[slot, hour]
        near += state.hours[slot, (hour + 1) % 24]
        line[HOUR_SHARE] = near / total
        week = 0
        for other in range(7):
            week += state.weekdays[slot, other]
        line[WEEKDAY_SHARE] = state.weekdays[slot, weekday] / max(week, 1)


@kernel
def _where(
    state: State,
    slot: int,
    past: bool,
    rows: Payments,
    row: int,
    now: int,
    line: NDArray[np.float32],
) -> None:
    country, ip_country = rows.country[row], rows.ip_country[row]
    line[COUNTRY_KNOWN] = 1.0 if country != 0 else 0.0
    line[COUNTRY_NEW] = 0.0
    line[COUNTRY_SHARE] = 0.0
    line[CURRENCY_NEW] = 0.0
    if past and country != 0:
        total, same = 0, 0
        for place in range(COUNTRIES):
            total += state.country_count[slot, place]
            if state.country_code[slot, place] == country:
                same = state.country_count[slot, place]
        if total > 0:
            line[COUNTRY_NEW] = 1.0 if same == 0 else 0.0
            line[COUNTRY_SHARE] = same / total
    if past:
        line[CURRENCY_NEW] = 1.0
        for place in range(CURRENCIES):
            if state.currency_code[slot, place] == rows.currency[row]:
                line[CURRENCY_NEW] = 0.0
    both = ip_country != 0 and country != 0
    line[IP_COUNTRY_KNOWN] = 1.0 if both else 0.0
    line[IP_COUNTRY_DIFFERS] = 1.0 if both and ip_country != country else 0.0
    line[DISTANCE_KM] = 0.0
    line[TRAVEL_SPEED_KMH] = 0.0
    line[POSITION_KNOWN] = 0.0
    here = not (math.isnan(rows.latitude[row]) or math.isnan(rows.longitude[row]))
    if past and here and state.position_s[slot] > 0:
        distance = _haversine_km(
            state.latitude[slot], state.longitude[slot], rows.latitude[row], rows.longitude[row]
        )
        hours = max(float(now - state.position_s[slot]), LEAST_TRAVEL_S) / 3600.0
        line[DISTANCE_KM] = distance
        line[TRAVEL_SPEED_KMH] = distance / hours
        line[POSITION_KNOWN] = 1.0


@kernel
def _haversine_km(lat_1: float, lon_1: float, lat_2: float, lon_2: float) -> float:
    """Great-circle distance by the haversine formula (Sinnott 1984)."""
    phi_1, phi_2 = math.radians(lat_1), math.radians(lat_2)
    half_phi = math.sin((phi_2 - phi_1) / 2.0)
    half_lambda = math.sin(math.radians(lon_2 - lon_1) / 2.0)
    root = half_phi * half_phi + math.cos(phi_1) * math.cos(phi_2) * half_lambda * half_lambda
    return 2.0 * EARTH_KM * math.asin(math.sqrt(min(root, 1.0)))


@kernel
def keep_habits(state: State, slot: int, rows: Payments, row: int, now: int) -> None:
    """Take in hour, merchant, MCC, country, currency, device, channel and position."""
    seen = np.uint32(now)
    if rows.hour[row] >= 0:
        count_habit(state.hours, slot, 24, rows.hour[row])
        count_habit(state.weekdays, slot, 7, rows.weekday[row])
    if rows.channel[row] >= 0:
        count_habit(state.channel_count, slot, CHANNEL_SLOTS, rows.channel[row])
    merchant = np.uint32(rows.merchant[row] & LOW_32)
    if merchant != 0:
        place = place_of(state.merchant_key, state.merchant_last, slot, MERCHANTS, merchant)
        if state.merchant_key[slot, place] != merchant:
            state.merchant_key[slot, place] = merchant
            state.merchant_count[slot, place] = 0
        state.merchant_count[slot, place] = min(state.merchant_count[slot, place] + 1, 65535)
        state.merchant_last[slot, place] = seen
    device = np.uint32(rows.device[row] & LOW_32)
    if device != 0:
        place = place_of(state.device_key, state.device_last, slot, DEVICES, device)
        if state.device_key[slot, place] != device:
            state.device_key[slot, place] = device
            state.device_first[slot, place] = seen
        state.device_last[slot, place] = seen
    if rows.mcc[row] >= 0:
        keep_mcc(state, slot, rows.mcc[row], seen)
    if rows.country[row] != 0:
        keep_country(state, slot, rows.country[row], seen)
    keep_currency(state, slot, rows.currency[row], seen)
    if not (math.isnan(rows.latitude[row]) or math.isnan(rows.longitude[row])):
        state.position_s[slot] = now
        state.latitude[slot] = rows.latitude[row]
        state.longitude[slot] = rows.longitude[row]
