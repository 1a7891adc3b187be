"""Histories by HTTP: the offline replay's features bit for bit, whatever comes between."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.api import Api, api, as_bytes, payment, wire
from builders.streams import random_labels, random_stream
from numpy.typing import NDArray
from plugins.bundles import make_bundle
from sqlalchemy import select

from models.catalogue import NAMES
from models.hashing import kafka_partition
from models.history import Histories
from models.labels import Labels
from models.merchants import Merchants
from models.replay import replay
from models.seal import HOUR_MS
from models.transaction import Transactions, text
from service.ledger import Commit, LabelRows, Ledger
from service.ledger.columns import blob_to_vector
from service.ledger.tables import transactions
from service.seals import SealedMerchants

PARTITIONS = 3
FAR_MS = 2**45


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """Give a bundle that flags nothing."""
    return make_bundle(tmp_path / "bundle", threshold=100.0)


@pytest.fixture
def served(ledger_url: str, tmp_path: Path, bundle: Path) -> Iterator[Api]:
    """Give an API over an empty ledger of each kind."""
    with api(ledger_url, tmp_path, bundle, http_partitions=PARTITIONS) as running:
        yield running


def stream(n: int = 400, days: float = 12) -> Transactions:
    """Return payments of several customers and merchants in the order of time."""
    rows = random_stream(7, n=n, days=days)
    rows = rows.take(np.argsort(rows.occurred_ms, kind="stable"))
    # Only the reporting currency has a rate.
    return replace(rows, currency=text(np.where(rows.reporting_minor < 0, "JPY", "EUR").tolist()))


def send(served: Api, payments: Sequence[dict[str, Any]], sizes: Sequence[int]) -> None:
    """Post payments in batches of these sizes, over and over."""
    at = turn = 0
    while at < len(payments):
        size = sizes[turn % len(sizes)]
        batch = payments[at : at + size]
        answered = served.score(*batch)
        assert answered.status_code == 200, answered.text
        at, turn = at + size, turn + 1


def stored_features(ledger: Ledger, ids: Sequence[str]) -> NDArray[np.float32]:
    """Return the stored vectors, in the order of `ids`."""
    with ledger.reading() as connection:
        found = connection.execute(
            select(transactions.c.transaction_id, transactions.c.features)
        ).all()
    vectors = {row[0]: blob_to_vector(row[1]) for row in found}
    return np.stack([vectors[one] for one in ids])


def learn(ledger: Ledger, labels: Labels) -> None:
    """Have all labels in the ledger, each usable from its own `known_ms` on."""
    lease = ledger.acquire("fraud-labels", 0, identity="labels", owner="labels")
    ledger.commit(
        lease, Commit(next_offset=len(labels), watermark_ms=FAR_MS, labels=LabelRows(labels))
    )


def replayed(rows: Transactions, labels: Labels) -> NDArray[np.float32]:
    """Return the features that the offline replay gives."""
    partition = kafka_partition(rows.customer_id, PARTITIONS)
    return replay(rows, labels, partition=partition).features


def test_features_equal_the_offline_replay(served: Api) -> None:
    """Batches of any size, over many hours and three partitions, with labels coming in."""
    rows = stream()
    labels = random_labels(7, rows)
    learn(served.ledger, labels)
    send(served, wire(rows), sizes=[1, 7, 60, 2])
    expected = replayed(rows, labels)
    assert expected[:, NAMES.index("merchant_frauds_30d")].any()
    found = stored_features(served.ledger, rows.transaction_id.tolist())
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))
    assert all(seal.complete for seal in served.ledger.seals_after(0))


@pytest.mark.parametrize("kept", [True, False], ids=["with snapshots", "without snapshots"])
def test_a_restart_changes_no_feature(
    ledger_url: str, tmp_path: Path, bundle: Path, *, kept: bool
) -> None:
    """Histories come back from snapshots and the ledger, or from the ledger alone."""
    rows = stream()
    payments = wire(rows)
    half = len(payments) // 2
    with api(ledger_url, tmp_path, bundle, http_partitions=PARTITIONS) as before:
        send(before, payments[:half], sizes=[25])
    saved = list((tmp_path / "var" / "state").rglob("*.state"))
    assert saved
    for file in saved:
        if not kept:
            file.unlink()
    with api(ledger_url, tmp_path, bundle, http_partitions=PARTITIONS) as after:
        send(after, payments[half:], sizes=[25])
        found = stored_features(after.ledger, rows.transaction_id.tolist())
    expected = replayed(rows, Labels.none())
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))


def test_requests_at_once_for_one_customer_keep_one_history(served: Api) -> None:
    """Whatever order they get, the stored features are those of that order; none is lost."""
    payments = [
        payment(f"t{n}", occurred_at=f"2026-07-01T12:00:{n % 60:02d}Z", amount_minor=100 + n)
        for n in range(60)
    ]
    start = threading.Barrier(8)

    def run(mine: Sequence[dict[str, Any]]) -> list[str]:
        start.wait()
        return [served.score(one).json()["status"] for one in mine]

    with ThreadPoolExecutor(8) as threads:
        statuses = [
            s for part in threads.map(run, [payments[n::8] for n in range(8)]) for s in part
        ]
    assert statuses == ["scored"] * 60
    number = int(kafka_partition(["customer"], PARTITIONS)[0])
    [rows] = served.ledger.rows_after("http", number, 0)
    merchants = SealedMerchants(served.ledger)
    expected, _ = Histories().advance(rows, merchants.table)
    found = stored_features(served.ledger, rows.transaction_id.tolist())
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))


def test_the_same_transaction_at_once_is_accepted_once(served: Api) -> None:
    """Of eight callers one is first, seven are told `duplicate`."""
    start = threading.Barrier(8)

    def run(_: int) -> bool:
        start.wait()
        duplicate: bool = served.score(payment()).json()["duplicate"]
        return duplicate

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(run, range(8))) == [False] + [True] * 7


def test_a_partition_taken_away_is_taken_back(
    served: Api, ledger_url: str, tmp_path: Path, bundle: Path
) -> None:
    """Two servers over one ledger: each goes on from what the other wrote."""
    rows = stream(n=40, days=1)
    payments = wire(rows)
    with api(ledger_url, tmp_path, bundle, http_partitions=PARTITIONS) as other:
        for number, one in enumerate(payments):
            turn = served if number % 2 else other
            assert turn.score(one).json()["status"] == "scored"
    found = stored_features(served.ledger, rows.transaction_id.tolist())
    expected = replayed(rows, Labels.none())
    np.testing.assert_array_equal(found.view(np.uint32), expected.view(np.uint32))
    assert served.ledger.coverage().total["consumed"] == len(payments)


def test_http_partitions_are_idle_between_requests(served: Api) -> None:
    """No worker ever waits for a stream on which nothing is under way."""
    assert {one.idle for one in served.ledger.progress(["http"])} == {True}
    send(served, wire(stream(n=30, days=2)), sizes=[10])
    assert {one.idle for one in served.ledger.progress(["http"])} == {True}


def test_a_request_waits_a_little_for_a_topic_that_is_behind(served: Api) -> None:
    """After its patience it goes on; the seal tells that something was missing."""
    served.ledger.acquire("transactions", 0, identity="topic", owner="worker")
    answered = served.score(payment())
    assert answered.json()["status"] == "scored"
    newest = served.ledger.newest_seal()
    assert newest is not None
    assert not newest.complete
    assert served.client.get("/v1/coverage").json()["seals"]["incomplete"] == 1


def test_a_request_goes_on_once_the_topic_has_caught_up(
    ledger_url: str, tmp_path: Path, bundle: Path
) -> None:
    """It takes its place in the order of hours like any worker, and the seal is complete."""
    with api(ledger_url, tmp_path, bundle, http_seal_wait_s=60.0, seal_wait_s=60.0) as served:
        lease = served.ledger.acquire("transactions", 0, identity="topic", owner="worker")
        with ThreadPoolExecutor(1) as thread:
            answered = thread.submit(served.score, payment())
            waiting: list[int] = []
            while not waiting:
                waiting = [
                    one.reached_hour
                    for one in served.ledger.progress(["http"])
                    if one.reached_hour is not None and not one.idle
                ]
            served.ledger.reach(lease, waiting[0])
            assert answered.result(timeout=30).json()["status"] == "scored"
        newest = served.ledger.newest_seal()
        assert newest is not None
        assert (newest.complete, newest.hour) == (True, waiting[0])
        assert waiting[0] * HOUR_MS <= 1_782_900_000_000 < (waiting[0] + 1) * HOUR_MS


def test_an_empty_merchant_table_serves_as_the_first(served: Api) -> None:
    """Before any seal a late payment needs none but that of its hour."""
    assert Merchants().hour is None
    found = served.parts.source.take(as_bytes([payment(occurred_at="1990-01-01T00:00:00Z")]))
    assert [one.rejection for one in found] == [None]
