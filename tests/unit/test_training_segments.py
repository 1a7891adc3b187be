"""Segments: what figures are told by, and when one is said to be treated differently."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.transaction import Transactions, empty, text
from training.disparity import compare_rates
from training.segments import SEGMENT_KEYS, segment_keys, segments

CUSTOMERS = 400


def window(
    n: int, seed: int, *, inside_rate: float, outside_rate: float
) -> tuple[NDArray[np.bool_], ...]:
    """Return inside, flagged and fraud of payments with these false positive rates."""
    rng = np.random.default_rng(seed)
    inside = rng.random(n) < 0.3
    flagged = rng.random(n) < np.where(inside, inside_rate, outside_rate)
    return inside, flagged, rng.random(n) < 0.01


def test_a_ratio_of_rates_by_hand() -> None:
    """40 of 1,000 against 20 of 2,000, half a false positive added to each side."""
    flagged = np.r_[np.arange(1000) < 40, np.arange(2000) < 20]
    inside = np.arange(3000) < 1000
    found = compare_rates(inside, flagged, np.zeros(3000, bool), np.arange(3000))
    assert found is not None
    ratio = (40.5 / 1000.5) / (20.5 / 2000.5)
    assert np.exp(found.log_ratio) == pytest.approx(ratio)
    by_hand = np.sqrt(1 / 40.5 - 1 / 1000.5 + 1 / 20.5 - 1 / 2000.5)
    assert found.error == pytest.approx(by_hand, rel=0.02)
    told = found.disparity(1)
    assert told.beyond_chance
    assert told.low == pytest.approx(ratio * np.exp(-1.96 * by_hand), rel=0.02)


def test_frauds_are_no_part_of_it() -> None:
    """Flags of frauds are what flags are for."""
    inside, flagged, fraud = window(20_000, 0, inside_rate=0.02, outside_rate=0.02)
    without = compare_rates(inside, flagged, fraud, np.arange(20_000) % CUSTOMERS)
    with_hits = compare_rates(inside, flagged | fraud, fraud, np.arange(20_000) % CUSTOMERS)
    assert without is not None
    assert without == with_hits


@pytest.mark.parametrize("customers", [np.arange(3000) % 10, np.arange(3000)])
def test_too_few_customers_or_false_positives_are_not_compared(
    customers: NDArray[np.int64],
) -> None:
    """Ten customers, or three false positives to be expected."""
    inside, flagged, fraud = window(3000, 1, inside_rate=0.02, outside_rate=0.02)
    few = inside & (np.arange(3000) < 500)
    assert compare_rates(few, flagged, fraud, customers) is None


def test_one_customer_flagged_often_is_not_a_pattern() -> None:
    """The same counts from one customer and from many."""
    n = 8000
    inside = np.arange(n) < 4000
    flagged = np.zeros(n, bool)
    flagged[np.r_[0:40, 4000:4020]] = True
    spread = np.arange(n) % CUSTOMERS
    lumped = np.where(flagged & inside, -1, spread)
    apart = compare_rates(inside, flagged, np.zeros(n, bool), np.arange(n))
    together = compare_rates(inside, flagged, np.zeros(n, bool), lumped)
    assert apart is not None
    assert together is not None
    assert apart.disparity(1).beyond_chance
    assert not together.disparity(1).beyond_chance


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_an_interval_holds_its_ratio_and_widens_with_comparisons(seed: int, more: int) -> None:
    """More segments looked at, more doubt about each."""
    inside, flagged, fraud = window(4000, seed, inside_rate=0.03, outside_rate=0.02)
    found = compare_rates(inside, flagged, fraud, np.arange(4000) % CUSTOMERS)
    assert found is not None
    one, several = found.disparity(1), found.disparity(1 + more)
    assert several.low < one.low < one.ratio < one.high < several.high


def test_chance_alone_is_rarely_called_a_difference() -> None:
    """Equal rates, customers that differ: no finding in nineteen of twenty windows at least."""
    rng = np.random.default_rng(3)
    alarms = 0
    for seed in range(80):
        tendency = rng.beta(0.5, 20, CUSTOMERS)
        customers = rng.integers(0, CUSTOMERS, 8000)
        flagged = rng.random(8000) < tendency[customers]
        home = rng.integers(0, 8, CUSTOMERS)[customers]
        keys = {"home": text([f"h{one}" for one in home])}
        found = segments(keys, np.zeros(8000, bool), flagged, np.ones(8000), customers)
        assert found.comparisons == 8, seed
        alarms += bool(found.findings)
    assert alarms <= 0.08 * 80


def test_a_segment_treated_differently_is_told_in_a_sentence() -> None:
    """Three times as often in one channel, the others as usual."""
    rng = np.random.default_rng(4)
    n = 40_000
    names = np.array(["atm", "ecommerce", "moto"], object)[rng.integers(0, 3, n)]
    flagged = rng.random(n) < np.where(names == "atm", 0.03, 0.01)
    fraud = rng.random(n) < 0.01
    found = segments({"channel": names}, fraud, flagged, np.ones(n), rng.integers(0, 2000, n))
    assert [one.value for one in found.rows] == ["all", "atm", "ecommerce", "moto"]
    assert found.rows[0].disparity is None
    assert found.findings[0].startswith("flags of genuine payments are 3.")
    assert "in channel atm as elsewhere (" in found.findings[0]
    assert len(found.findings) == 3, "the others are flagged less than the rest with atm in it"


def rows(n: int) -> Transactions:
    """Return payments with a country, and an age band where it is known."""
    columns = empty(n)
    columns["transaction_id"] = text([f"t{k}" for k in range(n)])
    columns["country"] = text([("FR", "DE", None)[k % 3] for k in range(n)])
    columns["channel"] = np.array([(0, 1, -1)[k % 3] for k in range(n)], np.int8)
    bands = ("under 18", "18 to 64", "65 and more", None)
    columns["details"] = text(
        [None if bands[k % 4] is None else {"attributes": {"age": bands[k % 4]}} for k in range(n)]
    )
    return Transactions(**columns)


def test_segments_are_named_in_the_order_people_read_them() -> None:
    """Amounts and age bands by number, what is not known last."""
    n = 1200
    amount = np.where(np.arange(n) % 5 == 0, np.nan, np.arange(n) % 700)
    history = np.where(np.arange(n) % 2, 3, 30).astype(np.float32)
    keys = segment_keys(rows(n), amount, history, ("age",))
    assert set(keys) == {*SEGMENT_KEYS[1:], "age"}
    found = segments(keys, np.zeros(n, bool), np.zeros(n, bool), amount, np.arange(n))
    told = {by: [one.value for one in found.rows if one.by == by] for by in keys}
    assert told["age"] == ["under 18", "18 to 64", "65 and more", "unknown"]
    assert told["amount"][-3:] == ["200 to 500", "500 and more", "unknown"]
    assert told["country"] == ["DE", "FR", "unknown"]
    assert told["customer"] == ["first 10 payments", "known"]
    assert found.comparisons == 0
    assert found.findings == ()
