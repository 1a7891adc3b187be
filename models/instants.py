"""RFC 3339 instants, a column at a time, with what is known of the local clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from models.joined import joined
from models.kernels import kernel
from models.transaction import UNKNOWN_OFFSET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

VALID, MALFORMED, NAIVE = 0, 1, 2
QUARTER_MS = 15 * 60 * 1000
LONGEST = 40
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the "Z" is written by format_instant
_FIRST_S, _LAST_S = -62_135_596_800, 253_402_300_799  # the years 1 to 9999


def parse_instants(
    texts: Sequence[str] | NDArray[Any],
) -> tuple[NDArray[np.int64], NDArray[np.int16], NDArray[np.int8]]:
    """Return (utc_ms, utc_offset_min, status), each (n,).

    "Z" says the instant in UTC and nothing of local time: its offset is unknown, and so it is
    for "-00:00" (RFC 3339, RFC 9557). "+00:00" says local time is UTC. Status is VALID,
    MALFORMED or NAIVE: no offset at all, and `utc_ms` is that of the same clock in UTC.
    """
    column = joined(texts)
    ms = np.zeros(len(column.ends), np.int64)
    offset = np.full(len(column.ends), UNKNOWN_OFFSET, np.int16)
    status = np.zeros(len(column.ends), np.int8)
    _parse(column.data, column.ends, ms, offset, status)
    return ms, offset, status


def parse_instant(text: str) -> int | None:
    """Return one instant in UTC milliseconds, None if it is malformed or has no offset."""
    ms, _, status = parse_instants([text])
    return int(ms[0]) if status[0] == VALID else None


def format_instant(ms: int) -> str:
    """Return RFC 3339 text in UTC with milliseconds."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") + "Z"


def zone_offsets(utc_ms: NDArray[np.int64], zones: NDArray[np.object_]) -> NDArray[np.int16]:
    """Return the UTC offset in minutes of each instant in its IANA zone, unknown where None.

    An unknown zone name gives an unknown offset, and so does a time no calendar can say.
    """
    out = np.full(len(utc_ms), UNKNOWN_OFFSET, np.int16)
    for name in {zone for zone in zones if zone is not None}:
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
        rows = np.flatnonzero(zones == name)
        quarters, where = np.unique(utc_ms[rows] // QUARTER_MS, return_inverse=True)
        minutes = [_minutes(int(quarter) * QUARTER_MS, zone) for quarter in quarters]
        out[rows] = np.array(minutes, np.int16)[where]
    return out


def _minutes(ms: int, zone: ZoneInfo) -> int:
    try:
        offset = datetime.fromtimestamp(ms / 1000, zone).utcoffset()
    except (OverflowError, ValueError):
        return UNKNOWN_OFFSET
    return round(offset.total_seconds() / 60) if offset is not None else UNKNOWN_OFFSET


@kernel
def _number(line: NDArray[np.uint8], start: int, size: int) -> int:
    value = 0
    for at in range(start, start + size):
        digit = np.int64(line[at]) - 48
        if digit < 0 or digit > 9:
            return -1
        value = 10 * value + digit
    return value


@kernel
def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the Gregorian calendar (Hinnant, "days from civil")."""
    y = year - 1 if month <= 2 else year
    era = y // 400
    of_era = y - era * 400
    shifted = month - 3 if month > 2 else month + 9
    of_year = (153 * shifted + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


@kernel
def _month_length(year: int, month: int) -> int:
    if month == 2:
        leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
        return 29 if leap else 28
    return 30 if month in (4, 6, 9, 11) else 31


@kernel
def _parse(
    data: NDArray[np.uint8],
    ends: NDArray[np.int64],
    ms: NDArray[np.int64],
    offset: NDArray[np.int16],
    status: NDArray[np.int8],
) -> None:
    line = np.zeros(LONGEST + 1, np.uint8)
    start = np.int64(0)
    for row in range(len(ends)):
        size = ends[row] - start
        status[row] = MALFORMED
        if size <= LONGEST:
            line[:size] = data[start : ends[row]]
            line[size:] = 0
            status[row] = _parse_one(line, size, row, ms, offset)
        start = ends[row]


@kernel
def _parse_one(
    line: NDArray[np.uint8], size: int, row: int, ms: NDArray[np.int64], offset: NDArray[np.int16]
) -> int:
    year, month, day = _number(line, 0, 4), _number(line, 5, 2), _number(line, 8, 2)
    hour, minute, second = _number(line, 11, 2), _number(line, 14, 2), _number(line, 17, 2)
    if min(year, month, day, hour, minute, second) < 0 or not _punctuated(line):
        return MALFORMED
    if not (1 <= month <= 12 and 1 <= day <= _month_length(year, month)):
        return MALFORMED
    if hour > 23 or minute > 59 or second > 60:
        return MALFORMED
    at, milli, scale = 19, 0, 100
    if line[at] == 46:  # a dot
        at += 1
        if not 48 <= line[at] <= 57:
            return MALFORMED
        while 48 <= line[at] <= 57:
            milli += scale * (np.int64(line[at]) - 48)
            scale //= 10
            at += 1
    total = _days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
    outcome, shift = _zone(line, at, size)
    total -= 60 * shift if shift != UNKNOWN_OFFSET else 0
    if outcome == MALFORMED or not _FIRST_S <= total <= _LAST_S:
        return MALFORMED
    ms[row] = total * 1000 + milli
    offset[row] = shift
    return outcome


@kernel
def _punctuated(line: NDArray[np.uint8]) -> bool:
    """Whether hyphens, colons and the T (or t, or a space) stand where they must."""
    dated = line[4] == 45 and line[7] == 45
    parted = line[10] == 84 or line[10] == 116 or line[10] == 32
    return bool(dated and parted and line[13] == 58 and line[16] == 58)


@kernel
def _zone(line: NDArray[np.uint8], at: int, size: int) -> tuple[int, int]:
    """Return the status of what follows the time, and the offset in minutes it gives."""
    if at == size:
        return NAIVE, UNKNOWN_OFFSET
    if (line[at] == 90 or line[at] == 122) and at + 1 == size:  # Z or z
        return VALID, UNKNOWN_OFFSET
    minus = line[at] == 45
    if (not minus and line[at] != 43) or at + 6 != size or line[at + 3] != 58:
        return MALFORMED, UNKNOWN_OFFSET
    hours, minutes = _number(line, at + 1, 2), _number(line, at + 4, 2)
    if not (0 <= hours <= 23 and 0 <= minutes <= 59):
        return MALFORMED, UNKNOWN_OFFSET
    shift = hours * 60 + minutes
    if minus:
        return VALID, -shift if shift != 0 else UNKNOWN_OFFSET
    return VALID, shift
