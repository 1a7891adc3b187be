"""What travels with a bundle beside its figures: datasheet, kinds of fraud, what was configured."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from models.bundle import load_bundle
from service.registry import read_run
from training.cli import train_command

pytestmark = pytest.mark.xdist_group("train_evidence")  # one worker: the bundle is trained once

ROWS = 2_500
MAPPING = """
transaction_id: {row_number: p}
occurred_at: {column: at, since: "2026-01-01T00:00:00Z", time_zone: UTC}
customer_id: {column: who, tokenise: true}
amount: {column: amount, unit: major}
currency: {column: currency}
attributes:
  items: {column: items, kind: number}
label:
  column: fraud
  delay_days: 1
  kind: {column: story}
"""
CONFIG = """
name = "evidence"
seed = 3
[autoencoder]
hidden = 8
code = 3
epochs = 1
[classifier]
bins_per_feature = 3
bin_min_rows = 20
hidden = [8, 4]
epochs = 2
refit = false
[windows]
validation_share = 0.25
test_share = 0
[threshold]
alert_rate = 0.05
[baselines]
enabled = false
[datasheet]
purpose = "A test."
"""


@dataclass(frozen=True)
class Made:
    """A file of payments and the bundle that was trained on it."""

    payments: Path
    bundle: Path

    def report(self) -> dict[str, Any]:
        """Return the report as data."""
        found: dict[str, Any] = json.loads((self.bundle / "report.json").read_text())
        return found

    def sheet(self) -> str:
        """Return the datasheet."""
        return (self.bundle / "datasheet.md").read_text()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Train on ten days in two currencies, of which one has no exchange rate."""
    folder = tmp_path_factory.mktemp("evidence")
    rng = np.random.default_rng(6)
    fraud = rng.random(ROWS) < 0.05
    stories = [("spree", "scam")[n % 2] if one else None for n, one in enumerate(fraud)]
    pl.DataFrame(
        {
            "at": np.sort(rng.integers(0, 10 * 86_400, ROWS)),
            "who": [f"c{n}" for n in rng.integers(0, 60, ROWS)],
            "amount": np.round(rng.gamma(2, 20, ROWS) * np.where(fraud, 5, 1), 2),
            "currency": ["SEK" if n % 100 == 0 else "EUR" for n in range(ROWS)],
            "items": rng.integers(1, 9, ROWS),
            "fraud": fraud.astype(int),
            "story": stories,
        }
    ).write_csv(folder / "data.csv")
    (folder / "mapping.yaml").write_text(MAPPING)
    (folder / "config.toml").write_text(CONFIG)
    arguments = ["--data", "data.csv", "--mapping", "mapping.yaml", "--config", "config.toml"]
    arguments = [str(folder / word) if "." in word else word for word in arguments]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENUMBRA_TOKENISATION_KEY", "of this test alone")
        result = CliRunner().invoke(train_command, [*arguments, "--out", str(folder / "bundle")])
    assert result.exit_code == 0, result.output + repr(result.exception)
    return Made(folder / "data.csv", folder / "bundle")


@pytest.mark.parametrize(
    "stated",
    [
        "2,500 rows, 0 refused",
        "60 customers; no merchants are named",
        "EUR 2,475, SEK 25; told in EUR",
        "25 payments have no exchange rate",
        "items (number)",
        "keyed hashes when the file was read: customer_id",
        "2,500 of 2,500 payments have a label",
        "after 1.0 days, 95 % after 1.0",
        "Never given: merchant_id, country",
        "*For what purpose was the data recorded?* A test.",
        "*Who answers questions about it?* not stated",
    ],
)
def test_the_datasheet_states_what_is_known_and_asks_what_is_not(made: Made, stated: str) -> None:
    """Counts of the file and its labels; a question without an answer is told as such."""
    assert stated in made.sheet()


def test_the_datasheet_names_the_file_by_its_hash(made: Made) -> None:
    """So that nobody has to guess which file it was."""
    assert hashlib.sha256(made.payments.read_bytes()).hexdigest() in made.sheet()


def test_kinds_of_fraud_are_told_and_no_model_reads_them(made: Made) -> None:
    """How much of each kind the flags found on the judged window."""
    report = made.report()
    kinds, everything = report["kinds"], report["segments"][0]["figures"]
    assert {one["kind"] for one in kinds} == {"spree", "scam"}
    assert sum(one["frauds"] for one in kinds) == everything["frauds"]
    found = sum(one["frauds"] * one["found"]["at the threshold"] for one in kinds)
    assert found / everything["frauds"] == pytest.approx(everything["detection_rate"]["value"])
    assert "<h2>Kinds of fraud</h2>" in (made.bundle / "report.html").read_text()
    assert [one.name for one in load_bundle(made.bundle).spec.attributes] == ["items"]


def test_a_bundle_is_listed_with_what_its_configuration_changed(made: Made) -> None:
    """Settings that differ from the defaults, by their dotted names; answers are none of them."""
    run = read_run(made.bundle)
    assert run.refused is None
    assert run.changed is not None
    assert run.changed["seed"] == 3
    assert run.changed["classifier.hidden"] == [8, 4]
    assert not {"name", "classifier.dropout", "datasheet.purpose"} & set(run.changed)
    assert run.judged_window == "validation"
    assert run.average_precision is not None
