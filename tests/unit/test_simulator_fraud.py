"""Fraud typologies: each leaves its own traces, none leaves more than it should."""

# mypy: disable-error-code=operator
# polars' mean, median, min and max are typed as any scalar there is

import polars as pl
import pytest

from loadtest.simulator import TYPOLOGIES, Simulation, SimulationConfig, SimulationError

CONFIG = SimulationConfig(seed=3, customers=3_000, merchants=3_000, days=30, fraud_rate=0.02)


def frauds_of(config: SimulationConfig) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return all transactions, and the frauds among them with typology, episode and `at`."""
    chunks = list(Simulation(config).chunks())
    paid = pl.concat([c.transactions for c in chunks]).with_columns(
        at=pl.col("occurred_at").str.to_datetime(time_unit="ms", time_zone="UTC").dt.epoch("ms")
    )
    truth = pl.concat([c.truth for c in chunks])
    return paid, paid.join(truth, on="transaction_id")


@pytest.fixture(scope="module")
def tables() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give a month with more fraud than usual."""
    return frauds_of(CONFIG)


@pytest.fixture(scope="module")
def paid(tables: tuple[pl.DataFrame, pl.DataFrame]) -> pl.DataFrame:
    """Give all transactions of the month."""
    return tables[0]


@pytest.fixture(scope="module")
def frauds(tables: tuple[pl.DataFrame, pl.DataFrame]) -> pl.DataFrame:
    """Give the frauds of the month."""
    return tables[1]


def test_every_typology_occurs_in_about_its_share(frauds: pl.DataFrame) -> None:
    """Shares of frauds follow the configuration within a factor of two and a bit."""
    counts = dict(frauds["typology"].value_counts().iter_rows())
    for typology in TYPOLOGIES:
        expected = CONFIG.share_of(typology) * len(frauds)
        assert expected / 2.2 < counts[typology] < expected * 2.2, typology


def test_the_fraud_rate_is_the_one_asked_for(paid: pl.DataFrame, frauds: pl.DataFrame) -> None:
    """Two payments in a hundred are fraud when two in a hundred were asked for."""
    scored = paid["type"].is_in(["authorisation", "account_verification"]).sum()
    assert 0.016 < len(frauds) / scored < 0.024


def test_without_fraud_there_is_none() -> None:
    """A fraud rate of nought leaves truth empty, and all labels false."""
    config = SimulationConfig(customers=300, merchants=300, days=5, fraud_rate=0.0)
    chunks = list(Simulation(config).chunks())
    assert sum(len(c.truth) for c in chunks) == 0
    assert not pl.concat([c.labels for c in chunks])["is_fraud"].any()


def test_card_testing_is_small_and_many_at_one_merchant(frauds: pl.DataFrame) -> None:
    """An attack tries several customers' cards for a few euros at a single merchant."""
    attacks = frauds.filter(typology="card_testing").group_by("episode_id").agg(
        pl.col("merchant_id").n_unique().alias("merchants"),
        pl.col("customer_id").n_unique().alias("cards"),
        pl.col("amount_minor").filter(pl.col("currency") == "EUR").max().alias("most"),
    )  # fmt: skip
    assert (attacks["merchants"] == 1).all()
    assert attacks["cards"].median() >= 3
    assert attacks["most"].quantile(0.9) < 2_000


def test_a_takeover_comes_from_a_device_the_customer_never_used(
    paid: pl.DataFrame, frauds: pl.DataFrame
) -> None:
    """One device an episode, unknown before; tests of a few euros, then hundreds."""
    taken = frauds.filter(pl.col("typology") == "account_takeover").sort("at")
    by_episode = taken.group_by("episode_id", maintain_order=True).agg(
        pl.col("device_id").drop_nulls().n_unique().alias("devices"),
        pl.col("amount_minor").max().alias("drain"),
    )
    assert (by_episode["devices"] <= 1).all()
    assert by_episode["drain"].median() > 20_000
    genuine = paid.join(taken.select("transaction_id"), on="transaction_id", how="anti")
    known = set(genuine["device_id"].drop_nulls())
    assert not known & set(taken["device_id"].drop_nulls())


def test_a_compromised_merchant_sees_ordinary_payments(
    paid: pl.DataFrame, frauds: pl.DataFrame
) -> None:
    """One merchant for days, many customers, amounts like those of everyone."""
    bad = frauds.filter(pl.col("typology") == "merchant_compromise")
    episodes = bad.group_by("episode_id").agg(
        pl.col("merchant_id").n_unique(), pl.col("at").max() - pl.col("at").min()
    )
    assert (episodes["merchant_id"] == 1).all()
    assert episodes["at"].median() > 4 * 86_400_000
    euro = pl.col("currency") == "EUR"
    cards = paid.filter(euro & pl.col("channel").is_in(["card_present", "ecommerce"]))
    ratio = bad.filter(euro)["amount_minor"].median() / cards["amount_minor"].median()
    assert 0.6 < ratio < 1.7


