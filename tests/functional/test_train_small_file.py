"""`penumbra train` on a small file: the whole way from a table to a bundle that scores."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from builders.small_file import Files

from models.bundle import load_bundle
from models.errors import PenumbraError
from models.scorer import Scorer, risk_score

pytestmark = pytest.mark.xdist_group("train_small_file")  # one worker: the bundle is trained once


def test_bundle_loads_and_scores_every_row(trained: Path) -> None:
    """What training writes is what the kernel verifies, loads and runs."""
    bundle = load_bundle(trained)
    assert bundle.bundle_id.startswith("small-")
    assert bundle.background.shape == (100, len(bundle.spec.features))
    scores = Scorer(bundle).score(bundle.background)
    assert np.isfinite(scores.log_odds).all()
    risk = risk_score(scores.log_odds, bundle.risk_edges)
    assert np.median(risk) < 500, "genuine payments lie low on the scale"
    assert bundle.manifest["tile"] == 256
    assert (trained / "DONE").stat().st_mtime_ns >= (trained / "report.html").stat().st_mtime_ns


def test_training_leaves_arithmetic_as_it_was(trained: Path) -> None:
    """Denormal numbers are flushed to zero while networks learn, and no longer."""
    assert trained.is_dir()
    assert np.float64(5e-324) * np.float64(1) > 0


def test_report_compares_the_network_with_every_baseline(trained: Path) -> None:
    """Figures of five models, paired differences, a verdict and what was subsampled."""
    report = json.loads((trained / "report.json").read_text())
    assert [model["name"] for model in report["models"]] == [
        "network",
        "logistic regression",
        "decision tree",
        "random forest",
        "LightGBM",
    ]
    assert all(0.05 < model["detection"]["average_precision"] <= 1 for model in report["models"])
    assert report["models"][1]["genuine_share"] < 1
    assert len(report["differences"]) == 4
    assert report["verdict"]["ship"] in [model["name"] for model in report["models"]]
    assert report["windows"]["judged"] == "test"
    assert report["parity"]["log_odds"] <= 1e-4
    everything = report["segments"][0]
    assert everything["by"] == "all"
    assert everything["figures"]["payments"] == report["windows"]["spans"]["test"]["payments"]
    assert {segment["by"] for segment in report["segments"]} >= {"all", "amount", "channel"}


def test_windows_leave_a_gap_of_the_label_delay(trained: Path) -> None:
    """Two days lie between train and validation and between validation and test."""
    report = json.loads((trained / "report.json").read_text())
    spans = {
        name: (datetime.fromisoformat(span["from"]), datetime.fromisoformat(span["to"]))
        for name, span in report["windows"]["spans"].items()
    }
    assert report["windows"]["gap_days"] == pytest.approx(2, abs=0.01)
    for earlier, later in (("train", "validation"), ("validation", "test")):
        gap = spans[later][0] - spans[earlier][1]
        assert gap >= timedelta(days=2) - timedelta(minutes=2)
    assert spans["warm-up"][1] == spans["train"][0]


def test_report_page_needs_nothing_but_itself(trained: Path) -> None:
    """Plots are inline, nothing is fetched, no script runs."""
    page = (trained / "report.html").read_text()
    assert page.count("<svg") == 5
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["']https?:""", page)
    assert "Model card" in (trained / "card.md").read_text()


def test_reference_describes_every_feature(trained: Path) -> None:
    """Drift has something to compare each feature and the risk score with."""
    bundle = load_bundle(trained)
    assert tuple(bundle.reference["features"]) == bundle.spec.names
    assert len(bundle.reference["risk"]["shares"]) == 1000


def test_same_data_config_and_seed_give_the_same_model(files: Files, at_risk: Path) -> None:
    """Two runs give the same graph, byte for byte, and so the same bundle id."""
    assert files.train("again", files.config_at_risk()).exit_code == 0
    first, second = (load_bundle(path) for path in (at_risk, files.folder / "again"))
    assert first.graph("score.onnx") == second.graph("score.onnx")
    assert first.bundle_id == second.bundle_id
    np.testing.assert_array_equal(first.risk_edges, second.risk_edges)
    report = json.loads((first.path / "report.json").read_text())
    assert report["windows"]["judged"] == "validation"
    assert "slightly favourable" in (first.path / "card.md").read_text().replace("\n", " ")


def test_a_folder_that_holds_something_is_refused(files: Files, trained: Path) -> None:
    """A bundle is never overwritten."""
    result = files.train(trained.name, files.config())
    assert isinstance(result.exception, PenumbraError)
    assert "is not empty" in str(result.exception)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("epochs = 3\n", "unknown setting epochs"),
        ("[classifier]\ndropuot = 0.2\n", "unknown setting classifier.dropuot"),
        ("[classifier]\ndropout = 2\n", "classifier.dropout"),
        ("[threshold]\nalert_rate = 0.01\nalerts_per_day = 5\n", "exclude each other"),
        ("name = \n", "not valid TOML"),
        ("[windows]\nuntil = 2026-01-20T00:00:00\n", "windows.until"),
    ],
)
def test_a_mistaken_configuration_is_one_line_with_the_fix(
    files: Files, tmp_path: Path, text: str, told: str
) -> None:
    """Nothing is trained with a setting that was misspelt."""
    config = tmp_path / "config.toml"
    config.write_text(text)
    result = files.train("never", config)
    assert isinstance(result.exception, PenumbraError)
    assert told in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not (files.folder / "never").exists()


def test_too_little_time_is_refused_with_what_to_change(files: Files, tmp_path: Path) -> None:
    """A few days cannot hold all windows and gaps."""
    config = tmp_path / "config.toml"
    config.write_text("[windows]\nuntil = 2026-01-05T00:00:00Z\n")
    result = files.train("short", config)
    assert isinstance(result.exception, PenumbraError)
    assert "windows.gap_days" in str(result.exception)
