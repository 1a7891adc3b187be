"""What a simulated portfolio is like: reproducible, in order, of many currencies and types."""

# mypy: disable-error-code=operator
# polars' mean, median, min and max are typed as any scalar there is

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loadtest.simulator import Chunk, Simulation, SimulationConfig
from models.cards import rows_with_card_numbers
from models.money import EXPONENTS
from models.transaction import text

SMALL = SimulationConfig(seed=5, customers=600, merchants=900, days=12, fraud_rate=0.02)


def run(config: SimulationConfig) -> list[Chunk]:
    """Return every chunk of a simulation."""
    return list(Simulation(config).chunks())


def whole(chunks: list[Chunk]) -> pl.DataFrame:
    """Return the transactions of all chunks."""
    return pl.concat([chunk.transactions for chunk in chunks])


@pytest.fixture(scope="module")
def chunks() -> list[Chunk]:
    """Give twelve days of six hundred customers."""
    return run(SMALL)


@pytest.fixture(scope="module")
def paid(chunks: list[Chunk]) -> pl.DataFrame:
    """Give all transactions, with `at` in epoch milliseconds."""
    at = pl.col("occurred_at").str.to_datetime(time_unit="ms", time_zone="UTC").dt.epoch("ms")
    return whole(chunks).with_columns(at=at)


def test_the_same_seed_gives_the_same_bytes(chunks: list[Chunk]) -> None:
    """Transactions, labels and truth are equal, value for value, in a second run."""
    for one, other in zip(chunks, run(SMALL), strict=True):
        assert_frame_equal(one.transactions, other.transactions)
        assert_frame_equal(one.labels, other.labels)
        assert_frame_equal(one.truth, other.truth)


def test_another_seed_gives_another_portfolio(chunks: list[Chunk]) -> None:
    """No customer is shared between two seeds."""
    other = run(replace(SMALL, seed=6))
    mine, theirs = (set(whole(c)["customer_id"]) for c in (chunks, other))
    assert not mine & theirs


def test_a_day_does_not_depend_on_how_many_follow(chunks: list[Chunk]) -> None:
    """The first five days of twelve are the five days of a simulation of five."""
    for one, other in zip(chunks[:5], run(replace(SMALL, days=5))[:5], strict=True):
        assert_frame_equal(one.transactions, other.transactions)
        assert_frame_equal(one.labels, other.labels)


def test_each_chunk_is_a_day_in_the_order_of_events(chunks: list[Chunk]) -> None:
    """Within a day and from day to day time never runs backwards; the last chunk has no day."""
    assert [chunk.day is None for chunk in chunks] == [False] * 12 + [True]
    times = whole(chunks)["occurred_at"].str.to_datetime(time_unit="ms", time_zone="UTC")
    assert times.is_sorted()
    for chunk in chunks[:-1]:
        found = chunk.transactions["occurred_at"].str.to_datetime(time_unit="ms", time_zone="UTC")
        assert set(found.dt.date()) == {chunk.day}
    assert chunks[-1].transactions.is_empty()
    assert len(chunks[-1].labels) > 0


def test_identifiers_are_unique_and_never_look_like_card_numbers(paid: pl.DataFrame) -> None:
    """No two transactions share an id, and no identifier of any column is taken for a card."""
    assert paid["transaction_id"].n_unique() == len(paid)
    for name in ("transaction_id", "customer_id", "merchant_id", "device_id", "card_token"):
        values = paid[name].drop_nulls()
        assert set(values.str.len_chars()) == {18}
        assert len(rows_with_card_numbers(text(values.to_list()))) == 0


def test_currencies_of_all_exponents_occur_and_amounts_fit_them(paid: pl.DataFrame) -> None:
    """Yen have no decimals, dinars three; a median payment is worth 5 to 200 euros in each."""
    exponents = {EXPONENTS[code] for code in paid["currency"].unique()}
    assert exponents == {0, 2, 3}
    rough = {"EUR": 1.0, "GBP": 0.86, "USD": 1.08, "JPY": 163.0, "KWD": 0.333, "SEK": 11.3}
    spent = paid.filter((pl.col("type") == "authorisation") & pl.col("currency").is_in(list(rough)))
    for (code,), rows in spent.group_by("currency"):
        if len(rows) < 30:
            continue
        major = rows["amount_minor"].median() / 10 ** EXPONENTS[str(code)]
        assert 5 < major / rough[str(code)] < 200


