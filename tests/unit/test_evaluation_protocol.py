"""The handbook's protocol, row by row, against slow readings of its definitions."""

from datetime import UTC, datetime

import numpy as np
import pytest
from builders.streams import random_stream
from numpy.typing import NDArray

from training.evaluation.figures import daily_top, value_detected
from training.evaluation.handbook_features import NAMES, WINDOWS_DAYS, handbook_features
from training.evaluation.protocol import (
    development_folds,
    handbook_folds,
    long_fold,
    weekly_folds,
    within,
)
from training.windows import DAY_MS

START = datetime(2026, 3, 1, tzinfo=UTC)
START_MS = round(START.timestamp() * 1000)


def days(*numbers: float) -> NDArray[np.int64]:
    """Return moments so many days after the start of the first fold's training week."""
    return np.array([START_MS + round(number * DAY_MS) for number in numbers], np.int64)


def test_a_fold_learns_a_week_waits_a_week_and_judges_a_week() -> None:
    """Days 0 to 6, 7 to 13, and 14 to 20; a longer history ends where the week ends."""
    fold = weekly_folds(START, 2, START_MS - 30 * DAY_MS)[0]
    assert [fold.short.days, fold.test.days, fold.history.days] == [7, 7, 37]
    assert fold.test.start_ms - fold.short.end_ms == 7 * DAY_MS
    assert fold.history.end_ms == fold.short.end_ms


@pytest.mark.parametrize(
    ("fraud_day", "last_judged_day"), [(3.0, None), (7.5, 14), (12.5, 19), (13.5, 20), (-1.0, 20)]
)
def test_a_card_is_left_out_once_its_fraud_is_known(
    fraud_day: float, last_judged_day: int | None
) -> None:
    """Frauds of the training week at once, later ones a week after; older ones do not count."""
    occurred = days(fraud_day, *(14.5 + n for n in range(7)))
    fold = weekly_folds(START, 1, START_MS)[0]
    judged = fold.judged(occurred, np.zeros(8, np.int64), np.arange(8) == 0)
    kept = [(int(occurred[row]) - START_MS) // DAY_MS for row in judged]
    assert kept == ([] if last_judged_day is None else list(range(14, last_judged_day + 1)))


def test_payments_without_a_customer_are_always_judged() -> None:
    """Nothing is known of them."""
    occurred, fraud = days(3, 15), np.array([True, False])
    fold = weekly_folds(START, 1, START_MS)[0]
    assert fold.judged(occurred, np.array([-1, -2], np.int64), fraud).tolist() == [1]


def test_choices_are_made_before_what_is_published_is_judged() -> None:
    """The development folds end before August; the last judged day of the others is later."""
    august = round(datetime(2018, 8, 1, tzinfo=UTC).timestamp() * 1000)
    assert max(fold.test.end_ms for fold in development_folds(0)) <= august
    assert min(fold.test.start_ms for fold in handbook_folds(0)) > august
    assert long_fold(0).test.days == 85


@pytest.mark.parametrize(
    ("begins_h", "ends_h", "fits"), [(0.01, 1, True), (23, 1, True), (24, 1, False), (0, 0, False)]
)
def test_a_protocol_fits_data_whose_first_day_is_there(
    begins_h: float, ends_h: float, *, fits: bool
) -> None:
    """No file's first payment is at midnight; one that ends before the test week does not fit."""
    folds = weekly_folds(START, 1, START_MS)
    judged_ms = folds[0].test.start_ms
    hour_ms = DAY_MS // 24
    begin_ms, end_ms = START_MS + round(begins_h * hour_ms), judged_ms + round(ends_h * hour_ms)
    assert within(folds, begin_ms, end_ms) is fits


def test_the_fifteen_features_follow_their_definitions() -> None:
    """Windows end now for the customer, and a week ago for the terminal."""
    rows = random_stream(5, n=250, customers=6, merchants=5, days=50)
    rows = rows.take(np.argsort(rows.occurred_ms, kind="stable"))
    # Several payments in one second have no order that windows of time could tell.
    rows = rows.take(np.flatnonzero(np.diff(rows.occurred_ms, prepend=-1) > 0))
    fraud = np.random.default_rng(1).random(len(rows)) < 0.2
    amount = rows.amount_minor / 100
    found = handbook_features(rows, fraud, amount)
    at, who, where = rows.occurred_ms, rows.customer_id, rows.merchant_id
    for row in range(len(rows)):
        for days_back in WINDOWS_DAYS:
            mine = (who == who[row]) & (at <= at[row]) & (at > at[row] - days_back * DAY_MS)
            ended = at[row] - 7 * DAY_MS
            theirs = (where == where[row]) & (at <= ended) & (at > ended - days_back * DAY_MS)
            risk = fraud[theirs].mean() if theirs.any() else 0.0
            expected = {
                f"customer_count_{days_back}d": mine.sum(),
                f"customer_mean_{days_back}d": amount[mine].mean(),
                f"terminal_count_{days_back}d": theirs.sum(),
                f"terminal_risk_{days_back}d": risk,
            }
            for name, value in expected.items():
                assert found[row, NAMES.index(name)] == pytest.approx(value, rel=1e-4, abs=1e-5)


def test_daily_top_counts_payments_and_cards() -> None:
    """The riskiest two of a day; a card is right if any of its payments is fraud."""
    scores = np.array([0.9, 0.8, 0.7, 0.1, 0.5, 0.4])
    fraud = np.array([True, False, True, False, False, True])
    cards = np.array([1, 1, 2, 3, 4, 5])
    day = np.array([0, 0, 0, 0, 1, 1])
    assert daily_top(scores, fraud, cards, day, 2) == ((0.5 + 0.5) / 2, (1.0 + 0.5) / 2)


def test_money_found_counts_amounts_not_frauds() -> None:
    """One of two frauds above the highest genuine payment, with most of the money."""
    scores = np.array([0.9, 0.5, 0.2, 0.1])
    fraud = np.array([True, False, True, False])
    amount = np.array([300.0, 10.0, 100.0, np.nan])
    assert value_detected(scores, fraud, amount, 0.0) == 0.75
    assert value_detected(scores, fraud, amount, 0.5) == 1.0
