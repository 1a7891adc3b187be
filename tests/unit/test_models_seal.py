"""Seals: what is known of merchants by the hour, and when a label begins to count."""

import numpy as np
import pytest
from builders.streams import DAY_S, labels, payments
from numpy.typing import NDArray

from models.catalogue import column
from models.labels import Labels
from models.replay import replay
from models.seal import HOUR_MS, Seal, cutoff_ms, first_hour, needs_volumes
from models.transaction import Transactions

HOUR_S = 3_600
MIDNIGHT = 20_300 * DAY_S


def hourly(n: int, every_s: int = HOUR_S, **columns: object) -> Transactions:
    """Return a payment on every hour from midnight, each by another customer."""
    columns.setdefault("customer_id", [f"c{row}" for row in range(n)])
    return payments(MIDNIGHT + every_s * np.arange(n), **columns)


def frauds(rows: Transactions, told: Labels, days: int = 1) -> NDArray[np.float32]:
    """Return the merchant's known frauds at each row."""
    return replay(rows, told).features[:, column(f"merchant_frauds_{days}d")]


def test_a_label_known_at_the_cutoff_is_in_and_one_after_it_waits() -> None:
    """A quarter of an hour before the hour is the last moment."""
    rows = hourly(6)
    cutoff_s = cutoff_ms(MIDNIGHT // HOUR_S + 3) // 1000
    assert frauds(rows, labels(["t0"], [cutoff_s])).tolist() == [0, 0, 0, 1, 1, 1]
    assert frauds(rows, labels(["t0"], [cutoff_s + 1])).tolist() == [0, 0, 0, 0, 1, 1]


def test_first_hour_and_cutoff_agree() -> None:
    """The first hour for a time is the first whose cutoff is not before it."""
    known = 1_750_000_000_000 + np.arange(0, 3 * HOUR_MS, 60_000)
    for ms, hour in zip(known, first_hour(known), strict=True):
        assert cutoff_ms(int(hour)) >= ms > cutoff_ms(int(hour) - 1)


def test_a_withdrawn_label_takes_its_fraud_back() -> None:
    """From the next seal on, and it may come back again."""
    rows = hourly(8)
    at = MIDNIGHT + HOUR_S * np.array([1, 3, 5]) + 60
    told = labels(["t0", "t0", "t0"], at, [True, False, True])
    assert frauds(rows, told).tolist() == [0, 0, 1, 1, 0, 0, 1, 1]


def test_several_labels_on_one_payment_count_once() -> None:
    """In one seal or in several, a payment is one fraud."""
    rows = hourly(6)
    together = labels(["t0"] * 3, [MIDNIGHT + 60] * 3)
    apart = labels(["t0"] * 3, MIDNIGHT + HOUR_S * np.arange(3) + 60)
    assert frauds(rows, together).tolist() == frauds(rows, apart).tolist() == [0, 1, 1, 1, 1, 1]


def test_the_latest_known_label_decides_and_its_id_breaks_ties() -> None:
    """Labels known at the same millisecond are taken in order of their ids."""
    rows = hourly(4)
    known = [MIDNIGHT + 60] * 2
    assert frauds(rows, labels(["t0", "t0"], known, [True, False])).tolist() == [0, 0, 0, 0]
    assert frauds(rows, labels(["t0", "t0"], known, [False, True])).tolist() == [0, 1, 1, 1]


def test_a_label_of_no_payment_changes_nothing() -> None:
    """Unmatched labels wait for nobody."""
    assert frauds(hourly(3), labels(["unknown"], [MIDNIGHT])).tolist() == [0, 0, 0]


def test_a_payment_without_a_merchant_has_no_merchant_features() -> None:
    """Nor does its fraud count against anyone."""
    rows = hourly(3, merchant_id=np.array([None, "merchant", None], object))
    told = labels(["t0"], [MIDNIGHT + 60])
    assert frauds(rows, told).tolist() == [0, 0, 0]


def test_a_fraud_leaves_each_window_when_it_should() -> None:
    """Windows are of the hour in which it became known."""
    rows = hourly(40, every_s=DAY_S)
    told = labels(["t0"], [MIDNIGHT + 60])
    for days in (1, 7, 14, 30):
        expected = [0.0] + [1.0] * (days - 1) + [0.0] * (40 - days)
        if days == 1:
            expected = [0.0, 1.0] + [0.0] * 38
        else:
            expected = [0.0] + [1.0] * days + [0.0] * (39 - days)
        assert frauds(rows, told, days).tolist() == expected


def test_volumes_are_of_complete_days() -> None:
    """Today's payments count from tomorrow on; those without a rate count without amount."""
    rows = hourly(48, reporting_minor=np.array([1_000, -1] * 24, np.int64))
    result = replay(rows, Labels.none())
    volume = result.features[:, column("merchant_volume_1d")]
    assert volume.tolist() == [0.0] * 24 + [24.0] * 24
    ratio = result.features[:, column("merchant_amount_ratio")]
    assert ratio[24::2].tolist() == [1.0] * 12
    first_of_day = [s for s in result.seals if s.day >= 0 and len(s.merchant)]
    assert [(s.volume.tolist(), s.amounts.tolist(), s.amount_sum.tolist()) for s in first_of_day] \
        == [([24], [12], [12_000])]  # fmt: skip


def test_volumes_are_due_once_a_day() -> None:
    """At the first seal of a day, and at the first of all."""
    assert needs_volumes(240, None)
    assert needs_volumes(264, 263)
    assert not needs_volumes(263, 262)


def test_a_seal_survives_its_bytes() -> None:
    """What is stored is what was sealed, column for column."""
    result = replay(hourly(48), labels(["t0", "t3"], [MIDNIGHT + 60] * 2))
    for one in result.seals:
        again = Seal.unpack(one.pack())
        assert (again.hour, again.day) == (one.hour, one.day)
        assert again.pack() == one.pack()
        assert again.frauds.tolist() == one.frauds.tolist()


def test_a_replay_of_nothing_is_empty() -> None:
    """No payments give no features and no seals."""
    result = replay(hourly(3).take(slice(0, 0)), Labels.none())
    assert len(result.features) == 0
    assert result.seals == []


@pytest.mark.parametrize("kind", [1, 2, 3, 5])
def test_types_that_are_not_scored_change_no_history(kind: int) -> None:
    """A completion, reversal, refund or advice has no features and is never spend."""
    rows = payments(MIDNIGHT + np.arange(3), type=np.array([0, kind, 0], np.int8))
    features = replay(rows, Labels.none()).features
    assert not features[1].any()
    assert features[2, column("count_1h")] == 2
    assert features[2, column("spend_1h")] == 20
