"""Each check of the audit finds what was planted and leaves sound data alone."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.intake import Intake
from models.mapping import Mapping
from models.money import Rates
from training.audit import Finding, Subject, audit
from training.progress import Silent
from training.source import read_source

MAPPING = """
transaction_id: {column: id}
occurred_at: {column: at, unit: seconds, time_zone: UTC}
customer_id: {column: customer}
amount: {column: amount, unit: minor}
currency: {constant: EUR}
label: {column: fraud, delay_days: DELAY}
attributes:
  score: {column: score, kind: number}
"""


def findings(tmp_path: Path, *, delay: float = 3, **changed: Any) -> dict[str, Finding]:
    """Audit a sound table of 2,000 rows with some columns changed."""
    rng = np.random.default_rng(0)
    rows = 2000
    table: dict[str, Any] = {
        "id": [f"t{number}" for number in range(rows)],
        "at": np.sort(rng.integers(1_700_000_000, 1_700_000_000 + 10 * 86_400, rows)),
        "customer": [f"c{number}" for number in rng.integers(0, 50, rows)],
        "amount": rng.integers(1, 5000, rows),
        "fraud": np.where(rng.random(rows) < 0.15, 1, 0),
        "score": rng.normal(size=rows),
    }
    table |= {name: change(table) for name, change in changed.items()}
    data, mapping_file = tmp_path / "data.parquet", tmp_path / "mapping.yaml"
    pl.DataFrame(table).write_parquet(data)
    mapping_file.write_text(MAPPING.replace("DELAY", str(delay)))
    mapping = Mapping.load(mapping_file)
    source = read_source(
        data,
        mapping=mapping,
        labels=None,
        intake=Intake(rates=Rates.none("EUR"), attributes=frozenset(mapping.attributes)),
        now_ms=2 * 10**12,
    )
    found = audit(Subject.of(source, mapping), Silent())
    return {one.check: one for one in found.findings}


def test_sound_data_has_no_warning_beside_what_it_lacks(tmp_path: Path) -> None:
    """Only the missing merchant is worth a warning."""
    found = findings(tmp_path)
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
    assert found["leakage"].text.startswith("not checked")


def test_an_input_that_nearly_tells_fraud_is_a_problem(tmp_path: Path) -> None:
    """An attribute made of the label with a little noise."""
    noise = np.random.default_rng(1).normal(scale=0.05, size=2000)
    found = findings(tmp_path, score=lambda t: t["fraud"] + noise)
    assert found["leakage"].level == "problem"
    assert found["leakage"].figures["inputs"] == ["score"]


def test_a_telling_column_that_is_not_an_input_is_noted(tmp_path: Path) -> None:
    """A typology known afterwards stands in the file but not in the mapping."""
    found = findings(tmp_path, typology=lambda t: np.where(t["fraud"] == 1, "stolen", "none"))
    assert found["leakage"].level == "note"
    assert "typology" in found["leakage"].text


def test_constant_columns_are_named(tmp_path: Path) -> None:
    """One value teaches nothing."""
    found = findings(tmp_path, bank=lambda t: ["b"] * len(t["id"]))
    assert found["constant columns"].figures["columns"] == ["bank"]
