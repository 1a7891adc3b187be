"""Nothing about the form of a message gives a fraud away."""

import lightgbm
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from loadtest.simulator import Simulation, SimulationConfig
from loadtest.simulator.frames import CHANNELS

MOST = 0.6
REQUIRED = ("transaction_id", "occurred_at", "customer_id", "merchant_id", "amount_minor",
            "currency", "type", "original_transaction_id", "at", "fraud")  # fmt: skip


@pytest.fixture(scope="module")
def scored() -> pl.DataFrame:
    """Scored payments of five weeks in the order they came, and which are fraud."""
    config = SimulationConfig(seed=17, customers=4_000, merchants=5_000, days=35, fraud_rate=0.015)
    chunks = list(Simulation(config).chunks())
    frauds = pl.concat([c.truth for c in chunks])["transaction_id"].to_list()
    return pl.concat([c.transactions for c in chunks]).filter(
        pl.col("type").is_in(["authorisation", "account_verification"])
    ).with_columns(
        at=pl.col("occurred_at").str.to_datetime(time_unit="ms", time_zone="UTC").dt.epoch("ms"),
        fraud=pl.col("transaction_id").is_in(frauds),
    )  # fmt: skip


def told(features: NDArray[np.float64], fraud: NDArray[np.bool_]) -> float:
    """Return the AUC, on the later half, of boosted trees that saw the earlier half."""
    half = len(fraud) // 2
    trees = lightgbm.LGBMClassifier(
        n_estimators=60, num_leaves=15, min_child_samples=100, learning_rate=0.05, n_jobs=1,
        verbose=-1,
    )  # fmt: skip
    trees.fit(features[:half], fraud[:half])
    risk = trees.predict_proba(features[half:])[:, 1]
    return float(metrics.roc_auc_score(fraud[half:], risk))


def characters(ids: pl.Series) -> NDArray[np.float64]:
    """Return (rows, 17): the length of each id and the code of each of its characters."""
    padded = np.array(ids.fill_null("").to_list(), dtype="S18").view(np.uint8).reshape(-1, 18)
    return np.column_stack([ids.fill_null("").str.len_chars().to_numpy(), padded[:, 2:]]).astype(
        np.float64
    )


@pytest.mark.parametrize("name", ["transaction_id", "device_id", "terminal_id"])
def test_identifiers_tell_nothing(scored: pl.DataFrame, name: str) -> None:
    """Neither the length nor the letters of an id do."""
    rows = scored.filter(pl.col(name).is_not_null() & (pl.col("channel") != "transfer"))
    assert told(characters(rows[name]), rows["fraud"].to_numpy()) < MOST


def test_the_order_of_messages_tells_nothing(scored: pl.DataFrame) -> None:
    """Places in the stream, and the places among messages of one second, do not."""
    place = np.arange(len(scored))
    second = scored["at"].to_numpy() // 1000
    first = np.searchsorted(second, second)
    features = np.column_stack([place % 2, place % 3, place % 10, place - first]).astype(float)
    assert told(features, scored["fraud"].to_numpy()) < MOST


def test_fractions_of_the_time_tell_nothing(scored: pl.DataFrame) -> None:
    """Seconds and milliseconds are as random in frauds as elsewhere."""
    at = scored["at"].to_numpy()
    features = np.column_stack([at % 1000, at % 10, at // 1000 % 60]).astype(float)
    assert told(features, scored["fraud"].to_numpy()) < MOST


@pytest.mark.parametrize("channel", CHANNELS)
def test_the_cents_tell_nothing(scored: pl.DataFrame, channel: str) -> None:
    """The last digits of an amount are those of the category, whoever pays."""
    rows = scored.filter(
        (pl.col("channel") == channel)
        & (pl.col("currency") == "EUR")
        & (pl.col("amount_minor") > 0)
    )
    cents = rows["amount_minor"].to_numpy()
    features = np.column_stack([cents % 100, cents % 10, cents % 5]).astype(float)
    assert told(features, rows["fraud"].to_numpy()) < MOST


@pytest.mark.parametrize("channel", CHANNELS)
def test_absent_fields_tell_nothing(scored: pl.DataFrame, channel: str) -> None:
    """Which optional fields are there depends on channel and sender, not on fraud.

    Standing orders and subscriptions have no device: they are left out, since that frauds
    are not among them is true of the world too.
    """
    rows = scored.filter(
        (pl.col("channel") == channel)
        & (pl.col("entry_mode").fill_null("") != "recurring")
        & ((pl.col("channel") != "transfer") | pl.col("device_id").is_not_null())
    )
    optional = [name for name in rows.columns if name not in REQUIRED]
    there = np.column_stack([rows[name].is_not_null().to_numpy() for name in optional])
    assert told(there.astype(float), rows["fraud"].to_numpy()) < MOST


@pytest.mark.parametrize("channel", CHANNELS)
def test_each_absent_field_alone_tells_nothing(scored: pl.DataFrame, channel: str) -> None:
    """No single field's presence separates fraud within its channel, standing orders included."""
    rows = scored.filter(pl.col("channel") == channel)
    fraud = rows["fraud"].to_numpy()
    for name in [name for name in rows.columns if name not in REQUIRED]:
        there = rows[name].is_not_null().to_numpy()
        auc = metrics.roc_auc_score(fraud, there)
        assert max(auc, 1 - auc) < MOST, name
