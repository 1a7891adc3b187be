"""`penumbra evaluate` on a file of one's own: every model on every fold, and again at once."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from models.errors import BadInput, PenumbraError
from models.explainer import SWEEP
from training.evaluation.candidates import AUTOENCODER, BOOSTING, BY_LIGHTGBM, BY_SHAP, label
from training.evaluation.cli import evaluate_command
from training.evaluation.material import OURS
from training.evaluation.report import LEADS
from training.evaluation.rules import HAND_SEARCHED

pytestmark = pytest.mark.xdist_group("evaluate")  # one worker: the scores are kept

MAPPING = """
transaction_id: {column: id}
occurred_at: {column: at}
customer_id: {column: who}
merchant_id: {column: where}
amount: {column: amount, unit: major}
currency: {constant: GBP}
attributes:
  items: {column: items, kind: number}
label: {column: fraud, fraud_values: ["1"], delay_days: 7}
"""
CONFIG = """
reporting_currency = "GBP"
[autoencoder]
hidden = 8
code = 3
epochs = 1
[classifier]
bins_per_feature = 3
bin_min_rows = 20
hidden = [8, 4]
epochs = 2
batch_rows = 512
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give seventy days of payments in pounds, with an attribute of their own."""
    folder = tmp_path_factory.mktemp("evaluate")
    rng = np.random.default_rng(8)
    rows = 6_000
    start = datetime(2026, 1, 1, tzinfo=UTC)
    fraud = rng.random(rows) < 0.05
    pl.DataFrame(
        {
            "id": [f"p{n}" for n in range(rows)],
            "at": [
                (start + timedelta(seconds=int(s))).isoformat()
                for s in np.sort(rng.integers(0, 70 * 86_400, rows))
            ],
            "who": [f"c{n}" for n in rng.integers(0, 200, rows)],
            "where": [f"m{n}" for n in rng.integers(0, 50, rows)],
            "amount": np.round(rng.gamma(2, 20, rows) * np.where(fraud, 6, 1), 2),
            "items": rng.integers(1, 9, rows),
            "fraud": fraud.astype(int),
        }
    ).write_csv(folder / "payments.csv")
    pl.DataFrame(
        {
            "transaction_id": [f"p{n}" for n in np.flatnonzero(fraud)],
            "typology": [("spree", "scam")[n % 2] for n in np.flatnonzero(fraud)],
        }
    ).write_csv(folder / "kinds.csv")
    (folder / "mapping.yaml").write_text(MAPPING)
    (folder / "small.toml").write_text(CONFIG)
    return folder


def evaluated(
    folder: Path,
    protocol: str = "four-weeks",
    config: str = "small.toml",
    seeds: int = 2,
    jobs: int = 1,
) -> Result:
    """Run the command."""
    arguments = ["--protocol", protocol, "--data", str(folder / "payments.csv")]
    arguments += ["--mapping", str(folder / "mapping.yaml"), "--config", str(folder / config)]
    arguments += ["--kinds", str(folder / "kinds.csv"), "--out", str(folder / "out")]
    arguments += ["--seeds", str(seeds), "--jobs", str(jobs)]
    return CliRunner().invoke(evaluate_command, arguments)


@pytest.fixture(scope="module")
def judged(folder: Path) -> Path:
    """Judge every model once, two fits at a time."""
    first = evaluated(folder, jobs=2)
    assert first.exit_code == 0, first.output + repr(first.exception)
    return folder


def test_every_model_is_judged_and_a_second_run_fits_nothing(judged: Path) -> None:
    """Eleven rows, the attribute among the features; kept scores are taken up."""
    folder = judged
    out = folder / "out" / "four-weeks"
    found = json.loads((folder / "out" / "four-weeks.json").read_text())
    rows = found["rows"]
    assert len(rows) == 11
    assert [row["name"] for row in rows if row["behind"] is None] == [LEADS]
    assert max(row["figures"]["average precision"] for row in rows) > 0.3
    spec = json.loads((out / "all" / "spec.json").read_text())
    assert "items" in {attribute["name"] for attribute in spec["attributes"]}
    kept = {p: p.stat().st_mtime_ns for p in (out / "all").glob("2*.npz")}
    assert len(kept) == 7 + 1 + 2 * 2
    assert not list(out.rglob("ours.npy"))
    page = (folder / "out" / "four-weeks.md").read_text()
    assert page.count("\n| spree |") == page.count("\n| scam |") == 4
    assert all(set(row["kinds"]) == set(row["folds"]) for row in rows)
    assert "What the autoencoder contributes" in page
    assert evaluated(folder).exit_code == 0
    assert (folder / "out" / "four-weeks.md").read_text() == page
    assert {p: p.stat().st_mtime_ns for p in kept} == kept


def test_what_each_model_costs_stands_beside_what_it_finds(judged: Path) -> None:
    """A batch is cheaper a row than a row alone; every way to explain has its time."""
    found = json.loads((judged / "out" / "four-weeks.json").read_text())
    ours = {row["name"] for row in found["rows"] if row["name"].endswith(OURS)}
    assert set(found["costs"]) == ours - {label(AUTOENCODER)}
    for cost in found["costs"].values():
        assert 0 < cost["batch_us"] < cost["single_us"]
        assert cost["disk_mb"] > 0
        assert cost["memory_mb"] >= 0
    assert set(found["costs"][label(BOOSTING)]["explained_ms"]) == {BY_LIGHTGBM, BY_SHAP}
    assert set(found["costs"][LEADS]["explained_ms"]) == {SWEEP}


def test_rules_stand_beside_the_models_on_four_weeks(judged: Path) -> None:
    """Amounts of fraud are larger here: a rule finds some, the models more."""
    folder = judged
    found = json.loads((folder / "out" / "four-weeks.json").read_text())
    assert len(found["frontier"]) >= len(found["rules"]) > 1
    for one in found["rules"]:
        assert 0 < one["rules"]["frauds"] <= 1
        assert set(one["models"]) == {LEADS, label(BOOSTING)}
    assert {one["name"] for one in found["rules"]}.isdisjoint({one.name for one in HAND_SEARCHED})
    assert "Rule sets against models" in (folder / "out" / "four-weeks.md").read_text()


def test_scores_of_another_configuration_are_not_taken_up(judged: Path) -> None:
    """The folder says what its scores are of."""
    folder = judged
    (folder / "other.toml").write_text(CONFIG.replace("epochs = 2", "epochs = 3"))
    refused = evaluated(folder, config="other.toml")
    assert isinstance(refused.exception, PenumbraError)
    assert "give another --out" in str(refused.exception)


def test_a_protocol_that_does_not_fit_the_data_says_so(folder: Path) -> None:
    """The handbook's weeks are of 2018."""
    refused = evaluated(folder, protocol="handbook")
    assert isinstance(refused.exception, BadInput)
    assert "choose another --protocol" in str(refused.exception)


