"""A small file of payments with its labels, its mapping, and how to train on it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from click.testing import CliRunner, Result

from training.cli import train_command

CONFIG = """
name = "small"
seed = 3
threads = 1

[windows]
warmup_days = 3
validation_share = 0.2
test_share = {test_share}

[autoencoder]
hidden = 16
code = 4
epochs = 2
batch_rows = 256

[classifier]
bins_per_feature = 4
bin_min_rows = 20
hidden = [16, 8]
members = 2
epochs = 4
batch_rows = 256
refit = {refit}

[threshold]
{threshold}

[segments]
attributes = ["device"]

[baselines]
enabled = {baselines}
logistic_rows = 2000
tree_rows = 2000
forest_rows = 2000
forest_trees = 20
boosting_rounds = 30
boosting_bins = 63
"""


MAPPING = """
transaction_id: {column: transaction_id}
occurred_at: {column: occurred_at}
customer_id: {column: customer_id}
merchant_id: {column: merchant_id}
amount: {column: amount_minor, unit: minor}
currency: {column: currency}
channel: {column: channel}
attributes:
  age_band: {column: age_band, kind: group}
  device: {column: device, kind: category}
"""


@dataclass(frozen=True)
class Files:
    """Where the small data lies."""

    payments: Path
    labels: Path
    folder: Path

    def config(
        self,
        *,
        test_share: float = 0.2,
        refit: bool = True,
        baselines: bool = True,
        threshold: str = "alerts_per_day = 3",
    ) -> Path:
        """Write a configuration."""
        text = CONFIG.format(
            test_share=test_share,
            refit=str(refit).lower(),
            baselines=str(baselines).lower(),
            threshold=threshold,
        )
        path = self.folder / f"{len(list(self.folder.iterdir()))}.toml"
        path.write_text(text)
        return path

    def config_at_risk(self) -> Path:
        """Write a configuration that ranks by probability x amount and trains nothing else."""
        threshold = (
            'rank_by = "probability_x_amount"\n[threshold.cost]\nreview_cost = 3\nfriction_cost = 1'
        )
        return self.config(baselines=False, refit=False, test_share=0.0, threshold=threshold)

    def train(self, out: str, config: Path, *more: str) -> Result:
        """Run the command."""
        arguments = ["--data", str(self.payments), "--labels", str(self.labels)]
        arguments += ["--mapping", str(self.folder / "mapping.yaml"), "--config", str(config)]
        arguments += ["--out", str(self.folder / out), *more]
        return CliRunner().invoke(train_command, arguments, catch_exceptions=True)


def write_small_file(folder: Path) -> Files:
    """Write forty days of 120 customers; fraud is large, or at one of two merchants."""
    rng = np.random.default_rng(0)
    rows = 9_000
    start = datetime(2026, 1, 1, tzinfo=UTC)
    seconds = np.sort(rng.integers(0, 40 * 86_400, rows))
    customer = rng.integers(0, 120, rows)
    merchant = rng.integers(0, 40, rows)
    amount = rng.gamma(2.0, 1500.0 * (1 + customer / 60), rows)
    risky = (merchant < 2) * 0.25 + 0.008
    fraud = rng.random(rows) < risky
    amount = np.where(fraud & (rng.random(rows) < 0.7), amount * 8, amount)
    when = [start + timedelta(seconds=int(second)) for second in seconds]
    ids = [f"t{number}" for number in range(rows)]
    pl.DataFrame(
        {
            "transaction_id": ids,
            "occurred_at": [moment.isoformat() for moment in when],
            "customer_id": [f"c{number}" for number in customer],
            "merchant_id": [f"m{number}" for number in merchant],
            "amount_minor": amount.astype(np.int64),
            "currency": ["EUR"] * rows,
            "channel": rng.choice(["ecommerce", "card_present"], rows).tolist(),
            "age_band": np.where(customer < 30, "under 25", "25 and more").tolist(),
            "device": np.where(merchant % 2, "phone", "desk").tolist(),
        }
    ).write_csv(folder / "payments.csv")
    pl.DataFrame(
        {
            "transaction_id": [ids[row] for row in np.flatnonzero(fraud)],
            "is_fraud": [True] * int(fraud.sum()),
            "known_at": [
                (when[row] + timedelta(days=2)).isoformat() for row in np.flatnonzero(fraud)
            ],
        }
    ).write_csv(folder / "labels.csv")
    (folder / "mapping.yaml").write_text(MAPPING)
    return Files(folder / "payments.csv", folder / "labels.csv", folder)
