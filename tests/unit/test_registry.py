"""Bundles on disk are the register of runs: every one is listed, whole or not."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from plugins.bundles import make_bundle

from models.errors import BadInput
from service.commands.models import command
from service.registry import bundles_in, find_run

SPANS = {
    "train": {"from": "2026-01-06T00:00Z", "to": "2026-02-01T00:00Z"},
    "test": {"from": "2026-02-10T00:00Z", "to": "2026-02-20T00:00Z"},
}
TOLD: dict[str, Any] = {
    "data": {"windows": {"judged": "test", "spans": SPANS}},
    "config": {"classifier": {"refit": True}},
    "config_changed": {"classifier.epochs": 9},
    "metrics": {"detection": {"average_precision": 0.61, "card_precision_100": 0.25}},
    "verdict": {"ship": "LightGBM", "why": "ship the simpler one"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give two whole bundles, the second one older, and three that are not."""
    make_bundle(tmp_path / "one", name="one", created_at="2026-03-02T00:00:00Z", **TOLD)
    make_bundle(tmp_path / "deep" / "two", name="two", created_at="2026-03-01T00:00:00Z")
    (make_bundle(tmp_path / "half", name="half") / "DONE").unlink()
    changed = make_bundle(tmp_path / "changed", name="changed") / "manifest.json"
    changed.write_text(changed.read_text().replace('"seed": 1', '"seed": 2'))
    (tmp_path / ".bundle-x1" / "bundle").mkdir(parents=True)
    (tmp_path / ".bundle-x1" / "bundle" / "score.onnx").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_every_bundle_is_found_the_oldest_first_and_broken_ones_with_their_reason(
    folder: Path,
) -> None:
    """Half-written ones too; of a changed manifest nothing is repeated."""
    runs = bundles_in([folder, folder / "one"])
    assert [run.name for run in runs] == ["two", "one", None, None, None]
    whole, broken = runs[:2], runs[2:]
    assert [run.refused for run in whole] == [None, None]
    reasons = {run.path.name: run.refused or "" for run in broken}
    assert "not complete" in reasons["half"]
    assert "not complete" in reasons["bundle"]
    assert "manifest.json has changed" in reasons["changed"]


def test_a_damaged_file_is_told_beside_what_the_manifest_says(folder: Path) -> None:
    """The manifest is still the one that was sealed."""
    (folder / "one" / "score.onnx").write_bytes(b"other")
    run = next(run for run in bundles_in([folder]) if run.name == "one")
    assert run.refused is not None
    assert "score.onnx has changed" in run.refused
    assert run.average_precision == 0.61


@pytest.mark.parametrize("metrics", [None, [], "much", {"detection": {"average_precision": "?"}}])
def test_a_manifest_with_other_figures_is_listed_without_them(
    tmp_path: Path, metrics: object
) -> None:
    """A bundle of somebody's own training need not say what ours say."""
    make_bundle(tmp_path / "own", metrics=metrics)
    (run,) = bundles_in([tmp_path])
    assert (run.refused, run.average_precision) == (None, None)


def test_a_run_that_learned_again_learned_up_to_the_end_of_what_was_judged(folder: Path) -> None:
    """The shipped network knows the newest payments."""
    run = find_run(str(folder / "one"), [])
    assert run.learned == ("2026-01-06T00:00Z", "2026-02-20T00:00Z")
    assert run.judged == ("2026-02-10T00:00Z", "2026-02-20T00:00Z")


def test_what_a_bundle_flagged_later_is_told_and_not_its_budget() -> None:
    """As its report has it: of the bundle that comes with the package, made by a real run."""
    shipped = Path(str(resources.files("service") / "bundles" / "demo"))
    run = find_run(str(shipped), [])
    everything = json.loads((shipped / "report.json").read_text())["segments"][0]
    assert (everything["by"], run.refused) == ("all", None)
    assert run.alert_rate == everything["figures"]["alert_rate"]["value"]
    assert run.alert_rate != run.budget
    told = CliRunner().invoke(command, ["list", str(shipped)]).output
    assert f"{run.alert_rate:.2%}".replace("%", " %") in told


def test_the_list_is_a_table_for_people_and_json_for_machines(folder: Path) -> None:
    """One line of figures a bundle; what is broken says why, and the command succeeds."""
    said = CliRunner().invoke(command, ["list", str(folder)])
    assert said.exit_code == 0, repr(said.exception)
    assert "2026-01-06..2026-02-20  2026-02-10..2026-02-20  0.610" in said.output
    assert "classifier.epochs = 9" in said.output
    assert said.output.count("refused: ") == 3
    found = json.loads(CliRunner().invoke(command, ["list", "--json", str(folder)]).stdout)
    assert [one["refused"] is None for one in found] == [True, True, False, False, False]
    assert found[1]["changed"] == {"classifier.epochs": 9}


def test_a_folder_without_bundles_says_how_to_make_one(folder: Path) -> None:
    """And one that is not there is a mistake."""
    assert "penumbra train" in CliRunner().invoke(command, ["list", str(folder / "empty")]).output
    refused = CliRunner().invoke(command, ["list", str(folder / "nowhere")])
    assert isinstance(refused.exception, BadInput)


def test_a_card_is_shown_by_folder_or_by_id(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids are looked for in the var folder; one that is unknown names those there are."""
    monkeypatch.setenv("PENUMBRA_VAR_DIR", str(folder))
    (folder / "one" / "card.md").write_text("# Model card: one\n")
    identity = find_run(str(folder / "one"), []).bundle_id
    assert identity is not None
    for name in (str(folder / "one"), identity):
        assert "Model card: one" in CliRunner().invoke(command, ["show", name]).output
    lacking = CliRunner().invoke(command, ["show", "--datasheet", identity])
    assert "no datasheet.md" in str(lacking.exception)
    unknown = CliRunner().invoke(command, ["show", "one-0"])
    assert identity in str(unknown.exception)
