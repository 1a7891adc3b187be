"""Labels: late by source, sometimes missing, wrong, back-dated or taken back."""

# mypy: disable-error-code=operator
# polars' mean, median, min and max are typed as any scalar there is

from dataclasses import replace

import polars as pl
import pytest

from loadtest.simulator import Simulation, SimulationConfig

CONFIG = SimulationConfig(seed=4, customers=3_000, merchants=2_000, days=30, fraud_rate=0.03)
DAY_MS = 86_400_000


def times(*names: str) -> list[pl.Expr]:
    """Return RFC 3339 columns as epoch milliseconds."""
    return [
        pl.col(n).str.to_datetime(time_unit="ms", time_zone="UTC").dt.epoch("ms") for n in names
    ]


@pytest.fixture(scope="module")
def labels() -> pl.DataFrame:
    """All labels of a month, each with its payment's time `at` and true typology (or null)."""
    return labels_of(CONFIG)


def labels_of(config: SimulationConfig) -> pl.DataFrame:
    """Return the labels of a simulation beside what they are about."""
    chunks = list(Simulation(config).chunks())
    paid = pl.concat([c.transactions for c in chunks])
    truth = pl.concat([c.truth for c in chunks])
    return (
        pl.concat([c.labels for c in chunks])
        .with_columns(times("labelled_at", "known_at"))
        .join(
            paid.select("transaction_id", "type", *(t.alias("at") for t in times("occurred_at"))),
            on="transaction_id",
            maintain_order="left",
        )
        .join(truth, on="transaction_id", how="left", maintain_order="left")
    )


def test_labels_arrive_in_the_order_they_become_known(labels: pl.DataFrame) -> None:
    """known_at never decreases, and comes after the payment and after labelled_at."""
    assert labels["known_at"].is_sorted()
    assert (labels["labelled_at"] > labels["at"]).all()
    assert (labels["known_at"] > labels["labelled_at"]).all()


def test_labels_are_about_scored_payments(labels: pl.DataFrame) -> None:
    """No completion or refund is labelled."""
    assert set(labels["type"]) <= {"authorisation", "account_verification"}


def test_chargebacks_take_weeks_and_reports_days(labels: pl.DataFrame) -> None:
    """The median delay of each source is as documented."""
    first = labels.filter(pl.col("supersedes").is_null() & pl.col("is_fraud"))
    delay = first.group_by("source").agg(
        days=((pl.col("labelled_at") - pl.col("at")) / DAY_MS).median()
    )
    days = dict(delay.iter_rows())
    assert 14 < days["chargeback"] < 30
    assert 0.5 < days["customer_report"] < 3
    assert 2 < days["investigation"] < 9


def test_most_frauds_are_labelled_and_some_never(labels: pl.DataFrame) -> None:
    """The share of frauds without a label is near the configured one, by typology."""
    chunks = list(Simulation(CONFIG).chunks())
    truth = pl.concat([c.truth for c in chunks])
    found = truth.join(labels.filter("is_fraud"), on="transaction_id", how="semi")
    share = 1 - len(found) / len(truth)
    assert 0.04 < share < 0.15
    everything = labels_of(replace(CONFIG, days=5, missed_share=0.0))
    truth = pl.concat([c.truth for c in Simulation(replace(CONFIG, days=5)).chunks()])
    assert truth.join(everything.filter("is_fraud"), on="transaction_id", how="anti").is_empty()


def test_some_fraud_labels_are_mistakes_and_most_are_withdrawn(labels: pl.DataFrame) -> None:
    """Genuine payments called fraud are about three in a hundred; over a third is corrected."""
    called = labels.filter("is_fraud")
    wrong = called.filter(pl.col("typology").is_null())
    assert 0.015 < len(wrong) / len(called) < 0.06
    corrected = labels.filter(pl.col("supersedes").is_in(wrong["label_id"].to_list()))
    assert len(corrected) > len(wrong) / 3


def test_a_revision_supersedes_an_earlier_label_of_the_same_payment(labels: pl.DataFrame) -> None:
    """Withdrawn labels are superseded by one that says: no fraud."""
    revised = labels.filter(pl.col("supersedes").is_not_null())
    assert len(revised) > 10
    both = revised.join(labels, left_on="supersedes", right_on="label_id", suffix="_first")
    assert len(both) == len(revised)
    assert (both["transaction_id"] == both["transaction_id_first"]).all()
    assert (both["known_at"] > both["known_at_first"]).all()
    assert both["is_fraud_first"].all()
    assert not both["is_fraud"].any()


def test_merchants_win_friendly_fraud_disputes_more_often(labels: pl.DataFrame) -> None:
    """Chargebacks of friendly fraud are withdrawn several times as often as others."""
    charged = labels.filter((pl.col("source") == "chargeback") & pl.col("is_fraud"))
    back = labels["supersedes"].drop_nulls().to_list()
    won = charged.with_columns(won=pl.col("label_id").is_in(back)).group_by(
        friendly=pl.col("typology") == "friendly_fraud"
    ).agg(pl.col("won").mean())  # fmt: skip
    share = dict(won.drop_nulls("friendly").iter_rows())
    assert share[True] > 3 * share[False]


def test_backdated_labels_are_known_days_after_the_moment_they_claim(labels: pl.DataFrame) -> None:
    """About three labels in a hundred are back-dated by more than two days; the rest by hours."""
    late = (labels["known_at"] - labels["labelled_at"]) / DAY_MS
    assert 0.015 < (late > 2).mean() < 0.05
    assert (late.filter(late <= 2) < 0.3).all()


def test_payments_of_one_episode_are_found_out_together(labels: pl.DataFrame) -> None:
    """A customer's stolen card is reported once: same source for every payment of the episode."""
    stolen = labels.filter((pl.col("typology") == "stolen_card") & pl.col("is_fraud"))
    sources = stolen.group_by("episode_id").agg(pl.col("source").n_unique())
    assert (sources["source"] == 1).mean() > 0.9


def test_reviewed_genuine_payments_are_cleared(labels: pl.DataFrame) -> None:
    """Investigations also bring labels that say: genuine."""
    cleared = labels.filter(~pl.col("is_fraud") & pl.col("supersedes").is_null())
    assert len(cleared) > 20
    assert set(cleared["source"]) == {"investigation"}
    assert cleared["typology"].null_count() == len(cleared)
