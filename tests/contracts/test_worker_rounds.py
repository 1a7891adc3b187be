"""The worker's rounds on a broker in memory: what comes between them must not end or stall it."""

import json
from pathlib import Path
from typing import Any

import pytest
from builders.pipeline import LABELS, NOW_MS, STREAM, counters
from builders.workers import Crew, rounds

from service.ledger import Ledger
from service.stream.errors import TopicMissing
from service.stream.ports import Outgoing


@pytest.fixture
def stage(ledger: Ledger, tmp_path: Path) -> Crew:
    """Give two partitions and a label topic that nobody uses."""
    return Crew(ledger, tmp_path)


def test_a_label_topic_that_nobody_uses_costs_no_waiting(stage: Crew) -> None:
    """On the ingest clock a label to come is known later than now: every hour is sealed whole."""
    for hour in range(10, 16):
        stage.send(hour, hour=hour)
    worker, _ = stage.worker()
    rounds(lambda: stage.consumed() == 6, worker)
    assert [one.complete for one in stage.ledger.seals_after(0)] == [True] * 6


def test_an_ingest_that_fell_silent_costs_no_waiting_either(stage: Crew) -> None:
    """Its last watermark lies before the hours to seal; an idle partition says how far it is."""
    mark = b'{"watermark": "2026-06-01T00:00:00Z"}'
    stage.broker.append(LABELS, Outgoing(None, mark, partition=0))
    stage.send(1)
    worker, _ = stage.worker()
    rounds(lambda: stage.consumed() == 1, worker)
    label = stage.ledger.progress([LABELS])[0]
    assert label.watermark_ms == NOW_MS
    assert label.counters["consumed"] == label.counters["kept"] == 1


def test_on_the_record_clock_silence_promises_nothing(ledger: Ledger, tmp_path: Path) -> None:
    """Labels of the past may still come: the seal waits until it gives up, and says so."""
    stage = Crew(ledger, tmp_path, label_clock="record", seal_wait_s=0.5)
    mark = b'{"watermark": "2026-06-01T00:00:00Z"}'
    stage.broker.append(LABELS, Outgoing(None, mark, partition=0))
    stage.send(1)
    worker, _ = stage.worker()
    for _ in range(20):
        worker.round()
    assert stage.consumed() == 0
    rounds(lambda: stage.consumed() == 1, worker)
    assert [one.complete for one in stage.ledger.seals_after(0)] == [False]


def test_a_partition_that_ran_ahead_is_read_again_once_its_hour_is_sealed(stage: Crew) -> None:
    """Paused at four batches; nothing is forgotten, nothing stays paused."""
    for number in range(100):
        stage.send(number, hour=10 + number // 50)
    worker, consumer = stage.worker()
    rounds(lambda: bool(worker._held), worker)
    rounds(lambda: stage.consumed() == 100, worker)
    assert consumer._paused == set()
    assert all(one.waits_for is None for one in worker._held.values())


def test_a_partition_taken_away_while_idle_is_dropped_when_records_come(stage: Crew) -> None:
    """Its wake is refused by the fence: the worker drops it and takes it anew, and lives on."""
    worker, _ = stage.worker()
    rounds(lambda: all(s.idle for s in stage.ledger.progress([STREAM])) and
           len(stage.ledger.progress([STREAM])) == 2, worker)  # fmt: skip
    identity = stage.broker.describe(STREAM).identity
    stage.ledger.acquire(STREAM, 0, identity=identity, owner="another")
    stage.send(1)
    worker.round()
    assert (STREAM, 0) not in worker._held
    worker._to_take = dict.fromkeys(worker._to_take, 0.0)
    rounds(lambda: stage.consumed() == 1, worker)


@pytest.mark.parametrize("call", ["topic_identity", "partition_count", "earliest"])
def test_a_topic_that_is_not_there_for_a_moment_is_asked_for_again(
    stage: Crew, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """A broker that restarts has no topics yet: no partition is lost over it."""
    worker, consumer = stage.worker()
    stage.send(1)
    failures = [TopicMissing(STREAM, "memory")] * 2
    real = getattr(consumer, call)

    def sometimes(what: Any) -> Any:
        if failures:
            raise failures.pop()
        return real(what)

    monkeypatch.setattr(consumer, call, sometimes)
    monkeypatch.setattr("service.worker.TAKE_BACK_S", 0.0)
    rounds(lambda: stage.consumed() == 1, worker)
    assert len(worker._held) == 3


def test_a_topic_that_stays_away_is_said_after_the_brokers_patience(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bounded: the worker ends with the fix, it does not wait for ever."""
    stage = Crew(ledger, tmp_path, broker_timeout_s=0.05)
    worker, consumer = stage.worker()

    def never(_: str) -> str:
        raise TopicMissing(STREAM, "memory")

    monkeypatch.setattr(consumer, "topic_identity", never)
    monkeypatch.setattr("service.worker.TAKE_BACK_S", 0.0)
    with pytest.raises(TopicMissing, match="create it"):
        rounds(lambda: False, worker)


def test_a_source_acquired_and_not_read_yet_begins_where_it_begins(stage: Crew) -> None:
    """A worker that died between taking a new source and its first batch leaves no gap behind."""
    for number in range(6):
        stage.send(number)
    stage.broker.expire(STREAM, 0, 4)
    identity = stage.broker.describe(STREAM).identity
    stage.ledger.acquire(STREAM, 0, identity="warmed", owner="warm")
    stage.ledger.acquire(STREAM, 0, identity=identity, owner="died at once")
    worker, _ = stage.worker()
    rounds(lambda: stage.consumed() == 2, worker)


def test_two_workers_share_and_a_survivor_takes_over(stage: Crew) -> None:
    """Each record once, whoever reads it."""
    one, first = stage.worker("one")
    two, _ = stage.worker("two")
    for number in range(20):
        stage.send(number, partition=number % 2)
    rounds(lambda: stage.consumed() == 20, one, two)
    first.close()
    for number in range(20, 40):
        stage.send(number, partition=number % 2, hour=11)
    rounds(lambda: stage.consumed() == 40, two)
    assert {s.owner for s in stage.ledger.progress()} == {"two"}


def test_a_nul_in_a_label_is_a_dead_letter_on_both_databases(stage: Crew) -> None:
    """PostgreSQL cannot store it; the worker goes on."""
    label = {
        "transaction_id": "t\0", "is_fraud": True, "source": "chargeback",
        "labelled_at": "2026-07-01T12:00:00Z", "label_id": "l",
    }  # fmt: skip
    stage.broker.append(LABELS, Outgoing(None, json.dumps(label).encode(), partition=0))
    worker, _ = stage.worker()
    rounds(lambda: counters(stage.ledger, LABELS).get("dead_letters") == 1
           if stage.ledger.progress([LABELS]) else False, worker)  # fmt: skip
