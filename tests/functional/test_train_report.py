"""What a report says of flags, calibration and segments, and that the bundle does as it says."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from builders.small_file import MAPPING, Files

from models.bundle import PICTURES, bundle_id, load_bundle
from models.decide import judge
from models.errors import PenumbraError
from models.scorer import Scores

pytestmark = pytest.mark.xdist_group("train_small_file")  # one worker: the bundle is trained once


def test_flags_keep_to_the_budget_in_the_window_they_were_chosen_on(trained: Path) -> None:
    """Three a day of some 225 payments a day."""
    report = json.loads((trained / "report.json").read_text())
    told = report["threshold"]
    assert (told["way"], told["target"]) == ("alerts_per_day", 3)
    assert 2 < told["fixed"]["flags_a_day"] <= 3
    assert told["fixed"]["window"] == "validation"
    assert told["judged"]["window"] == "test"
    assert told["judged"]["flags_a_day"] < 9


def test_a_declared_group_is_told_by_and_never_read(trained: Path) -> None:
    """The age band has figures of its own; the device, a category, is a model input too."""
    report = json.loads((trained / "report.json").read_text())
    told = {(one["by"], one["value"]): one["figures"] for one in report["segments"]}
    young, old = told["age_band", "under 25"], told["age_band", "25 and more"]
    assert young["payments"] + old["payments"] == told["all", "all"]["payments"]
    assert young["alert_rate"]["low"] <= young["alert_rate"]["value"]
    assert told["device", "phone"]["frauds"] > 0
    spec = load_bundle(trained).spec
    assert [attribute.name for attribute in spec.attributes] == ["device"]
    assert not any("age_band" in name for name in spec.names)
    assert "age_band: under 25" in (trained / "report.html").read_text()


def test_calibration_of_every_model_stands_with_its_intervals(trained: Path) -> None:
    """Slope, error and frauds among flags, of five models."""
    report = json.loads((trained / "report.json").read_text())
    for model in report["models"]:
        for name in ("brier", "calibration_error", "slope", "observed_over_expected"):
            found = model["reliability"][name]
            assert found["low"] <= found["value"] <= found["high"], (model["name"], name)
    page = (trained / "report.html").read_text()
    assert "observed / expected frauds" in page
    assert "## Calibration" in (trained / "card.md").read_text()


def test_the_model_as_a_whole_is_in_the_bundle_and_no_part_of_its_id(trained: Path) -> None:
    """Mean |SHAP|, every payment, dependence, by segment: drawn, listed, told on the card."""
    manifest = json.loads((trained / "manifest.json").read_text())
    page, card = (trained / "report.html").read_text(), (trained / "card.md").read_text()
    for name in PICTURES:
        body = (trained / name).read_bytes()
        assert body.startswith(b"\x89PNG")
        assert base64.b64encode(body).decode() in page
        assert name in manifest["files"]
    bare = {name: entry for name, entry in manifest["files"].items() if name not in PICTURES}
    assert bundle_id(manifest["name"], bare) == manifest["bundle_id"]
    told = json.loads((trained / "report.json").read_text())["explanations"]
    assert told["sample"]["flagged"] > 0
    assert told["sample"]["genuine"] > 0
    sizes = [one["mean_absolute_contribution"] for one in told["importance"]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == len(load_bundle(trained).spec.players)
    assert f"- {told['importance'][0]['feature']} (" in card


def test_report_shows_the_scorecard_of_the_data(trained: Path) -> None:
    """The grades and the verdict of the audit, as data and on the page."""
    found = json.loads((trained / "report.json").read_text())["audit"]
    page = (trained / "report.html").read_text()
    assert found["verdict"]["fitness"][1:] in page
    assert page.count('class="grade grade-') == len(found["scorecard"])


def test_money_at_risk_decides_as_in_the_report(at_risk: Path) -> None:
    """A bundle ranked by probability x amount, at least cost: what the worker would flag."""
    bundle = load_bundle(at_risk)
    report = json.loads((bundle.path / "report.json").read_text())
    told = report["threshold"]
    assert bundle.threshold_at_risk == told["at_risk"] > 0
    assert told["way"] == "cost"
    assert told["fixed"]["cost_a_day"]["value"] < told["fixed"]["cost_a_day_without_flags"]
    assert (
        told["rankings"]["probability_x_amount"]["figures"]["flags"]
        == (told["judged"]["figures"]["flags"])
    )
    zeros = np.zeros(2, np.float32)
    scores = Scores(np.full(2, 1, np.float32), zeros, zeros)
    flagged = judge(scores, bundle, np.array([1e6, bundle.threshold_at_risk])).flagged
    assert flagged.tolist() == [True, False]
    page = (bundle.path / "report.html").read_text()
    assert "so that costs are least" in page
    assert "cost a day, EUR" in page


@pytest.mark.parametrize(
    ("name", "told"), [("colour", "no category or group"), ("basket", "no category or group")]
)
def test_segments_of_what_is_no_group_are_refused(
    files: Files, tmp_path: Path, name: str, told: str
) -> None:
    """An attribute nobody declared, and a number."""
    (tmp_path / "mapping.yaml").write_text(
        MAPPING + "  basket: {column: amount_minor, kind: number}\n"
    )
    (tmp_path / "config.toml").write_text(f'[segments]\nattributes = ["{name}"]\n')
    more = ["--mapping", str(tmp_path / "mapping.yaml")]
    result = files.train("never", tmp_path / "config.toml", *more)
    assert isinstance(result.exception, PenumbraError)
    assert told in str(result.exception)
    assert "it declares age_band, device" in str(result.exception)


def test_a_group_cannot_take_the_name_of_a_segment(files: Files, tmp_path: Path) -> None:
    """Two columns of figures by country would be one too many."""
    (tmp_path / "mapping.yaml").write_text(MAPPING + "  country: {column: device, kind: group}\n")
    more = ["--mapping", str(tmp_path / "mapping.yaml")]
    result = files.train("never", files.config(), *more)
    assert isinstance(result.exception, PenumbraError)
    assert "told by country already" in str(result.exception)