def test_structuring_stays_below_its_limits(frauds: pl.DataFrame) -> None:
    """Every part of a structured sum lies a little below 1,000, 3,000 or 10,000 euros."""
    parts = frauds.filter((pl.col("typology") == "structuring") & (pl.col("currency") == "EUR"))
    euros = parts["amount_minor"].to_numpy() / 100
    below = [
        any(0.68 * limit <= value <= limit for limit in (1000, 3000, 10000)) for value in euros
    ]
    assert len(below) > 10
    assert all(below)


def test_mules_pass_money_on(frauds: pl.DataFrame) -> None:
    """Layering is transfers to several accounts and some cash, by one to three customers."""
    mules = frauds.filter(pl.col("typology") == "money_mule")
    assert set(mules["channel"].drop_nulls()) <= {"transfer", "atm"}
    chains = mules.group_by("episode_id").agg(
        pl.col("customer_id").n_unique(), pl.col("beneficiary_id").n_unique()
    )
    assert set(chains["customer_id"]) <= {1, 2, 3}
    assert chains["beneficiary_id"].median() >= 2


def test_first_party_frauds_use_the_customers_own_devices(
    paid: pl.DataFrame, frauds: pl.DataFrame
) -> None:
    """Friendly fraud and bust-outs come mostly from devices the customer uses elsewhere."""
    own = frauds.filter(pl.col("typology").is_in(["friendly_fraud", "bust_out"]))
    genuine = paid.join(frauds.select("transaction_id"), on="transaction_id", how="anti")
    pairs = genuine.select("customer_id", "device_id").unique()
    seen = own.drop_nulls("device_id").join(pairs, on=["customer_id", "device_id"], how="semi")
    assert len(seen) / own["device_id"].count() > 0.75


def test_a_novel_tactic_appears_on_its_day_and_not_before() -> None:
    """With novel_from no fraud of that typology occurs earlier; it does later."""
    config = SimulationConfig(
        seed=8, customers=1_500, merchants=1_500, days=20, fraud_rate=0.02,
        novel_from={"account_takeover": 10},
    )  # fmt: skip
    _, frauds = frauds_of(config)
    taken = frauds.filter(pl.col("typology") == "account_takeover")
    day = (taken["at"] - taken["at"].min()).max()
    first = taken["at"].min() // 86_400_000 - config.first_day
    assert first >= 10
    assert len(taken) > 5
    assert day is not None


def test_a_typology_that_is_not_named_does_not_occur() -> None:
    """fraud_shares lists all there is."""
    config = SimulationConfig(
        seed=8, customers=500, merchants=500, days=10, fraud_rate=0.02,
        fraud_shares={"stolen_card": 1.0},
    )  # fmt: skip
    _, frauds = frauds_of(config)
    assert set(frauds["typology"]) == {"stolen_card"}


def test_genuine_customers_do_what_fraud_does(paid: pl.DataFrame, frauds: pl.DataFrame) -> None:
    """They travel, use new devices, spend large sums, and buy a lot within an hour."""
    genuine = paid.join(frauds.select("transaction_id"), on="transaction_id", how="anti").filter(
        pl.col("type") == "authorisation"
    )
    abroad = genuine.group_by("customer_id").agg(pl.col("country").drop_nulls().n_unique())
    assert (abroad["country"] > 1).mean() > 0.3
    fresh = genuine.drop_nulls("device_id").sort("at").with_columns(
        first=pl.col("at").min().over("customer_id"),
        new=pl.col("at") == pl.col("at").min().over("customer_id", "device_id"),
    )  # fmt: skip
    later = fresh.filter(pl.col("at") > pl.col("first") + 10 * 86_400_000)
    assert later["new"].mean() > 0.03
    euros = genuine.filter(pl.col("currency") == "EUR")["amount_minor"]
    assert (euros > 50_000).sum() > 3 * (frauds["amount_minor"] > 50_000).sum()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"customers": 1}, "customers is 1"),
        ({"fraud_rate": 0.5}, "fraud_rate is 0.5"),
        ({"late_share": 1.5}, "late_share is 1.5"),
        ({"fraud_shares": {"phishing": 1.0}}, "no fraud typology 'phishing'"),
        ({"fraud_shares": {"bust_out": -1.0}}, "negative weight"),
        ({"novel_from": {"phishing": 3}}, "no fraud typology 'phishing'"),
        ({"payments_per_customer_day": 0.0}, "payments_per_customer_day is 0.0"),
    ],
)
def test_a_configuration_without_sense_is_refused(wrong: dict[str, object], message: str) -> None:
    """The error names the value and what would do."""
    with pytest.raises(SimulationError, match=message):
        SimulationConfig(**wrong)  # type: ignore[arg-type]
