"""What seals hold: the same as the offline replay's, whatever comes when."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from builders.api import as_bytes, wire
from builders.pipeline import (
    STREAM,
    Driver,
    arrivals,
    counters,
    differing,
    lineup_of,
    rows_of,
    seal,
    tell,
)
from builders.streams import DAY_S, START_S, labels, payments, random_labels, random_stream
from numpy.typing import NDArray

from models.labels import Labels
from models.replay import replay
from models.transaction import Transactions
from service.ledger import Lease, Ledger
from service.pipeline.lineup import Lineup
from service.seals import Waiting

HOUR = 495_000
BASE_S = START_S // 3600 * 3600 + 60


@pytest.fixture
def lineup(tmp_path: Path) -> Lineup:
    """Give a champion and the default rules."""
    return lineup_of(tmp_path)


def own(ledger: Ledger, partition: int = 0, stream: str = STREAM) -> Lease:
    """Acquire a partition."""
    return ledger.acquire(stream, partition, identity="topic", owner="test")


def waited_for(found: Waiting | None) -> tuple[str, ...]:
    """Return who was waited for; nobody once it is sealed."""
    return () if found is None else found.partitions


def sealed(ledger: Ledger) -> dict[int, bytes]:
    """Return the ledger's seals by hour."""
    return {one.hour: bytes(one.entries) for one in ledger.seals_after(0)}


def streamed(rows: Transactions) -> list[bytes]:
    """Return a test stream as records."""
    return as_bytes(wire(rows))


def priced(rows: Transactions) -> Transactions:
    """Return the rows as their records say them: every amount in EUR has a reporting amount."""
    return replace(rows, reporting_minor=rows.amount_minor)


@pytest.mark.parametrize("seed", [1, 2])
def test_seals_and_features_equal_the_offline_replay(
    ledger: Ledger, lineup: Lineup, seed: int
) -> None:
    """Bit for bit: labels withdrawn and confirmed, late payments, several days of volumes."""
    rows = priced(random_stream(seed, 240, days=6))
    told = random_labels(seed, rows)
    tell(ledger, told)
    Driver(ledger, lineup).take(streamed(rows), size=50)
    expected = replay(rows, told, partition=np.zeros(len(rows), np.int32))
    assert sealed(ledger) == {one.hour: one.pack() for one in expected.seals}
    assert differing(ledger, rows, expected.features) == []
    assert (expected.features[:, [n for n, f in enumerate(expected.names) if "fraud" in f]]).any()
    assert counters(ledger)["late"] == int(expected.late.sum()) > 0


def test_two_partitions_of_a_stream_give_the_seals_of_both(ledger: Ledger, lineup: Lineup) -> None:
    """However customers are spread: each partition waits for the other at every hour."""
    rows = priced(random_stream(5, 160, customers=12, days=3))
    partition = (np.array([int(c[1:]) for c in rows.customer_id]) % 2).astype(np.int32)
    told = random_labels(5, rows)
    tell(ledger, told)
    drivers = [Driver(ledger, lineup, partition=number) for number in range(2)]
    together(drivers, [streamed(rows.take(partition == number)) for number in range(2)])
    expected = replay(rows, told, partition=partition)
    assert sealed(ledger) == {one.hour: one.pack() for one in expected.seals}
    assert differing(ledger, rows, expected.features) == []
    assert all(one.complete for one in ledger.seals_after(0))


def together(drivers: list[Driver], values: list[list[bytes]]) -> None:
    """Advance partitions side by side: the earliest hour waited for is sealed next."""
    waiting = [arrivals(d.lineup, v) for d, v in zip(drivers, values, strict=True)]
    while any(map(len, waiting)):
        hours = []
        for number, driver in enumerate(drivers):
            if not len(waiting[number]):
                driver.rest()
                continue
            taken = driver.work.take(waiting[number])
            _, waiting[number] = waiting[number].split(taken.records)
            if taken.blocked_hour is not None:
                driver.ledger.reach(driver.work.lease, taken.blocked_hour)
                hours.append(taken.blocked_hour)
        if hours:
            seal(drivers[0].ledger, min(hours))
            for driver in drivers:
                driver.merchants.refresh()


