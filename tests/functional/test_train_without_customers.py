"""A table of amounts and declared numbers alone, laid out like the ULB credit card data."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

from models.bundle import load_bundle
from models.scorer import Scorer
from training.cli import train_command

pytestmark = pytest.mark.xdist_group("train_any_file")  # one worker: torch is loaded once

CONFIG = """
name = "ulb"
threads = 1
[autoencoder]
hidden = 16
code = 4
epochs = 1
[classifier]
hidden = [16, 8]
epochs = 2
bin_min_rows = 20
[baselines]
enabled = false
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two days of 6,000 payments; V1 is shifted for frauds."""
    rng = np.random.default_rng(0)
    rows = 6_000
    fraud = rng.random(rows) < 0.03
    columns: dict[str, object] = {"Time": np.sort(rng.integers(0, 172_800, rows)).astype(float)}
    columns |= {f"V{number}": rng.normal(size=rows) for number in range(1, 29)}
    columns["V1"] = rng.normal(size=rows) - 2.5 * fraud
    columns |= {"Amount": rng.gamma(1, 80, rows).round(2), "Class": fraud.astype(int)}
    path = tmp_path / "creditcard.csv"
    pl.DataFrame(columns).write_csv(path)
    return path


def test_trains_scores_and_uses_the_declared_numbers(table: Path, tmp_path: Path) -> None:
    """No customer, no merchant: the model reads amounts and V1 to V28."""
    config, out = tmp_path / "config.toml", tmp_path / "bundle"
    config.write_text(CONFIG)
    arguments = ["--data", str(table), "--mapping", "ulb", "--config", str(config)]
    result = CliRunner().invoke(train_command, [*arguments, "--out", str(out)])
    assert result.exit_code == 0, result.output + repr(result.exception)
    bundle = load_bundle(out)
    names = bundle.spec.names
    assert {"amount", *(f"V{number}" for number in range(1, 29))} <= set(names)
    assert "merchant_frauds_7d" not in names
    suspicious, usual = bundle.background.copy(), bundle.background.copy()
    suspicious[:, names.index("V1")] = -3.5
    usual[:, names.index("V1")] = 1.0
    scorer = Scorer(bundle)
    assert (scorer.score(suspicious).log_odds > scorer.score(usual).log_odds).mean() > 0.9
