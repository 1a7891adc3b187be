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
        ([1_000, 3_000, 4_000], [0, 1, 20], True),
        ([1_000, 3_000, 4_001], [0, 1, 20], False),
        ([1_000, 3_000, 6_000, 1_000], [0, 1, 20, 21], True),
        ([1_000, 3_000, 6_001, 1_000], [0, 1, 20, 21], False),
        ([1_000, 1_000, 3_001, 1_000], [0, 1, 20, 34], True),
        ([9_000, 1_000, 4_000], [0, 31, 45], False),
        ([9_000, 1_000, 4_000], [1, 31, 45], True),
        ([1_000, 2_900, 2_500], [0, 10, 23], False),
        ([9_000], [0], True),
        ([9_000, 9_000], [0, 13], True),
        ([1_000, -1, 9_000], [0, 1, 20], False),
        ([1_000, -1], [0, 20], True),
    ],
    ids=[
        "twice the mean",
        "a cent more",
        "three times the mean shortly before",
        "a cent more shortly before",
        "a fortnight later that is over",
        "45 days ago is forgotten",
        "44 days ago is not",
        "13 days ago may be the same thief",
        "no past",
        "no past before the last two weeks",
        "a past payment without a rate",
        "no rate of its own",
    ],
)
def test_a_payment_is_ordinary_by_what_its_customer_paid_before(
    amounts: list[int],
    days: list[int],
    expected: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """Of the payments of 14 to 44 days before it, as far as their amounts are known."""
    assert last_is_ordinary(amounts, days) == expected


def test_neither_verifications_nor_other_customers_tell_what_is_ordinary() -> None:
    """A verification moves no money, and nobody has another's habits."""
    kinds = np.array([0, VERIFICATION, 0], np.int8)
    assert not last_is_ordinary([1_000, 9_000, 3_000], [0, 1, 20], type=kinds)
    assert last_is_ordinary([1_000, 9_000], [0, 20], customer_id=["one", "other"])
    nobody = np.array([None, None], object)
    assert last_is_ordinary([1_000, 9_000], [0, 20], customer_id=nobody)


def test_a_fraud_out_of_character_does_not_count_against_the_merchant() -> None:
    """It is one of the run, not one of the ordinary ones."""
    days = np.array([0, 20, 21, 22])
    rows = payments(
        START_S + DAY_S * days,
        amount_minor=np.array([1_000, 9_000, 1_000, 1_000]),
        customer_id=["one", "one", "two", "two"],
        merchant_id=["other", "merchant", "merchant", "merchant"],
    )
    told = labels(["t1", "t2"], START_S + DAY_S * np.array([21, 21]) + 3_600)
    last = replay(rows, told).features[-1]
    names = ("merchant_run_frauds", "merchant_run_ordinary", "merchant_ordinary_age_h")
    assert [float(last[column(name)]) for name in names] == [2, 1, 24]