def test_a_foreign_payment_is_billed_in_the_account_currency(paid: pl.DataFrame) -> None:
    """Billing amount and currency come together, and usually when the currencies differ."""
    both = paid["billing_amount_minor"].is_null() == paid["billing_currency"].is_null()
    assert both.all()
    foreign = paid.filter(pl.col("currency").is_in(["THB", "AED", "MAD"]))
    assert len(foreign) > 30
    assert foreign["billing_amount_minor"].is_not_null().mean() > 0.8


def test_what_follows_a_payment_names_it_and_comes_later(paid: pl.DataFrame) -> None:
    """It refers to an earlier approved payment of the same customer, and never exceeds it."""
    after = paid.filter(pl.col("original_transaction_id").is_not_null())
    assert set(after["type"]) == {"completion", "reversal", "refund", "advice"}
    joined = after.join(
        paid, left_on="original_transaction_id", right_on="transaction_id", suffix="_first"
    )
    assert len(joined) == len(after)
    assert (joined["type_first"] == "authorisation").all()
    assert (joined["customer_id"] == joined["customer_id_first"]).all()
    assert (joined["at"] > joined["at_first"]).all()
    assert (joined["amount_minor"] <= joined["amount_minor_first"]).all()
    assert not joined["outcome_first"].str.contains("declined").any()


def test_verifications_ask_for_nothing(paid: pl.DataFrame) -> None:
    """An account verification has amount 0, and nothing else has."""
    check = paid["type"] == "account_verification"
    assert check.sum() > 10
    assert (paid.filter(check)["amount_minor"] == 0).all()
    assert (paid.filter(~check)["amount_minor"] > 0).all()


def test_optional_fields_are_sometimes_absent_and_required_ones_never(paid: pl.DataFrame) -> None:
    """Every optional field is present in some rows and absent in others."""
    required = ("transaction_id", "occurred_at", "customer_id", "merchant_id", "amount_minor",
                "currency", "type")  # fmt: skip
    missing = {name: paid[name].null_count() for name in paid.columns}
    assert all(missing[name] == 0 for name in required)
    optional = [name for name in missing if name not in {*required, "at"}]
    assert [name for name in optional if not 0 < missing[name] < len(paid)] == []


def test_local_times_are_told_three_ways(paid: pl.DataFrame) -> None:
    """Most senders give an offset, some UTC with a time zone, some UTC alone."""
    utc = paid["occurred_at"].str.ends_with("Z")
    assert 0.03 < utc.mean() < 0.4
    with_zone = paid.filter(utc)["time_zone"].is_not_null()
    assert 0 < with_zone.mean() < 1
    assert paid.filter(~utc)["time_zone"].null_count() == (~utc).sum()


def test_customers_keep_their_habits(paid: pl.DataFrame) -> None:
    """A customer's home country, favourite merchants and telephone return day after day."""
    own = paid.filter(pl.col("type") == "authorisation")
    top = own.group_by("customer_id").agg(
        n=pl.len(),
        country=pl.col("country").mode().count() / pl.len(),
        home=(pl.col("country") == pl.col("country").mode().first()).mean(),
        devices=pl.col("device_id").drop_nulls().n_unique(),
    ).filter(pl.col("n") >= 10)  # fmt: skip
    assert top["home"].median() > 0.8
    assert 1 <= top["devices"].median() <= 4


def test_legacy_decisions_are_inline_or_not_at_all(paid: pl.DataFrame) -> None:
    """Scored types carry a decision with its rules and version; without the option none does."""
    scored = paid["type"].is_in(["authorisation", "account_verification"])
    assert (paid["legacy"].is_not_null() == scored).all()
    decisions = paid.filter(scored)["legacy"].str.json_path_match("$.decision").value_counts()
    shares = dict(decisions.iter_rows())
    assert {"approve", "challenge", "decline"} <= set(shares)
    assert 0.97 < shares["approve"] / sum(shares.values()) < 0.998
    silent = whole(run(replace(SMALL, days=2, legacy=False)))
    assert silent["legacy"].null_count() == len(silent)


def test_what_the_rules_decline_is_declined(paid: pl.DataFrame) -> None:
    """A legacy decline shows in the outcome, where the outcome is told."""
    declined = paid.filter(
        pl.col("legacy").str.contains('"decision":"decline"') & pl.col("outcome").is_not_null()
    )
    assert len(declined) > 0
    assert declined["outcome"].str.contains('"status":"declined"').all()
