"""The live stream: history up to now, then the wall clock, and a takeover on script."""

# mypy: disable-error-code=operator
# polars' mean, median, min and max are typed as any scalar there is

import json
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from loadtest.simulator import Chunk, LiveStream, demo_config, wire

AFTERNOON = datetime(2026, 9, 22, 15, 4, 5, tzinfo=UTC).timestamp()
SMALL = replace(demo_config(seed=4), customers=1_500, merchants=1_500, days=5)


class Clock:
    """A wall clock that a test winds."""

    def __init__(self, now: float = AFTERNOON) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return seconds since 1970."""
        return self.now


def started(rate: float = 5.0, seconds: int = 60) -> tuple[list[Chunk], list[Chunk]]:
    """Return the history and a minute or so of polls, four a second."""
    clock = Clock()
    stream = LiveStream(SMALL, clock=clock, rate=rate)
    history = list(stream.history())
    polls = []
    for _ in range(seconds * 4):
        clock.now += 0.25
        polls.append(stream.poll())
    return history, polls


def at(frame: pl.DataFrame) -> pl.Series:
    """Return when each transaction occurred, in epoch milliseconds."""
    return frame["occurred_at"].str.to_datetime(time_unit="ms", time_zone="UTC").dt.epoch("ms")


@pytest.fixture(scope="module")
def run() -> tuple[list[Chunk], list[Chunk]]:
    """Give a history of five days and a minute of live traffic."""
    return started()


@pytest.fixture(scope="module")
def live(run: tuple[list[Chunk], list[Chunk]]) -> pl.DataFrame:
    """Give the live transactions."""
    return pl.concat([chunk.transactions for chunk in run[1]])


def test_history_ends_now(run: tuple[list[Chunk], list[Chunk]]) -> None:
    """Five whole days and today until now, in order, all with labels along the way."""
    history = run[0]
    times = at(pl.concat([chunk.transactions for chunk in history]))
    assert len(history) == 6
    assert times.is_sorted()
    assert AFTERNOON * 1000 - 600_000 < times.max() < AFTERNOON * 1000
    assert sum(len(chunk.labels) for chunk in history) > 0


def test_each_poll_returns_what_occurred_since_the_last(
    run: tuple[list[Chunk], list[Chunk]],
) -> None:
    """Every live event lies within its poll's quarter of a second of the wall clock."""
    for number, chunk in enumerate(run[1], start=1):
        now = (AFTERNOON + 0.25 * number) * 1000
        assert at(chunk.transactions).is_between(now - 250, now).all()


def test_the_rate_is_the_chosen_one(live: pl.DataFrame) -> None:
    """Five a second gives about three hundred in a minute."""
    assert 230 < len(live) < 380


def test_no_identifier_of_the_history_comes_again(
    run: tuple[list[Chunk], list[Chunk]], live: pl.DataFrame
) -> None:
    """Live transactions are new; their customers are those of the history."""
    past = pl.concat([chunk.transactions for chunk in run[0]])
    assert live["transaction_id"].n_unique() == len(live)
    assert not set(live["transaction_id"]) & set(past["transaction_id"])
    known = live["customer_id"].is_in(past["customer_id"].unique().to_list())
    assert known.mean() > 0.9


def test_customers_take_turns(live: pl.DataFrame) -> None:
    """In a minute hardly anyone pays twice, the victim and retries apart."""
    paid = live.filter(pl.col("type") == "authorisation").group_by("customer_id").len()
    assert (paid["len"] > 1).mean() < 0.1


def test_an_account_is_taken_over_within_ten_seconds(
    run: tuple[list[Chunk], list[Chunk]], live: pl.DataFrame
) -> None:
    """Three small tests, then 940.00 EUR, one unseen device, approved by the rules each time."""
    drain = live.filter((pl.col("amount_minor") == 94_000) & (pl.col("currency") == "EUR"))
    assert len(drain) == 1
    victim = live.filter(pl.col("customer_id") == drain["customer_id"][0]).head(4)
    assert victim["amount_minor"].to_list() == [100, 249, 199, 94_000]
    assert victim["device_id"].n_unique() == 1
    past = pl.concat([chunk.transactions for chunk in run[0]])
    assert victim["device_id"][0] not in set(past["device_id"].drop_nulls())
    assert (at(victim) - AFTERNOON * 1000).is_between(0, 10_000).all()
    decisions = [json.loads(message)["legacy"]["decision"] for message in wire(victim)]
    assert decisions == ["approve"] * 4
    outcomes = [json.loads(message)["outcome"]["status"] for message in wire(victim)]
    assert outcomes == ["approved"] * 4
    truth = pl.concat([chunk.truth for chunk in run[1]])
    told = truth.filter(pl.col("transaction_id").is_in(victim["transaction_id"].to_list()))
    assert told["typology"].to_list() == ["account_takeover"] * 4


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_rules_approve_the_takeover_in_the_demo_itself(seed: int) -> None:
    """With the demo's own portfolio the drain is approved, whatever the seed."""
    clock = Clock()
    config = replace(demo_config(seed), days=12)
    stream = LiveStream(config, clock=clock, rate=2.0)
    past = pl.concat([chunk.transactions for chunk in stream.history()])
    stream.poll()
    clock.now += 12
    drain = stream.poll().transactions.filter(pl.col("amount_minor") == 94_000)
    assert json.loads(wire(drain)[0])["legacy"]["decision"] == "approve"
    victim = past.filter(pl.col("customer_id") == drain["customer_id"][0])
    assert len(victim) > 3


def test_the_same_clock_gives_the_same_stream(live: pl.DataFrame) -> None:
    """Time is an argument: the stream is a function of seed and clock."""
    again = pl.concat([chunk.transactions for chunk in started()[1]])
    assert again.equals(live)


def test_without_a_script_nothing_is_staged() -> None:
    """The takeover is an option."""
    clock = Clock()
    stream = LiveStream(SMALL, clock=clock, rate=2.0, script=False)
    for _ in stream.history():
        pass
    stream.poll()
    clock.now += 20
    assert not (stream.poll().transactions["amount_minor"] == 94_000).any()


def test_a_clock_that_stands_still_brings_nothing_twice() -> None:
    """Polls at the same moment return the rest of it once, and a clock set back is not followed."""
    clock = Clock()
    stream = LiveStream(SMALL, clock=clock, rate=20.0, script=False)
    for _ in stream.history():
        pass
    clock.now += 5
    first = stream.poll().transactions
    assert len(first) > 50
    assert stream.poll().transactions.is_empty()
    clock.now -= 60
    assert stream.poll().transactions.is_empty()


def test_midnight_is_passed_without_a_gap() -> None:
    """The stream goes on from one UTC day to the next, with its ordinary rate."""
    clock = Clock(datetime(2026, 9, 22, 23, 59, 50, tzinfo=UTC).timestamp())
    stream = LiveStream(SMALL, clock=clock, rate=20.0, script=False)
    for _ in stream.history():
        pass
    clock.now += 20
    times = at(stream.poll().transactions)
    midnight = datetime(2026, 9, 23, tzinfo=UTC).timestamp() * 1000
    assert (times < midnight).sum() > 100
    assert (times >= midnight).sum() > 100


def test_the_demo_is_about_three_hundred_thousand_in_sixty_days() -> None:
    """The configuration's size, found by counting two of its days."""
    config = replace(demo_config(), days=60)
    assert config.days == 60
    expected = config.customers * config.payments_per_customer_day * 60
    assert 250_000 < expected < 350_000
