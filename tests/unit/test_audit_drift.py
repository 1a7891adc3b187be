"""Drift is found where something changed, and chance is not called drift."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders.audits import DAY_S, START_S, findings
from hypothesis import given, settings
from hypothesis import strategies as st

from models.stability_index import chance_index, stability_index
from training.audit.fraud_ratio import ratio_with_interval
from training.audit.weeks import weeks_of

COUNTS = st.lists(st.integers(0, 5000), min_size=2, max_size=12)
CHANNELS = "  channel_of_file: {column: channel_of_file, kind: category}\n"


def late(table: dict[str, Any]) -> Any:
    """Return which payments lie in the last three of ten weeks."""
    return table["at"] >= START_S + 49 * DAY_S


def test_a_steady_file_has_no_drift(tmp_path: Path) -> None:
    """Ten weeks of the same."""
    found = findings(tmp_path, days=70, rows=9000)
    assert [found[f"{what} drift"].level for what in ("volume", "input", "fraud")] == ["good"] * 3


@pytest.mark.parametrize("rows", [60, 200, 600])
def test_chance_in_small_files_is_no_drift(tmp_path: Path, rows: int) -> None:
    """A few payments a week are never distributed like the others; that is not a change."""
    assert findings(tmp_path, days=70, rows=rows)["input drift"].level == "good"


def test_an_amount_in_another_unit_is_drift_and_names_the_week(tmp_path: Path) -> None:
    """Cents became euros in the eighth week."""
    found = findings(
        tmp_path,
        days=70,
        rows=9000,
        amount=lambda t: np.where(late(t), t["amount"] // 100 + 1, t["amount"]),
    )["input drift"]
    assert found.level == "warning"
    assert found.text.startswith("amount (EUR) differs most in the week from 20")
    assert found.figures["largest"]["amount (EUR)"] > 0.5


def test_a_new_value_of_a_category_is_drift_and_is_named(tmp_path: Path) -> None:
    """A channel went from nothing to half."""
    found = findings(
        tmp_path,
        days=70,
        rows=9000,
        mapping=CHANNELS,
        channel_of_file=lambda t: np.where(late(t) & (t["amount"] % 2 == 0), "app", "web"),
    )["input drift"]
    assert found.level == "warning"
    assert "channel_of_file differs most" in found.text


def test_values_that_go_missing_are_drift(tmp_path: Path) -> None:
    """A column that is no longer filled."""
    found = findings(
        tmp_path, days=70, rows=9000, score=lambda t: np.where(late(t), np.nan, t["score"])
    )["input drift"]
    assert found.level == "warning"
    assert "missing went from 0.0% of payments to 100.0%" in found.text


def test_a_clock_that_shifts_is_drift(tmp_path: Path) -> None:
    """Twelve hours off from one week on, in a file of office hours."""

    def shifted(table: dict[str, Any]) -> Any:
        day = (table["at"] - START_S) // DAY_S
        return START_S + day * DAY_S + np.where(late(table), 20, 8) * 3600

    assert findings(tmp_path, days=70, rows=9000, at=shifted)["input drift"].level == "warning"


def test_half_the_payments_missing_in_a_week_is_a_volume_warning(tmp_path: Path) -> None:
    """A week's export broke off."""

    def moved(table: dict[str, Any]) -> Any:
        broken = (table["at"] >= START_S + 56 * DAY_S) & (table["at"] < START_S + 61 * DAY_S)
        return np.where(broken, table["at"] - 28 * DAY_S, table["at"])

    found = findings(tmp_path, days=70, rows=9000, at=moved)["volume drift"]
    assert found.level == "warning"
    assert "is something missing" in found.text


def test_a_fraud_share_that_triples_is_a_warning(tmp_path: Path) -> None:
    """From 15 % to 45 % in the last three weeks."""
    found = findings(
        tmp_path,
        days=70,
        rows=9000,
        fraud=lambda t: np.where(late(t) & (t["amount"] % 10 < 4), 1, t["fraud"]),
    )["fraud drift"]
    assert found.level == "warning"
    assert found.figures["low"] > 1.5


