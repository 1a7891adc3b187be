"""Each check of the audit finds what was planted and leaves sound data alone."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from builders.audits import DAY_S, START_S, findings


def test_sound_data_has_no_warning_beside_what_it_lacks(tmp_path: Path) -> None:
    """Only the missing merchant is worth a warning."""
    found = findings(tmp_path, days=70, rows=9000)
    assert {name for name, one in found.items() if one.level in {"warning", "problem"}} == {
        "completeness"
    }
    assert "merchant_id" in found["completeness"].text


def test_repeated_ids_are_a_problem(tmp_path: Path) -> None:
    """Ten rows carry an id that was there before."""
    found = findings(tmp_path, id=lambda t: t["id"][:10] + t["id"][:-10])
    assert found["duplicates"].level == "problem"
    assert found["duplicates"].figures["extra_rows"] == 10


def test_rows_out_of_order_are_counted(tmp_path: Path) -> None:
    """A reversed file is nearly all late."""
    found = findings(tmp_path, at=lambda t: t["at"][::-1])
    assert found["time order"].level == "warning"
    assert found["time order"].figures["late"] > 1900


def test_days_without_payments_are_counted(tmp_path: Path) -> None:
    """Five days are cut out of the middle."""
    found = findings(tmp_path, at=lambda t: t["at"] + 5 * 86_400 * (np.arange(2000) > 1000))
    assert found["time gaps"].level == "warning"
    assert found["time gaps"].figures["days_without_payments"] in {4, 5}


def test_refused_rows_are_told_with_the_first_reason(tmp_path: Path) -> None:
    """A negative amount is no payment."""
    found = findings(tmp_path, amount=lambda t: np.where(t["amount"] < 500, -1, t["amount"]))
    assert found["validity"].level == "problem"
    assert "amount" in found["validity"].text


def test_labels_known_at_once_are_doubted(tmp_path: Path) -> None:
    """No live system learns of a fraud while it happens."""
    assert findings(tmp_path, delay=0)["label delay"].level == "warning"
    assert findings(tmp_path)["label delay"].figures["median_days"] == pytest.approx(3)


def test_no_fraud_is_a_problem(tmp_path: Path) -> None:
    """There is nothing to learn from."""
    found = findings(tmp_path, fraud=lambda t: t["fraud"] * 0)
    assert found["label rate"].level == "problem"
    assert found["leakage"].text.startswith("not judged")


def test_constant_columns_are_named(tmp_path: Path) -> None:
    """One value teaches nothing."""
    found = findings(tmp_path, bank=lambda t: ["b"] * len(t["id"]))
    assert found["constant columns"].figures["columns"] == ["bank"]


def test_the_longest_gap_is_told_with_its_first_day(tmp_path: Path) -> None:
    """Somebody has to know which export to repeat."""
    found = findings(tmp_path, at=lambda _: START_S + np.arange(2000) * 60 + _late_half(6))
    assert "5 days from 2023-11-16" in found["time gaps"].text


def test_time_too_short_for_the_windows_is_a_problem(tmp_path: Path) -> None:
    """Labels that take three weeks cannot be played through in ten days."""
    found = findings(tmp_path, delay=21)["training windows"]
    assert found.level == "problem"
    assert "windows.gap_days" in found.text


def test_labels_of_frauds_alone_are_told_and_sound(tmp_path: Path) -> None:
    """Chargebacks name nothing else."""
    found = findings(tmp_path, labels=_labels(range(0, 2000, 7)))["label coverage"]
    assert found.level == "good"
    assert found.figures["labelled"] == len(range(0, 2000, 7))
    assert found.figures["fraud_sources"] == {"issuer_advice": len(range(0, 2000, 7))}
    assert "issuer_advice 286" in found.text


def test_labels_of_other_payments_are_counted(tmp_path: Path) -> None:
    """An export of another month would leave every fraud genuine."""
    found = findings(tmp_path, labels=_labels(range(1900, 2100)))["label coverage"]
    assert found.level == "warning"
    assert found.figures["stray_labels"] == 100


def test_labels_that_thin_out_are_a_warning(tmp_path: Path) -> None:
    """Analysts labelled every payment at first and one in ten later."""
    named = [row for row in range(2000) if row < 1000 or row % 10 == 0]
    labels = _labels(named).with_columns(is_fraud=pl.Series([row % 9 == 0 for row in named]))
    found = findings(tmp_path, days=56, labels=labels)["label coverage"]
    assert found.level == "warning"
    assert "unevenly" in found.text


def test_a_later_label_of_the_same_payment_is_told(tmp_path: Path) -> None:
    """Corrections are no extra labels."""
    labels = pl.concat([_labels(range(0, 2000, 7)), _labels([7, 14])])
    assert findings(tmp_path, labels=labels)["label coverage"].figures["repeated_labels"] == 2


def test_payments_too_young_for_their_labels_are_told(tmp_path: Path) -> None:
    """Labels took up to 20 days and were exported on the last day of 70."""
    rng = np.random.default_rng(1)
    rows = np.arange(0, 4000, 4)
    at = START_S + rows * 70 * DAY_S // 4000
    known = at + rng.integers(1, 20 * DAY_S, len(rows))
    seen = known < START_S + 70 * DAY_S
    labels = _labels(rows[seen].tolist(), known[seen])
    found = findings(
        tmp_path,
        days=70,
        rows=4000,
        labels=labels,
        at=lambda _: START_S + np.arange(4000) * 70 * DAY_S // 4000,
    )["label maturity"]
    assert found.level in {"note", "warning"}
    young = found.figures["young_share"]
    assert 0.2 < young < 0.3  # 19 of 70 days
    assert 0.4 < found.figures["expected_known_share_of_young"] < 0.6  # ages even from 0 to 19 days
    assert found.figures["known_by_age"]["7 days"] == pytest.approx(7 / 20, abs=0.07)


def test_without_labels_every_check_of_labels_says_so(tmp_path: Path) -> None:
    """And nothing is learned from nothing."""
    found = findings(tmp_path, labels=_labels([]))
    assert found["label coverage"].level == "problem"
    assert found["label maturity"].level == "problem"
    assert found["fraud drift"].text.startswith("not judged")


def _late_half(days: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.where(np.arange(2000) > 1000, days * DAY_S, 0)


def _labels(rows: Iterable[int], known_s: Iterable[int] | None = None) -> pl.DataFrame:
    """Return labels of frauds, known eighty days after the start where nothing else is said."""
    ids = [f"t{row}" for row in rows]
    known = [START_S + 80 * DAY_S] * len(ids) if known_s is None else list(known_s)
    return pl.DataFrame(
        {
            "transaction_id": pl.Series(ids, dtype=pl.String),
            "is_fraud": pl.Series([True] * len(ids), dtype=pl.Boolean),
            "known_at": (pl.Series(known, dtype=pl.Int64) * 1000).cast(pl.Datetime("ms", "UTC")),
            "source": pl.Series(["issuer_advice"] * len(ids), dtype=pl.String),
        }
    )
