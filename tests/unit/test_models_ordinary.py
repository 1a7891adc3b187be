"""Ordinary frauds: a payment as its customer makes them points to the merchant."""

import numpy as np
import pytest
from builders.streams import DAY_S, START_S, labels, payments

from models.catalogue import column
from models.ordinary import ordinary_payments
from models.replay import replay
from models.transaction import VERIFICATION


def last_is_ordinary(amounts: list[int], days: list[int], **columns: object) -> bool:
    """Return whether the last payment of one customer is ordinary."""
    rows = payments(START_S + DAY_S * np.array(days), amount_minor=np.array(amounts), **columns)
    return bool(ordinary_payments(rows, np.array([len(amounts) - 1]))[0])


@pytest.mark.parametrize(
    ("amounts", "days", "expected"),
    [
        ([1_000, 3_000, 4_000], [0, 1, 2], True),
        ([1_000, 3_000, 4_001], [0, 1, 2], False),
        ([9_000, 1_000, 4_000], [0, 31, 32], False),
        ([9_000, 1_000, 4_000], [2, 31, 32], True),
        ([9_000], [0], True),
        ([1_000, -1, 9_000], [0, 1, 2], False),
        ([1_000, -1], [0, 1], True),
    ],
    ids=[
        "twice the mean",
        "a cent more",
        "31 days ago is forgotten",
        "30 days ago is not",
        "no past",
        "a past payment without a rate",
        "no rate of its own",
    ],
)
def test_an_amount_is_ordinary_up_to_twice_the_customers_mean(
    amounts: list[int],
    days: list[int],
    expected: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """Of the payments of thirty days before it, as far as their amounts are known."""
    assert last_is_ordinary(amounts, days) == expected


def test_neither_verifications_nor_other_customers_tell_what_is_ordinary() -> None:
    """A verification moves no money, and nobody has another's habits."""
    kinds = np.array([0, VERIFICATION, 0], np.int8)
    assert not last_is_ordinary([1_000, 9_000, 3_000], [0, 1, 2], type=kinds)
    assert last_is_ordinary([1_000, 9_000], [0, 1], customer_id=["one", "other"])
    nobody = np.array([None, None], object)
    assert last_is_ordinary([1_000, 9_000], [0, 1], customer_id=nobody)


def test_a_fraud_out_of_character_does_not_count_against_the_merchant() -> None:
    """It is one of the run, not one of the ordinary ones."""
    days = np.array([0, 1, 2, 3])
    rows = payments(
        START_S + DAY_S * days,
        amount_minor=np.array([1_000, 9_000, 1_000, 1_000]),
        merchant_id=["other", "merchant", "merchant", "merchant"],
    )
    told = labels(["t1", "t2"], START_S + DAY_S * np.array([2, 2]) + 3_600)
    last = replay(rows, told).features[-1]
    names = ("merchant_run_frauds", "merchant_run_ordinary", "merchant_ordinary_age_h")
    assert [float(last[column(name)]) for name in names] == [2, 1, 24]
