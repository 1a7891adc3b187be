"""Currencies, countries and cities: small tables of the real world."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

# code, exponent (ISO 4217), units of it for one euro, smallest note a cash machine gives
_CURRENCIES = (
    ("EUR", 2, 1.0, 10),
    ("GBP", 2, 0.86, 10),
    ("USD", 2, 1.08, 20),
    ("SEK", 2, 11.3, 100),
    ("CHF", 2, 0.95, 10),
    ("PLN", 2, 4.3, 50),
    ("NOK", 2, 11.6, 100),
    ("DKK", 2, 7.46, 100),
    ("CAD", 2, 1.47, 20),
    ("AED", 2, 3.97, 50),
    ("THB", 2, 38.5, 100),
    ("MAD", 2, 10.8, 100),
    ("JPY", 0, 163.0, 1000),
    ("KRW", 0, 1460.0, 10000),
    ("KWD", 3, 0.333, 5),
    ("TND", 3, 3.37, 10),
)
CURRENCIES = tuple(row[0] for row in _CURRENCIES)
EXPONENT = np.array([row[1] for row in _CURRENCIES], np.int64)
PER_EURO = np.array([row[2] for row in _CURRENCIES])
NOTE = np.array([row[3] for row in _CURRENCIES], np.int64)
# The step in which shops think: one major unit, or a hundred where a unit is worth little.
UNIT_MINOR = np.array([100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 1000, 1000,
                       1000], np.int64)  # fmt: skip
EUR = 0

# country, currency, time zone, city, latitude, longitude, weight as home, weight as destination
_CITIES = (
    ("FR", "EUR", "Europe/Paris", "Paris", 48.857, 2.352, 12.0, 9.0),
    ("FR", "EUR", "Europe/Paris", "Lyon", 45.764, 4.836, 5.0, 2.0),
    ("FR", "EUR", "Europe/Paris", "Marseille", 43.297, 5.370, 4.0, 3.0),
    ("FR", "EUR", "Europe/Paris", "Lille", 50.629, 3.057, 3.0, 1.0),
    ("FR", "EUR", "Europe/Paris", "Nantes", 47.218, -1.554, 3.0, 1.5),
    ("DE", "EUR", "Europe/Berlin", "Berlin", 52.520, 13.405, 7.0, 4.0),
    ("DE", "EUR", "Europe/Berlin", "Munich", 48.135, 11.582, 5.0, 3.0),
    ("DE", "EUR", "Europe/Berlin", "Hamburg", 53.551, 9.994, 4.0, 2.0),
    ("DE", "EUR", "Europe/Berlin", "Cologne", 50.938, 6.960, 4.0, 2.0),
    ("ES", "EUR", "Europe/Madrid", "Madrid", 40.417, -3.704, 5.0, 4.0),
    ("ES", "EUR", "Europe/Madrid", "Barcelona", 41.385, 2.173, 4.0, 6.0),
    ("ES", "EUR", "Europe/Madrid", "Seville", 37.389, -5.984, 2.0, 2.0),
    ("IT", "EUR", "Europe/Rome", "Rome", 41.903, 12.496, 4.0, 6.0),
    ("IT", "EUR", "Europe/Rome", "Milan", 45.464, 9.190, 4.0, 3.0),
    ("NL", "EUR", "Europe/Amsterdam", "Amsterdam", 52.368, 4.904, 4.0, 4.0),
    ("BE", "EUR", "Europe/Brussels", "Brussels", 50.850, 4.352, 4.0, 2.0),
    ("BE", "EUR", "Europe/Brussels", "Antwerp", 51.219, 4.402, 2.0, 1.0),
    ("PT", "EUR", "Europe/Lisbon", "Lisbon", 38.722, -9.139, 3.0, 4.0),
    ("IE", "EUR", "Europe/Dublin", "Dublin", 53.350, -6.260, 2.5, 2.0),
    ("AT", "EUR", "Europe/Vienna", "Vienna", 48.208, 16.374, 3.0, 2.5),
    ("FI", "EUR", "Europe/Helsinki", "Helsinki", 60.170, 24.938, 1.5, 1.0),
    ("GR", "EUR", "Europe/Athens", "Athens", 37.984, 23.728, 1.5, 4.0),
    ("GB", "GBP", "Europe/London", "London", 51.507, -0.128, 5.0, 8.0),
    ("GB", "GBP", "Europe/London", "Manchester", 53.481, -2.243, 2.0, 1.0),
    ("SE", "SEK", "Europe/Stockholm", "Stockholm", 59.329, 18.069, 2.0, 2.0),
    ("NO", "NOK", "Europe/Oslo", "Oslo", 59.914, 10.752, 0.4, 1.0),
    ("DK", "DKK", "Europe/Copenhagen", "Copenhagen", 55.676, 12.568, 0.5, 1.5),
    ("CH", "CHF", "Europe/Zurich", "Zurich", 47.377, 8.541, 0.8, 2.0),
    ("PL", "PLN", "Europe/Warsaw", "Warsaw", 52.230, 21.012, 0.8, 1.5),
    ("US", "USD", "America/New_York", "New York", 40.713, -74.006, 1.2, 5.0),
    ("US", "USD", "America/Los_Angeles", "Los Angeles", 34.052, -118.244, 0.6, 2.5),
    ("US", "USD", "America/Chicago", "Chicago", 41.878, -87.630, 0.4, 1.0),
    ("CA", "CAD", "America/Toronto", "Toronto", 43.653, -79.383, 0.4, 1.0),
    ("JP", "JPY", "Asia/Tokyo", "Tokyo", 35.677, 139.650, 0.8, 2.5),
    ("JP", "JPY", "Asia/Tokyo", "Osaka", 34.694, 135.502, 0.3, 1.0),
    ("KR", "KRW", "Asia/Seoul", "Seoul", 37.566, 126.978, 0.2, 0.8),
    ("KW", "KWD", "Asia/Kuwait", "Kuwait City", 29.376, 47.977, 0.5, 0.5),
    ("AE", "AED", "Asia/Dubai", "Dubai", 25.205, 55.271, 0.3, 2.0),
    ("TH", "THB", "Asia/Bangkok", "Bangkok", 13.756, 100.502, 0.1, 2.0),
    ("MA", "MAD", "Africa/Casablanca", "Marrakesh", 31.630, -7.981, 0.2, 2.0),
    ("TN", "TND", "Africa/Tunis", "Tunis", 36.807, 10.182, 0.2, 1.0),
)
COUNTRIES = tuple(dict.fromkeys(row[0] for row in _CITIES))
TIME_ZONES = tuple(dict.fromkeys(row[2] for row in _CITIES))
CITY_COUNTRY = np.array([COUNTRIES.index(row[0]) for row in _CITIES], np.int16)
CITY_ZONE = np.array([TIME_ZONES.index(row[2]) for row in _CITIES], np.int16)
CITY_LATITUDE = np.array([row[4] for row in _CITIES])
CITY_LONGITUDE = np.array([row[5] for row in _CITIES])
CITY_HOME = np.array([row[6] for row in _CITIES])
CITY_VISIT = np.array([row[7] for row in _CITIES])
COUNTRY_CURRENCY = np.array(
    [CURRENCIES.index(next(row[1] for row in _CITIES if row[0] == code)) for code in COUNTRIES],
    np.int16,
)
COUNTRY_HOME = np.bincount(CITY_COUNTRY, CITY_HOME)
DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1, 12, tzinfo=UTC)


@cache
def zone_offsets(epoch_day: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return minutes east of UTC of each time zone at noon UTC of a day (days since 1970)."""
    noon = _EPOCH + timedelta(days=epoch_day)
    minutes = []
    for name in TIME_ZONES:
        offset = ZoneInfo(name).utcoffset(noon)
        minutes.append(0 if offset is None else int(offset.total_seconds()) // 60)
    return np.array(minutes, np.int64)
