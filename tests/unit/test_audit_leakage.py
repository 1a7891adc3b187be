"""What gives fraud away is found, with what it is used for and why it is suspected."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders.audits import findings
from sklearn.metrics import roc_auc_score

from models.hindsight import lateness_ms, named_as_hindsight, only_in_frauds
from models.mapping import Mapping
from models.strength import strength
from training.audit.columns import column_uses

NOISE = np.random.default_rng(1).normal(scale=0.05, size=2000)
DAY_MS = 86_400_000


def scenario(table: dict[str, Any]) -> Any:
    """Return a typology: 0 for genuine payments, 1 to 3 for frauds."""
    return table["fraud"] * (1 + np.arange(2000) % 3)


def test_an_attribute_that_nearly_tells_fraud_is_a_problem(tmp_path: Path) -> None:
    """Made of the label with a little noise."""
    found = findings(tmp_path, score=lambda t: t["fraud"] + NOISE)["leakage"]
    assert found.level == "problem"
    (suspect,) = found.figures["suspects"]
    assert (suspect["column"], suspect["use"]) == ("score", "input")
    assert suspect["fields"] == ["attribute score"]
    assert "make sure it is known before the decision" in found.text


def test_a_column_of_a_canonical_field_is_an_input_too(tmp_path: Path) -> None:
    """The device is an input though it is no attribute."""
    found = findings(
        tmp_path,
        mapping="device_id: {column: device}\n",
        device=lambda t: np.where(t["fraud"] == 1, "emulator", "phone"),
    )["leakage"]
    assert found.level == "problem"
    assert found.figures["suspects"][0]["fields"] == ["device_id"]


def test_an_amount_that_tells_fraud_is_an_input_too(tmp_path: Path) -> None:
    """Every fraud costs more than any genuine payment."""
    found = findings(tmp_path, amount=lambda t: t["amount"] + 9000 * t["fraud"])["leakage"]
    assert found.level == "problem"
    assert "as amount" in found.text


def test_a_field_that_no_feature_reads_is_no_input(tmp_path: Path) -> None:
    """The terminal is kept for people."""
    found = findings(
        tmp_path,
        mapping="terminal_id: {column: terminal}\n",
        terminal=lambda t: np.where(t["fraud"] == 1, "a", "b"),
    )["leakage"]
    assert found.level == "good"
    assert found.figures["suspects"][0]["use"] == "mapped"
    assert "which no feature reads" in found.text


def test_a_telling_column_that_nobody_named_is_noted(tmp_path: Path) -> None:
    """It had better be ignored by name."""
    found = findings(tmp_path, scenario=scenario)["leakage"]
    assert found.level == "note"
    assert "write it under `ignore`" in found.text


def test_a_telling_column_that_is_ignored_is_good(tmp_path: Path) -> None:
    """And the reason is told all the same."""
    found = findings(tmp_path, mapping="ignore: [scenario]\n", scenario=scenario)["leakage"]
    assert found.level == "good"
    assert "'0' in every genuine payment" in found.text
    assert "its name says scenario" in found.text


def test_a_scenario_that_is_mapped_is_known_afterwards(tmp_path: Path) -> None:
    """The gravest case: an input from the future."""
    found = findings(
        tmp_path, mapping="  scenario: {column: scenario, kind: category}\n", scenario=scenario
    )["leakage"]
    assert found.level == "problem"
    assert found.figures["inputs_known_afterwards"] == 1
    assert "take it out of the mapping" in found.text


def test_a_customer_who_is_the_label_is_found(tmp_path: Path) -> None:
    """Frauds were all made by the same ten customers, who did nothing else."""
    found = findings(
        tmp_path,
        customer=lambda t: [
            f"c{number % 10 if fraud else 10 + number % 500}"
            for number, fraud in enumerate(t["fraud"])
        ],
    )["leakage"]
    assert found.figures["suspects"][0]["fields"] == ["customer_id"]


def test_unique_ids_and_the_label_itself_are_no_suspects(tmp_path: Path) -> None:
    """An id of its own for each row seems to tell all, and tells nothing."""
    found = findings(tmp_path)["leakage"]
    assert found.figures["suspects"] == []
    assert found.level == "good"


def test_the_handbooks_scenario_is_found(handbook: Path) -> None:
    """In the mapping that comes with Penumbra it is the kind of fraud, which no model sees."""
    table = pl.read_parquet(handbook, columns=["TX_FRAUD", "TX_FRAUD_SCENARIO"])
    fraud = table["TX_FRAUD"].to_numpy() == 1
    sign = only_in_frauds(table["TX_FRAUD_SCENARIO"], fraud)
    assert sign is not None
    assert "('1', '2', '3') in every fraud" in sign
    uses = column_uses(Mapping.load("handbook").file, ["TX_FRAUD_SCENARIO", "TERMINAL_ID"])
    assert uses["TX_FRAUD_SCENARIO"].use == "kind"
    assert uses["TERMINAL_ID"].fields == ("merchant_id",)


def test_a_rare_strong_sign_known_beforehand_is_not_called_hindsight() -> None:
    """A blacklisted address is on in most frauds, and on in one genuine payment of fifty."""
    fraud = np.arange(2000) % 20 == 0
    listed = fraud | (np.arange(2000) % 50 == 1)
    assert only_in_frauds(pl.Series("listed", listed), fraud) is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("TX_FRAUD_SCENARIO", "scenario"),
        ("chargebackDate", "chargeback"),
        ("fraud_type", "fraud type"),
        ("Disposition", "disposition"),
        ("newbalanceDest", "new balance"),
        ("amount", None),
        ("card_type", None),
    ],
)
def test_names_that_speak_of_what_came_after(name: str, hint: str | None) -> None:
    """Words of a name count, not letters in it."""
    assert named_as_hindsight(name) == hint


@pytest.mark.parametrize(
    ("name", "shift_ms", "late"),
    [
        ("settled_at", 2 * DAY_MS, True),
        ("created_at", -DAY_MS, False),
        ("card_expiry", 700 * DAY_MS, False),
    ],
)
def test_times_after_the_payment_are_found(name: str, shift_ms: int, *, late: bool) -> None:
    """But not dates that were set long before, such as an expiry."""
    occurred = 1_700_000_000_000 + np.arange(100) * 3_600_000
    spread = np.random.default_rng(2).integers(0, DAY_MS, 100)
    times = pl.Series(name, occurred + shift_ms + spread).cast(pl.Datetime("ms"))
    assert (lateness_ms(times, occurred) is not None) == late
    text = times.dt.strftime("%Y-%m-%dT%H:%M:%S").alias(name)
    assert (lateness_ms(text, occurred) is not None) == late


def test_a_local_clock_is_no_time_after_the_payment() -> None:
    """Two hours ahead of UTC, always."""
    occurred = 1_700_000_000_000 + np.arange(100) * 3_600_000
    local = pl.Series("local_time", occurred + 2 * 3_600_000).cast(pl.Datetime("ms"))
    assert lateness_ms(local, occurred) is None


def test_strength_is_the_area_under_the_curve() -> None:
    """The same number as scikit-learn's, ties and direction included."""
    rng = np.random.default_rng(3)
    fraud = rng.random(500) < 0.2
    values = np.round(rng.normal(size=500) - 2 * fraud, 1)
    found = strength(pl.Series("x", values + 1e-9 * np.arange(500)), fraud)
    assert found == pytest.approx(1 - roc_auc_score(fraud, values + 1e-9 * np.arange(500)))
