"""When most of what comes in cannot be read, the input is wrong: stop and say so."""

import pytest

from service.poison import PoisonGauge, TooManyDeadLetters


def test_a_full_window_over_the_limit_stops() -> None:
    """With one line that names the stream, the share and what to do."""
    gauge = PoisonGauge(0.5, 100)
    gauge.add(50, 20, "transactions")
    with pytest.raises(TooManyDeadLetters, match=r"60% of the last 100 records of transactions"):
        gauge.add(50, 40, "transactions")


def test_before_the_window_is_full_nothing_stops() -> None:
    """The first record of a day may be the bad one."""
    gauge = PoisonGauge(0.5, 100)
    gauge.add(99, 99, "transactions")
    with pytest.raises(TooManyDeadLetters):
        gauge.add(1, 0, "transactions")


def test_what_lies_before_the_window_no_longer_counts() -> None:
    """Bad records of the past do not add up with those of today."""
    gauge = PoisonGauge(0.5, 100)
    for _ in range(50):
        gauge.add(10, 5, "transactions")
    for _ in range(20):
        gauge.add(10, 0, "transactions")
    for _ in range(5):
        gauge.add(10, 10, "transactions")
    with pytest.raises(TooManyDeadLetters):
        gauge.add(10, 10, "transactions")


def test_a_limit_of_one_never_stops() -> None:
    """Every record refused is a share of one, which is not over it."""
    gauge = PoisonGauge(1.0, 10)
    for _ in range(100):
        gauge.add(10, 10, "transactions")


def test_empty_rounds_change_nothing() -> None:
    """A poll without records is no evidence."""
    gauge = PoisonGauge(0.5, 10)
    gauge.add(10, 5, "transactions")
    for _ in range(1000):
        gauge.add(0, 0, "transactions")
    assert len(gauge._batches) == 1