def one_label(transaction_id: str, known_s: int, *, is_fraud: bool) -> Labels:
    """Return one label dated at the first payment, named after when it became known."""
    found = labels([transaction_id], [known_s], [is_fraud], labelled_s=[BASE_S])
    found.label_id[0] = f"label-{known_s}"
    return found


def feature(lineup: Lineup, name: str) -> int:
    """Return where a feature stands in the stored vector."""
    return lineup.feature_names.index(name)


def test_a_back_dated_label_counts_from_when_it_is_known(ledger: Ledger, lineup: Lineup) -> None:
    """Its `labelled_at` is before the payment it would have warned of; no past feature moves."""
    rows = every_two_hours()
    told = one_label("t0", BASE_S + 5 * 3600, is_fraud=True)
    tell(ledger, told)
    Driver(ledger, lineup).take(streamed(rows))
    expected = replay(rows, told, partition=np.zeros(4, np.int32))
    at = feature(lineup, "merchant_frauds_7d")
    assert expected.features[:, at].tolist() == [0, 0, 0, 1]
    assert differing(ledger, rows, expected.features) == []


def test_a_withdrawn_label_takes_its_fraud_back(ledger: Ledger, lineup: Lineup) -> None:
    """From the first seal after it became known."""
    tell(ledger, one_label("t0", BASE_S + 3600, is_fraud=True))
    tell(ledger, one_label("t0", BASE_S + 3 * 3600, is_fraud=False))
    Driver(ledger, lineup).take(streamed(every_two_hours()))
    at = feature(lineup, "merchant_frauds_7d")
    stored = [vector[at] for vector in vectors(ledger)]
    assert stored == [0, 1, 0, 0]


def test_a_label_whose_payment_is_not_there_yet_waits_for_a_later_seal(
    ledger: Ledger, lineup: Lineup
) -> None:
    """It is not lost: the first seal after the payment's acceptance takes it in."""
    tell(ledger, one_label("t1", BASE_S, is_fraud=True))
    Driver(ledger, lineup).take(streamed(every_two_hours()))
    assert label_hours(ledger) == [(f"label-{BASE_S}", BASE_S // 3600 + 4)]
    at = feature(lineup, "merchant_frauds_7d")
    assert [vector[at] for vector in vectors(ledger)] == [0, 0, 1, 1]


@pytest.mark.parametrize(("amount", "ordinary"), [(4_001, 1), (6_001, 0)])
def test_a_fraud_is_ordinary_by_the_same_payments_as_offline(
    ledger: Ledger, lineup: Lineup, amount: int, ordinary: int
) -> None:
    """Those of its customer before it, at any merchant: of a month, and of the fortnight since."""
    rows = payments(
        BASE_S + DAY_S * np.array([0, 1, 20, 20, 22]),
        amount_minor=np.array([1_000, 3_000, amount, 4_000, 1_000]),
        merchant_id=["other", "other", "merchant", "merchant", "merchant"],
    )
    told = labels(["t2", "t3"], [BASE_S + 21 * DAY_S] * 2)
    tell(ledger, told)
    Driver(ledger, lineup).take(streamed(rows))
    expected = replay(rows, told, partition=np.zeros(5, np.int32))
    run = [feature(lineup, name) for name in ("merchant_run_frauds", "merchant_run_ordinary")]
    assert expected.features[-1][run].tolist() == [2, ordinary]
    assert differing(ledger, rows, expected.features) == []


def every_two_hours() -> Transactions:
    """Return four payments of one customer at one merchant, two hours apart."""
    return payments([BASE_S + hour * 3600 for hour in (0, 2, 4, 6)])


def vectors(ledger: Ledger) -> list[NDArray[np.float32]]:
    """Return stored vectors in sequence order."""
    return [np.frombuffer(row[-3], "<f4") for row in rows_of(ledger, "transactions", "sequence")]


def label_hours(ledger: Ledger) -> list[tuple[str, int | None]]:
    """Return each label and the hour of the seal that took it in."""
    with ledger.reading() as connection:
        found = connection.exec_driver_sql("SELECT label_id, sealed_hour FROM labels")
        return [(row[0], row[1]) for row in found]