def test_kinds_of_fraud_are_left_out_and_looked_for(folder: Path) -> None:
    """Both kinds, and neither is in what their models learned from."""
    done = evaluated(folder, protocol="unseen-kinds", seeds=1)
    assert done.exit_code == 0, done.output + repr(done.exception)
    found = json.loads((folder / "out" / "unseen-kinds.json").read_text())
    assert {one["kind"] for one in found["found"]} == {"spree", "scam"}
    assert len(found["found"]) == 2 * (6 + 2)
    kept = folder / "out" / "unseen-kinds"
    with (
        np.load(kept / "spree" / "known.npz") as known,
        np.load(kept / "payments.npz") as payments,
    ):
        assert (~known["usable"] == (payments["kind"] == "spree")).all()


def test_a_learning_curve_says_what_few_labels_give(folder: Path) -> None:
    """Fifty frauds and all of them, two draws."""
    done = evaluated(folder, protocol="few-labels")
    assert done.exit_code == 0, done.output + repr(done.exception)
    points = json.loads((folder / "out" / "few-labels.json").read_text())["points"]
    assert len({one["frauds"] for one in points}) == 2
    assert len(points) == 2 * (5 + 2)
    assert "labelled frauds needed" in (folder / "out" / "few-labels.md").read_text()


def test_the_headline_answers_on_any_file(folder: Path) -> None:
    """Amounts of fraud are larger here; too few frauds are a reason and no figure."""
    done = evaluated(folder, protocol="headline", seeds=1)
    assert done.exit_code == 0, done.output + repr(done.exception)
    found = json.loads((folder / "out" / "headline.json").read_text())
    assert {one["name"] for one in found["beside"]}.isdisjoint({one.name for one in HAND_SEARCHED})
    page = (folder / "out" / "headline.md").read_text()
    assert "not known: labelled frauds are worth" in page or "% (" in page
    assert "| bar |" not in page
