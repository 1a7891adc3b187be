"""Times: read exactly, and local only where they say so."""

from datetime import UTC, datetime

import numpy as np
import pytest

from models.instants import (
    MALFORMED,
    NAIVE,
    VALID,
    format_instant,
    parse_instant,
    parse_instants,
    zone_offsets,
)
from models.transaction import UNKNOWN_OFFSET


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2026-03-01T12:00:00Z", UNKNOWN_OFFSET),
        ("2026-03-01t12:00:00z", UNKNOWN_OFFSET),
        ("2026-03-01T12:00:00-00:00", UNKNOWN_OFFSET),
        ("2026-03-01T12:00:00+00:00", 0),
        ("2026-03-01 14:00:00+02:00", 120),
        ("2026-03-01T06:30:00.000-05:30", -330),
    ],
)
def test_local_time_is_known_only_from_an_offset(text: str, offset: int) -> None:
    """Z and -00:00 say the instant alone (RFC 3339, RFC 9557); +00:00 says the clock is UTC."""
    ms, found, status = parse_instants([text])
    assert status.tolist() == [VALID]
    assert format_instant(int(ms[0])) == "2026-03-01T12:00:00.000Z"
    assert found.tolist() == [offset]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026-03-01",
        "2026-03-01T12:00",
        "2026-13-01T12:00:00Z",
        "2026-02-29T12:00:00Z",
        "1900-02-29T12:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T12:60:00Z",
        "2026-03-01T12:00:61Z",
        "2026-03-01T12:00:00.Z",
        "2026-03-01T12:00:00+2:00",
        "2026-03-01T12:00:00+02:60",
        "2026-03-01T12:00:00+02:00 ",
        "2026-03-01T12:00:00Zulu",
        "2026-03-01T12:00:00\0",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "\uff12026-03-01T12:00:00Z",  # a full-width digit
        "2026-03-01T12:00:00." + 30 * "0" + "Z",
    ],
)
def test_what_is_no_instant_is_malformed(text: str) -> None:
    """No text is read as something it does not say, whatever stands beside it in the batch."""
    _, offset, status = parse_instants(["2026-03-01T12:00:00+02:00", text, "2" * 40])
    assert status.tolist() == [VALID, MALFORMED, MALFORMED]
    assert offset[1] == UNKNOWN_OFFSET
    assert parse_instant(text) is None


def test_a_time_without_offset_is_naive() -> None:
    """It is told apart from nonsense, and its clock is kept as if it were UTC's."""
    ms, offset, status = parse_instants(["2026-03-01T12:00:00", "2026-03-01T12:00:00.250"])
    assert status.tolist() == [NAIVE, NAIVE]
    assert offset.tolist() == [UNKNOWN_OFFSET, UNKNOWN_OFFSET]
    assert np.diff(ms).tolist() == [250]
    assert parse_instant("2026-03-01T12:00:00") is None


@pytest.mark.parametrize("digits", range(1, 20))
def test_fractions_are_cut_to_milliseconds(digits: int) -> None:
    """As many digits as fit into 40 characters, each read the same beside any neighbour."""
    text = "2026-03-01T12:00:00." + ("9876543219876543219"[:digits]) + "Z"
    ms, _, status = parse_instants([text, "2026-03-01T12:00:00Z"])
    assert status.tolist() == [VALID, VALID]
    assert ms[0] - ms[1] == int("987"[:digits].ljust(3, "0"))


def test_a_leap_second_is_the_next_second() -> None:
    """A clock may say :60; days are counted without leap seconds."""
    assert parse_instant("2016-12-31T23:59:60Z") == parse_instant("2017-01-01T00:00:00Z")


def test_zones_give_the_offset_of_the_instant() -> None:
    """Summer time counts; no zone, a wrong zone and a time before calendars give none."""
    summer = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp() * 1000)
    winter = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)
    ancient = -62_135_596_800_000
    zones = np.array(
        ["Europe/Paris", "Europe/Paris", None, "Moon/Base", "../etc/passwd", "America/Lima"],
        object,
    )
    times = np.array([summer, winter, summer, summer, summer, ancient])
    unknown = UNKNOWN_OFFSET
    assert zone_offsets(times, zones).tolist() == [120, 60, unknown, unknown, unknown, unknown]


@pytest.mark.parametrize("ms", [0, 1, -1, 1_700_000_000_001, 253_402_300_799_999])
def test_an_instant_is_written_as_it_is_read(ms: int) -> None:
    """Writing and reading is exact to the millisecond, to the end of the calendar."""
    assert parse_instant(format_instant(ms)) == ms


def test_no_texts_give_no_instants() -> None:
    """An empty batch is not an error."""
    assert [len(found) for found in parse_instants([])] == [0, 0, 0]
