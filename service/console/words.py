"""How figures are written on pages: money, time, durations, shares."""

from __future__ import annotations

from models.instants import format_instant
from models.money import EXPONENTS

NOTHING, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
_TWO_DAYS = 2
_LARGE = 1000


def money(minor: int | None, currency: str) -> str:
    """Return an amount of minor units, "1,234.50 EUR"; a dash where there is none."""
    if minor is None:
        return NOTHING
    places = EXPONENTS.get(currency, 2)
    return f"{minor / 10**places:,.{places}f} {currency}"


def moment(ms: int | None) -> str:
    """Return a time in UTC to the second."""
    return NOTHING if ms is None else format_instant(ms)[:19].replace("T", " ")


def clock(ms: int | None) -> str:
    """Return the time of day in UTC, "14:05"."""
    return NOTHING if ms is None else format_instant(ms)[11:16]


def instant(ms: int) -> str:
    """Return a time as machines read it."""
    return format_instant(ms)


def lasting(ms: int | None) -> str:
    """Return a duration in its largest fitting unit: "45 s", "12 min", "3 h", "2 d"."""
    if ms is None:
        return NOTHING
    if ms < MINUTE_MS:
        return f"{max(ms, 0) // 1000} s"
    if ms < HOUR_MS:
        return f"{ms // MINUTE_MS} min"
    if ms < _TWO_DAYS * DAY_MS:
        return f"{ms // HOUR_MS} h"
    return f"{ms // DAY_MS:,} d"


def share(value: float | None) -> str:
    """Return a probability as per cent, with as many places as tell it apart from 0 and 1."""
    if value is None:
        return NOTHING
    percent = 100 * value
    return f"{percent:.1f} %" if 1 <= percent <= 99 else f"{percent:.2f} %"  # noqa: PLR2004


def basis_points(value: float | None) -> str:
    """Return hundredths of a per cent, "8.41 bp"; a dash where there is none."""
    return NOTHING if value is None else f"{value:,.2f} bp"


def day(instant: str) -> str:
    """Return the day of an instant as machines write it."""
    return instant[:10]


def signed(value: float) -> str:
    """Return a number with its sign and two places; a true minus."""
    return f"{value:+.2f}".replace("-", MINUS)


def number(value: float | None) -> str:
    """Return a figure as people write it: thousands parted, no needless places."""
    if value is None:
        return NOTHING
    if value == int(value) or abs(value) >= _LARGE:
        return f"{value:,.0f}".replace("-", MINUS)
    text = f"{value:,.3f}" if abs(value) < 1 else f"{value:,.2f}"
    return "0" if not float(text) else text.replace("-", MINUS)


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
