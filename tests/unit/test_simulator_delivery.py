"""Late delivery: out of order, complete, and no sign of anything else."""

# mypy: disable-error-code=operator
# polars' mean, median, min and max are typed as any scalar there is

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from loadtest.simulator import Simulation, SimulationConfig

CONFIG = SimulationConfig(seed=6, customers=800, merchants=500, days=8, fraud_rate=0.03)


def delivered(config: SimulationConfig) -> pl.DataFrame:
    """Return transactions in the order of delivery, with `at` in milliseconds and `fraud`."""
    chunks = list(Simulation(config).chunks())
    frauds = pl.concat([c.truth for c in chunks])["transaction_id"].to_list()
    return pl.concat([c.transactions for c in chunks]).with_columns(
        at=pl.col("occurred_at").str.to_datetime(time_unit="ms", time_zone="UTC").dt.epoch("ms"),
        fraud=pl.col("transaction_id").is_in(frauds),
    )


@pytest.fixture(scope="module")
def late() -> pl.DataFrame:
    """Give a portfolio with one event in twenty late."""
    return delivered(replace(CONFIG, late_share=0.05))


def test_late_events_are_the_same_events(late: pl.DataFrame) -> None:
    """Every transaction arrives once, unchanged: occurred_at is when it occurred."""
    punctual = delivered(CONFIG)
    assert late.sort("transaction_id").equals(punctual.sort("transaction_id"))


def test_the_configured_share_is_out_of_order(late: pl.DataFrame) -> None:
    """About one in twenty comes after something newer; from minutes to days behind."""
    behind = late["at"].cum_max() - late["at"]
    assert 0.03 < (behind > 30_000).mean() < 0.055
    minutes = np.sort(behind.filter(behind > 0).to_numpy()) / 60_000
    assert np.quantile(minutes, 0.25) < 60
    assert 24 * 60 < minutes[-1] < 3 * 24 * 60 + 1


def test_lateness_says_nothing_about_fraud(late: pl.DataFrame) -> None:
    """Frauds are late as often as genuine payments, give or take chance."""
    behind = (late["at"].cum_max() - late["at"]) > 30_000
    fraud = (
        late.with_columns(behind=behind).group_by("fraud").agg(pl.col("behind").mean(), pl.len())
    )
    share = {row["fraud"]: row for row in fraud.iter_rows(named=True)}
    spread = np.sqrt(0.05 * 0.95 / share[True]["len"])
    assert abs(share[True]["behind"] - share[False]["behind"]) < 4 * spread


def test_without_the_option_nothing_is_late() -> None:
    """The default keeps the order of events."""
    assert delivered(CONFIG)["at"].is_sorted()
