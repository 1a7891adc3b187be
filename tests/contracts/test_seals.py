"""Seals in the ledger: who waits for whom, made once, and equal to the offline replay's."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from builders.pipeline import (
    LABELS,
    LEGACY,
    NOW_MS,
    STREAM,
    lineup_of,
    seal,
    tell,
)
from builders.streams import START_S

from models.labels import Labels
from models.seal import cutoff_ms
from service.ledger import Lease, Ledger
from service.pipeline.lineup import Lineup
from service.seals import Live, SealedMerchants, Waiting

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


def test_a_seal_waits_for_every_partition_behind_it(ledger: Ledger) -> None:
    """Until each has said that it waits before the hour, or before a later one."""
    first, second = own(ledger, 0), own(ledger, 1)
    ledger.reach(first, HOUR)
    assert waited_for(seal(ledger, HOUR)) == ("transactions/1",)
    ledger.reach(second, HOUR - 1)
    assert waited_for(seal(ledger, HOUR)) == ("transactions/1",)
    assert ledger.newest_seal() is None
    ledger.reach(second, HOUR + 5)
    assert seal(ledger, HOUR) is None
    newest = ledger.newest_seal()
    assert newest is not None
    assert (newest.hour, newest.complete, newest.cutoff_ms) == (HOUR, True, cutoff_ms(HOUR))


def test_idle_partitions_hold_nobody_back(ledger: Ledger) -> None:
    """Awake again, they do."""
    ledger.reach(own(ledger, 0), HOUR)
    quiet = own(ledger, 1)
    ledger.set_idle(quiet, True)
    assert seal(ledger, HOUR) is None
    ledger.set_idle(quiet, False)
    ledger.reach(own(ledger, 0), HOUR + 1)
    assert waited_for(seal(ledger, HOUR + 1)) == ("transactions/1",)


def test_a_partition_that_no_worker_has_taken_yet_is_waited_for(ledger: Ledger) -> None:
    """The topic has it: its records may be of the hour."""
    ledger.reach(own(ledger, 0), HOUR)
    live = Live({STREAM: 2, LABELS: 1}, 30_000)
    assert waited_for(seal(ledger, HOUR, live=live)) == ("fraud-labels/0", "transactions/1")
    ledger.reach(own(ledger, 1), HOUR)
    ledger.set_idle(own(ledger, 0, LABELS), True)
    assert seal(ledger, HOUR, live=live) is None


def test_a_partition_that_the_topic_has_no_more_is_not_waited_for(ledger: Ledger) -> None:
    """After the topic was made again with fewer."""
    ledger.reach(own(ledger, 0), HOUR)
    own(ledger, 1)
    assert seal(ledger, HOUR, live=Live({STREAM: 1}, 30_000)) is None


def test_what_a_dead_worker_said_of_being_idle_no_longer_counts(ledger: Ledger) -> None:
    """Records may have come that nobody reads: the seal waits for the next owner."""
    ledger.reach(own(ledger, 0), HOUR)
    ledger.set_idle(own(ledger, 1), True)
    live = Live({STREAM: 2}, 30_000)
    late = seal(ledger, HOUR, live=live, now_ms=NOW_MS + 30_001)
    assert waited_for(late) == ("transactions/1",)
    assert seal(ledger, HOUR, live=live, now_ms=NOW_MS + 29_999) is None


def test_a_seal_waits_for_the_labels_known_until_a_quarter_before(ledger: Ledger) -> None:
    """In every partition of the label topic; the legacy topic plays no part."""
    ledger.reach(own(ledger, 0), HOUR)
    own(ledger, 0, LEGACY)
    none = Labels.none()
    tell(ledger, none, watermark_ms=cutoff_ms(HOUR) - 1)
    tell(ledger, none, watermark_ms=cutoff_ms(HOUR), partition=1)
    assert waited_for(seal(ledger, HOUR)) == ("fraud-labels/0",)
    tell(ledger, none, watermark_ms=cutoff_ms(HOUR))
    assert seal(ledger, HOUR) is None


def test_a_label_topic_that_never_carried_anything_holds_nobody_back(ledger: Ledger) -> None:
    """Once it is known to be idle."""
    ledger.reach(own(ledger, 0), HOUR)
    silent = own(ledger, 0, LABELS)
    assert waited_for(seal(ledger, HOUR)) == ("fraud-labels/0",)
    ledger.set_idle(silent, True)
    assert seal(ledger, HOUR) is None


def test_giving_up_seals_what_there_is_and_says_so(ledger: Ledger) -> None:
    """An incomplete seal is a seal: nothing is sealed at or before its hour any more."""
    own(ledger, 0)
    assert seal(ledger, HOUR, give_up=True) is None
    newest = ledger.newest_seal()
    assert newest is not None
    assert not newest.complete
    assert seal(ledger, HOUR - 1, give_up=True) is None
    assert [one.hour for one in ledger.seals_after(0)] == [HOUR]


def test_asking_whether_an_hour_can_be_sealed_writes_nothing(ledger: Ledger) -> None:
    """A worker asks many times a second while others commit."""
    own(ledger, 0)
    with ledger.begin() as writer:
        writer.exec_driver_sql("UPDATE partitions SET owner = 'held'")
        assert waited_for(seal(ledger, HOUR)) == ("transactions/0",)


def test_two_sealers_at_once_make_one_seal(
    ledger_url: str, ledger: Ledger, request: pytest.FixtureRequest
) -> None:
    """Whoever is second finds the hour sealed; each label is taken in once."""
    sealers = [Ledger.open(ledger_url) for _ in range(4)]
    for one in sealers:
        request.addfinalizer(one.close)
    lease = own(ledger, 0)
    for hour in range(HOUR, HOUR + 10):
        ledger.reach(lease, hour)
        gate = Barrier(len(sealers))

        def race(one: Ledger, hour: int = hour, gate: Barrier = gate) -> Waiting | None:
            gate.wait()
            return seal(one, hour)

        with ThreadPoolExecutor(len(sealers)) as pool:
            assert list(pool.map(race, sealers)) == [None] * len(sealers)
    assert [one.hour for one in ledger.seals_after(0)] == list(range(HOUR, HOUR + 10))


def test_a_process_takes_in_the_seals_that_others_made(ledger: Ledger) -> None:
    """Each once, in order, whenever it looks."""
    merchants = SealedMerchants(ledger)
    assert merchants.hour is None
    seal(ledger, HOUR, give_up=True)
    merchants.refresh()
    assert merchants.hour == HOUR
    for hour in (HOUR + 2, HOUR + 3):
        seal(ledger, hour, give_up=True)
    merchants.refresh()
    merchants.refresh()
    assert merchants.hour == HOUR + 3
