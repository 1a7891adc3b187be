"""Shares and their intervals: Wilson's where payments are independent, wider where they are not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.resampling import Figure, share, totals


def test_independent_payments_give_wilsons_interval() -> None:
    """10 of 100: .055 to .174 by Wilson's formula, a little wider for 99 degrees of freedom."""
    found = share(np.arange(100) < 10, np.ones(100), np.arange(100))
    assert found.value == pytest.approx(0.1)
    assert found.low == pytest.approx(0.0552, abs=0.001)
    assert found.high == pytest.approx(0.1744, abs=0.003)


def test_a_share_of_nothing_and_of_all_has_an_interval_too() -> None:
    """None of 100 is not certainly none."""
    none = share(np.zeros(100), np.ones(100), np.arange(100))
    every = share(np.ones(100), np.ones(100), np.arange(100))
    assert none.low == 0
    assert none.high == pytest.approx(0.037, abs=0.002)
    assert every.high == 1
    assert every.low == pytest.approx(1 - none.high)


def test_nothing_to_count_is_no_figure() -> None:
    """Not zero either."""
    assert np.isnan(share(np.zeros(3), np.zeros(3), np.arange(3)).value)


def test_one_customer_says_next_to_nothing() -> None:
    """A thousand payments of one customer are one customer."""
    found = share(np.arange(1000) < 500, np.ones(1000), np.zeros(1000, np.int64))
    assert found.low < 0.1
    assert found.high > 0.9


def test_shares_of_money_are_worth_less_where_one_payment_outweighs_all() -> None:
    """A fraud of 10,000 beside 99 of 10."""
    money = np.full(100, 10.0)
    money[0] = 10_000.0
    even = share(np.full(100, 10.0) * (np.arange(100) < 90), np.full(100, 10.0), np.arange(100))
    uneven = share(money * (np.arange(100) < 90), money, np.arange(100))
    assert uneven.value == pytest.approx(10_890 / 10_990)
    assert uneven.high - uneven.low > 3 * (even.high - even.low)


@given(st.integers(0, 2**32 - 1))
def test_an_interval_holds_its_share_and_stays_between_zero_and_one(seed: int) -> None:
    """Whatever few payments of few customers there are."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    whole = rng.integers(0, 3, n) * rng.random(n)
    found = share(whole * (rng.random(n) < rng.random()), whole, rng.integers(0, 5, n))
    assert np.isnan(found.value) or 0 <= found.low <= found.value <= found.high <= 1


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Customers differ in their rates; nineteen in twenty intervals hold the mean rate."""
    rng = np.random.default_rng(2)
    held = plain = 0
    for _ in range(400):
        rates = rng.beta(0.5, 9.5, 60)
        customers = np.repeat(np.arange(60), 40)
        part = rng.random(2400) < rates[customers]
        found = share(part, np.ones(2400), customers)
        alone = share(part, np.ones(2400), np.arange(2400))
        held += found.low <= 0.05 <= found.high
        plain += alone.low <= 0.05 <= alone.high
    assert 0.92 <= held / 400 <= 0.99
    assert plain / 400 < 0.8, "counted as independent they promise too much"


def test_a_sum_over_drawn_customers_is_drawn_whole() -> None:
    """Two customers: every drawing has both, or one of them twice."""
    rows = {"rows": np.ones(4), "money": np.array([1.0, 2.0, 10.0, 20.0])}
    found = totals(rows, np.array([7, 7, 9, 9]), rng=np.random.default_rng(0))
    assert found.observed["money"] == 33
    assert set(found.drawn["money"].tolist()) == {6.0, 33.0, 60.0}
    assert found.figure(lambda sums: sums["money"] / sums["rows"]) == Figure(8.25, 1.5, 15.0)