def test_weeks_whose_labels_are_due_do_not_count_as_a_fall_of_fraud(tmp_path: Path) -> None:
    """The last three weeks have no fraud yet, since labels take five weeks."""
    rows = np.arange(0, 9000, 10)
    at = START_S + rows * 70 * DAY_S // 9000
    known = at + 21 * DAY_S
    seen = known <= START_S + 70 * DAY_S
    labels = pl.DataFrame(
        {
            "transaction_id": [f"t{row}" for row in rows[seen]],
            "is_fraud": [True] * int(seen.sum()),
            "known_at": pl.Series(known[seen] * 1000).cast(pl.Datetime("ms", "UTC")),
        }
    )
    found = findings(
        tmp_path,
        days=70,
        rows=9000,
        labels=labels,
        at=lambda _: START_S + np.arange(9000) * 70 * DAY_S // 9000,
    )
    assert found["fraud drift"].level == "good"
    assert found["label maturity"].level == "warning"


def test_three_weeks_are_too_few_to_compare(tmp_path: Path) -> None:
    """Nothing is claimed of them."""
    found = findings(tmp_path, days=21)
    assert all(found[f"{what} drift"].level == "note" for what in ("volume", "input", "fraud"))


def test_a_group_of_frauds_of_one_customer_is_no_trend() -> None:
    """Twenty frauds of one customer are one event: the interval holds 1; of twenty it does not."""
    quiet = np.zeros((100, 2))
    payments = np.full((100, 2), 50.0)
    one, many = quiet.copy(), quiet.copy()
    one[0], many[:20, 1] = (0, 20), 1
    one[50:60, 0] = many[50:60, 0] = 1
    assert ratio_with_interval(one, payments)[1] < 1
    assert ratio_with_interval(many, payments)[1] > ratio_with_interval(one, payments)[1]


def test_the_interval_of_a_steady_share_holds_one_nearly_always() -> None:
    """Of 400 files without a change, about 19 in 20 intervals hold 1."""
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(400):
        payments = rng.integers(5, 40, (300, 2)).astype(float)
        frauds = rng.binomial(payments.astype(int), 0.05).astype(float)
        _, low, high = ratio_with_interval(frauds, payments)
        held += low <= 1 <= high
    assert 0.92 <= held / 400 <= 0.98


@given(COUNTS, st.integers(1, 50))
@settings(deadline=None)
def test_the_index_is_zero_only_of_the_same_shares(counts: list[int], times: int) -> None:
    """It is never negative, is symmetric, and grows from nothing."""
    expected = np.array(counts) + 1
    same = stability_index(expected, expected[None] * times)
    other = stability_index(expected, expected[None, ::-1].copy())
    back = stability_index(expected[::-1].copy(), expected[None])
    assert same[0] == pytest.approx(0, abs=0.02)
    assert (other >= 0).all()
    assert other == pytest.approx(back)


def test_chance_seldom_exceeds_what_it_is_said_to() -> None:
    """Of 2,000 samples without drift, hardly one is beyond."""
    rng = np.random.default_rng(5)
    shares = rng.dirichlet(np.full(10, 5.0))
    beyond = 0
    for _ in range(200):
        expected = rng.multinomial(800, shares)
        found = rng.multinomial(200, shares, 10)
        beyond += int((stability_index(expected, found) > chance_index(expected, found)).sum())
    assert beyond <= 4


@given(st.integers(0, 10**9), st.integers(1, 400), st.integers(2, 300))
@settings(deadline=None)
def test_every_payment_of_a_whole_week_is_in_one(start_s: int, days: int, rows: int) -> None:
    """And those of the days left over are in none."""
    times = 1000 * np.linspace(start_s, start_s + days * DAY_S - 1, rows).astype(np.int64)
    weeks = weeks_of(times)
    if weeks is None:
        assert (times.max() - times.min()) / 1000 < 28 * DAY_S
        return
    assert weeks.counts().sum() == int((weeks.index >= 0).sum())
    assert (times[weeks.index < 0] >= weeks.end_ms(weeks.count - 1)).all()
    assert 1 <= weeks.reference < weeks.count
