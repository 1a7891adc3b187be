"""Histories from past transactions: what goes on from them is as if it had always run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.api import as_bytes, wire
from builders.pipeline import (
    NOW_MS,
    STREAM,
    Driver,
    counters,
    lineup_of,
    rows_of,
    settings_of,
    state_of,
    tell,
)
from builders.streams import random_labels, random_stream

from models.errors import BadInput
from models.hashing import kafka_partition
from models.labels import Labels
from models.transaction import Transactions
from service.errors import WarmUnfinished
from service.ledger import Ledger
from service.pipeline.lineup import Lineup
from service.snapshots import Snapshots
from service.warm import Warmed, warm

ROWS = random_stream(7, 200, customers=9, days=5)
LABELS = random_labels(7, ROWS)


@pytest.fixture
def lineup(tmp_path: Path) -> Lineup:
    """Give a champion and the default rules."""
    return lineup_of(tmp_path)


def ordered() -> Transactions:
    """Return the rows in order of time, priced as their records say."""
    rows = ROWS.take(np.argsort(ROWS.occurred_ms, kind="stable"))
    return replace(rows, reporting_minor=rows.amount_minor)


def warmed(
    ledger: Ledger, folder: Path, rows: Transactions, labels: Labels, **given: Any
) -> Warmed:
    """Warm a ledger."""
    said: dict[str, Any] = {"stream": STREAM, "partitions": 1}
    return warm(
        ledger,
        settings_of(folder),
        rows,
        labels,
        owner="test",
        now_ms=NOW_MS,
        progress=lambda _: None,
        **said | given,
    )


def resumed(ledger: Ledger, lineup: Lineup, folder: Path, partition: int = 0) -> Driver:
    """Go on live with the warmed histories."""
    driver = Driver(ledger, lineup, partition)
    driver.own(
        Snapshots(ledger, settings_of(folder).snapshots_url).restore(driver.work.lease, "EUR")
    )
    return driver


@pytest.mark.parametrize("cut", [60, 150])
def test_warm_then_live_is_live_from_the_start(
    ledger: Ledger, lineup: Lineup, tmp_path: Path, cut: int
) -> None:
    """Features of what follows, seals and histories, bit for bit; no decision on the past."""
    rows = ordered()
    done = warmed(ledger, tmp_path, rows.take(slice(0, cut)), LABELS)
    newest = int(rows.occurred_ms[cut - 1])
    known = LABELS.known_ms <= newest
    assert (done.transactions, done.labels) == (cut, int(known.sum()))
    assert done.later_labels == int((~known).sum())
    tell(ledger, LABELS.take(~known))
    driver = resumed(ledger, lineup, tmp_path)
    values = as_bytes(wire(rows))
    driver.take(values[cut:], size=17)

    always = Ledger.open(f"sqlite:///{tmp_path}/always.db")
    tell(always, LABELS)
    other = Driver(always, lineup)
    other.take(values)
    assert state_of(driver.work.histories) == state_of(other.work.histories)
    vectors = [
        [bytes(row[-3]) for row in rows_of(one, "transactions", "sequence")[cut:]]
        for one in (ledger, always)
    ]
    assert vectors[0] == vectors[1]
    seals = [{s.hour: bytes(s.entries) for s in one.seals_after(0)} for one in (ledger, always)]
    assert seals[0] == seals[1]
    marks = [[s.sealed_sequence for s in one.progress([STREAM])] for one in (ledger, always)]
    assert marks[0] == marks[1]
    always.close()
    assert counters(ledger)["warmed"] == cut
    assert counters(ledger)["consumed"] == len(rows) - cut
    scored = {row[2] for row in rows_of(ledger, "scores", "sequence")}
    assert min(scored) == cut


def test_customers_go_where_kafka_places_their_key(
    ledger: Ledger, lineup: Lineup, tmp_path: Path
) -> None:
    """So that the live topic's partitions find their own customers' histories."""
    rows = ordered()
    warmed(ledger, tmp_path, rows, Labels.none(), partitions=4)
    wanted = dict(
        zip(rows.transaction_id, kafka_partition(rows.customer_id, 4).tolist(), strict=True)
    )
    found = {row[3]: row[1] for row in rows_of(ledger, "transactions", "sequence")}
    assert found == wanted
    assert len(ledger.progress([STREAM])) == 4
    restored = [resumed(ledger, lineup, tmp_path, number).work.histories for number in range(4)]
    assert sum(one.customers for one in restored) == len(set(rows.customer_id))


def test_another_key_than_the_stored_id_decides_where_it_is_given(
    ledger: Ledger, tmp_path: Path
) -> None:
    """A topic keyed by what is tokenised before it is stored."""
    rows = ordered()
    keys = np.array([f"card {c}" for c in rows.customer_id], object)
    warmed(ledger, tmp_path, rows, Labels.none(), partitions=3, customer_keys=keys)
    wanted = dict(zip(rows.transaction_id, kafka_partition(keys, 3).tolist(), strict=True))
    assert {r[3]: r[1] for r in rows_of(ledger, "transactions", "sequence")} == wanted


def test_a_ledger_with_transactions_is_not_warmed(
    ledger: Ledger, lineup: Lineup, tmp_path: Path
) -> None:
    """Histories are built in order; the refusal says what to do, and nothing is written."""
    Driver(ledger, lineup).take(as_bytes(wire(ordered()))[:3])
    before = counters(ledger)
    with pytest.raises(BadInput, match="warm an empty ledger"):
        warmed(ledger, tmp_path, ordered(), LABELS)
    assert counters(ledger) == before


def test_repeats_and_contradictions_of_the_past_are_left_out(
    ledger: Ledger, tmp_path: Path
) -> None:
    """The first of an id counts, as it would live."""
    rows = ordered().take(slice(0, 50))
    other = rows.take(slice(0, 1))
    other = replace(other, amount_minor=other.amount_minor + 1)
    past = Transactions.concat([rows, rows.take(slice(3, 4)), other])
    done = warmed(ledger, tmp_path, past, LABELS)
    assert (done.transactions, done.duplicates, done.conflicts) == (50, 1, 1)


def test_a_warm_up_that_was_interrupted_is_said_and_never_built_upon(
    ledger: Ledger, tmp_path: Path, lineup: Lineup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a worker nor another warm-up takes half a past for a whole one."""
    monkeypatch.setattr("service.warm._keep_seals", _crash)
    with pytest.raises(KeyboardInterrupt):
        warmed(ledger, tmp_path, ordered(), LABELS)
    for again in (
        lambda: warmed(ledger, tmp_path, ordered(), LABELS),
        lambda: Driver(ledger, lineup),
    ):
        with pytest.raises(WarmUnfinished, match="delete the ledger"):
            again()


def _crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_warming_makes_no_decisions(ledger: Ledger, tmp_path: Path) -> None:
    """No score, no alert, no legacy decision, nothing to publish."""
    warmed(ledger, tmp_path, ordered(), LABELS)
    assert rows_of(ledger, "scores", "sequence") == []
    assert rows_of(ledger, "alerts", "alert_id") == []
    assert len(ledger.unpublished_decisions(STREAM, 0, 0, 10)) == 0
    state = ledger.progress([STREAM])[0]
    assert (state.next_offset, state.next_sequence) == (0, 200)


def test_the_live_topic_starts_a_new_source_at_its_beginning(
    ledger: Ledger, tmp_path: Path
) -> None:
    """What was warmed is not the topic's: its first record is still to be read."""
    warmed(ledger, tmp_path, ordered().take(slice(0, 20)), LABELS)
    lease = ledger.acquire(STREAM, 0, identity="the topic's id", owner="test")
    assert (lease.source_epoch, lease.next_offset, lease.next_sequence) == (1, 0, 20)
    assert lease.identity_changed
