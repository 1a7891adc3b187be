"""One writer a partition: fencing, expected offsets, and identity of the source."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from builders.ledger_rows import START_MS, TOPIC, own, scored

from service.errors import OwnershipLost
from service.ledger import Commit, Ledger


def recorded(ledger: Ledger) -> list[str]:
    """Return the ids of partition 0 in order."""
    return [i for piece in ledger.rows_after(TOPIC, 0, 0) for i in piece.transaction_id]


def test_a_new_partition_starts_at_nothing(ledger: Ledger) -> None:
    """The first lease of a partition is at offset 0 and sequence 0, of source epoch 0."""
    lease = own(ledger)
    assert (lease.epoch, lease.source_epoch, lease.identity_changed) == (1, 0, False)
    assert (lease.next_offset, lease.next_sequence, lease.sealed_sequence) == (0, 0, 0)
    assert lease.watermark_ms is None


def test_a_newer_lease_fences_the_older_one_off(ledger: Ledger) -> None:
    """After a second acquisition nothing computed under the first is written."""
    old = own(ledger)
    old = ledger.commit(old, scored(["t1"], next_offset=1))
    new = own(ledger)
    assert (new.epoch, new.next_offset, new.next_sequence) == (old.epoch + 1, 1, 1)
    with pytest.raises(OwnershipLost, match="transactions/0 is no longer ours"):
        ledger.commit(old, scored(["t2"], next_offset=2))
    ledger.commit(new, scored(["t3"], next_offset=2))
    assert recorded(ledger) == ["t1", "t3"]
    assert ledger.coverage().total["scored"] == 2


def test_a_batch_for_another_offset_is_refused(ledger: Ledger) -> None:
    """A lease that the ledger has moved past writes nothing, even in its own epoch."""
    stale = own(ledger)
    fresh = ledger.commit(stale, scored(["t1", "t2"], next_offset=2))
    with pytest.raises(OwnershipLost):
        ledger.commit(stale, scored(["t3"], next_offset=1))
    assert recorded(ledger) == ["t1", "t2"]
    assert ledger.commit(fresh, Commit(next_offset=5)).next_offset == 5


def test_a_lost_owner_cannot_say_how_far_it_is(ledger: Ledger) -> None:
    """Reached hours and idleness are written by the newest lease alone."""
    old, new = own(ledger), own(ledger)
    with pytest.raises(OwnershipLost):
        ledger.reach(old, 9)
    with pytest.raises(OwnershipLost):
        ledger.set_idle(old, idle=True)
    ledger.reach(new, 495_000)
    ledger.set_idle(new, idle=True)
    (state,) = ledger.progress([TOPIC])
    assert (state.reached_hour, state.idle, state.owner) == (495_000, True, "worker-1")
    assert own(ledger).reached_hour == 495_000


def test_a_repeated_commit_is_written_once(ledger: Ledger) -> None:
    """A commit whose answer was lost can be sent again with the same lease and batch."""
    lease = own(ledger)
    batch = scored(["t1", "t2"], next_offset=2, watermark_ms=START_MS, flagged=[1])
    first = ledger.commit(lease, batch)
    assert ledger.commit(lease, batch) == first
    assert recorded(ledger) == ["t1", "t2"]
    assert ledger.coverage().total["consumed"] == 2


def test_a_repeated_commit_without_records_is_written_once(ledger: Ledger) -> None:
    """Also a batch that moves no offset, such as a label watermark, is recognised."""
    lease = own(ledger)
    batch = Commit(next_offset=0, counters={"unknown_fields": 3}, watermark_ms=START_MS)
    assert ledger.commit(lease, batch) == ledger.commit(lease, batch)
    assert ledger.coverage().total["unknown_fields"] == 3


def test_a_repeated_commit_after_a_takeover_is_refused(ledger: Ledger) -> None:
    """The old owner learns that it lost the partition although its batch was written."""
    lease, batch = own(ledger), scored(["t1"], next_offset=1)
    ledger.commit(lease, batch)
    own(ledger)
    with pytest.raises(OwnershipLost):
        ledger.commit(lease, batch)


def test_another_identity_starts_a_new_source_epoch(ledger: Ledger) -> None:
    """A recreated topic is read from 0; what was accepted before keeps its sequences."""
    lease = own(ledger, identity="a")
    ledger.commit(lease, scored(["t1", "t2"], next_offset=7, watermark_ms=START_MS))
    same = own(ledger, identity="a")
    assert (same.source_epoch, same.next_offset, same.identity_changed) == (0, 7, False)
    other = own(ledger, identity="b")
    assert (other.source_epoch, other.next_offset, other.identity_changed) == (1, 0, True)
    assert (other.next_sequence, other.watermark_ms) == (2, START_MS)
    ledger.commit(other, scored(["t3"], next_offset=1))
    assert recorded(ledger) == ["t1", "t2", "t3"]
    assert own(ledger, identity="b").source_epoch == 1


def test_watermarks_never_go_back(ledger: Ledger) -> None:
    """The newest event time seen stays, whatever later batches say."""
    lease = ledger.commit(own(ledger), Commit(next_offset=1, watermark_ms=50))
    lease = ledger.commit(lease, Commit(next_offset=2, watermark_ms=40))
    lease = ledger.commit(lease, Commit(next_offset=3))
    assert lease.watermark_ms == 50
    assert own(ledger).watermark_ms == 50


def test_of_many_that_acquire_at_once_one_can_write(ledger: Ledger) -> None:
    """Concurrent acquisitions get epochs of their own and only the greatest is alive."""
    with ThreadPoolExecutor(8) as pool:
        leases = list(pool.map(lambda _: own(ledger), range(8)))
    assert sorted(lease.epoch for lease in leases) == list(range(1, 9))

    def try_to_write(number: int) -> bool:
        try:
            ledger.commit(leases[number], scored([f"t{number}"], next_offset=1))
        except OwnershipLost:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(try_to_write, range(8)))
    assert [lease.epoch for lease, ok in zip(leases, written, strict=True) if ok] == [8]
    assert len(recorded(ledger)) == 1


def test_partitions_are_written_side_by_side(ledger: Ledger) -> None:
    """Four owners of four partitions commit at the same time without losing anything."""

    def work(partition: int) -> None:
        lease = own(ledger, partition)
        for n in range(10):
            lease = ledger.commit(lease, scored([f"p{partition}-{n}"], next_offset=n + 1))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    states = ledger.progress([TOPIC])
    assert [(s.partition, s.next_sequence, s.counters["scored"]) for s in states] == [
        (p, 10, 10) for p in range(4)
    ]
