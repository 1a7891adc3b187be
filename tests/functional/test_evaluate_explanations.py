"""`penumbra evaluate --explanations`: the demo's bundle on payments it has not seen."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from loadtest.commands import simulate
from models.errors import BadInput
from models.explainer import PERMUTATION, RESCALE, SWEEP
from training.demo_bundle import PLACE
from training.evaluation.cli import evaluate_command
from training.evaluation.fidelity import reference
from training.evaluation.fidelity.methods import DEFAULT

pytestmark = pytest.mark.xdist_group("evaluate_explanations")  # one worker: payments are simulated
FLAGS = 6


@pytest.fixture(scope="module")
def arguments(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Give the command's arguments, but for the days that are judged."""
    folder = tmp_path_factory.mktemp("explanations")
    data, rates = folder / "transactions.parquet", folder / "rates.csv"
    asked = ["--seed", "5", "--days", "30", "--customers", "400", "--merchants", "300"]
    made = CliRunner().invoke(simulate, [*asked, "--out", str(data), "--rates", str(rates)])
    assert made.exit_code == 0, made.output
    return [
        "--explanations", str(PLACE), "--data", str(data), "--mapping", "canonical",
        "--labels", str(folder / "transactions.labels.parquet"), "--rates", str(rates),
        "--flags", str(FLAGS), "--out", str(folder / "out"),
    ]  # fmt: skip


def test_every_way_to_explain_stands_beside_converged_values(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours and shap's on the same flags, trees on theirs, and how well two references agree."""
    monkeypatch.setattr(reference, "MOST_ERROR", 0.02)
    done = CliRunner().invoke(evaluate_command, [*arguments, "--judged-from", "2026-01-20"])
    assert done.exit_code == 0, done.output + repr(done.exception)
    out = Path(arguments[-1])
    found = json.loads((out / "explanations.json").read_text())
    rows = found["rows"]
    assert {DEFAULT, f"{SWEEP}, unchecked", RESCALE, f"{PERMUTATION}, pairs a row: 4"} <= set(rows)
    shap = {name for name in rows if name.startswith("shap.")}
    assert {name.split(".")[1].split(",")[0] for name in shap} == {
        "KernelExplainer", "PermutationExplainer", "DeepExplainer", "GradientExplainer",
    }  # fmt: skip
    assert found["flags"] == FLAGS
    assert found["standard_error"] <= 0.02
    assert found["ceiling_spearman"] > 0.9
    assert rows[DEFAULT]["spearman"] > 0.95
    assert rows[DEFAULT]["additivity"] <= 1e-4
    assert rows["LightGBM, TreeSHAP interventional (exact)"]["spearman"] == 1
    assert all(row["ms"] > 0 for row in rows.values())
    page = (out / "explanations.md").read_text()
    assert page.count("\n|") == len(rows) + 3
    assert len(list((out / "explanations").glob("reference-*.npz"))) == 2


def test_days_without_a_flag_are_refused(arguments: list[str]) -> None:
    """With what to do about it."""
    refused = CliRunner().invoke(evaluate_command, [*arguments, "--judged-from", "2027-01-01"])
    assert isinstance(refused.exception, BadInput)
    assert "give an earlier --judged-from" in str(refused.exception)
