"""Reading: what comes out is what went in, from where the owner said, in order."""

import time

import pytest
from plugins.stream import PATIENCE_S, Member, Rig

from service.stream.errors import OffsetOutOfRange
from service.stream.ports import Outgoing, Partition

MEGABYTE = 1_000_000


def numbered(count: int, *, partition: int = 0, since: int = 0) -> list[Outgoing]:
    """Return records whose value is their number."""
    return [Outgoing(b"k", b"%d" % n, partition=partition) for n in range(since, since + count)]


def read_all(member: Member, topic: str, count: int) -> None:
    """Join and read so many records."""
    member.join(topic)
    member.poll_until(lambda: member.total() >= count, f"{count} records")


def test_records_come_in_offset_order_without_gaps(rig: Rig) -> None:
    """Offsets of a partition count from zero, and values are in the order they were sent."""
    topic, member = rig.topic(2), rig.member()
    rig.send(topic, *numbered(3000), *numbered(500, partition=1))
    read_all(member, topic, 3500)
    for number, count in ((0, 3000), (1, 500)):
        records = member.read[topic, number]
        assert [record.offset for record in records] == list(range(count))
        assert [record.value for record in records] == [b"%d" % n for n in range(count)]


def test_a_poll_returns_no_more_than_asked(rig: Rig) -> None:
    """`max_records` bounds all partitions together, and nothing is lost between polls."""
    topic, member = rig.topic(2), rig.member()
    rig.send(topic, *numbered(40), *numbered(40, partition=1))
    member.join(topic)
    deadline = time.monotonic() + 30
    while member.total() < 80:
        assert time.monotonic() < deadline
        assert member.poll(0.05, 7) <= 7
    assert [record.offset for record in member.read[topic, 0]] == list(range(40))


def test_reading_starts_where_the_owner_seeks_before_the_first_fetch(rig: Rig) -> None:
    """A seek in `on_assign` decides the first record; nothing before it is ever handed out."""
    topic, member = rig.topic(), rig.member(start=lambda _: 990)
    rig.send(topic, *numbered(1000))
    read_all(member, topic, 10)
    assert [record.offset for record in member.read[topic, 0]] == list(range(990, 1000))


def test_a_partition_arrives_paused_and_without_position(rig: Rig) -> None:
    """Until its owner seeks and resumes, nothing is handed out, however often it polls."""
    topic, consumer = rig.topic(), rig.member().consumer
    rig.send(topic, *numbered(5))
    arrived: list[Partition] = []
    consumer.subscribe([topic], arrived.extend, lambda _: None)
    member = Member(consumer)
    member.poll_until(lambda: arrived == [(topic, 0)], "the partition")
    assert consumer.position((topic, 0)) is None
    assert not consumer.at_end((topic, 0))
    for _ in range(5):
        assert member.poll() == 0
    consumer.seek((topic, 0), 2)
    for _ in range(5):
        assert member.poll() == 0
    assert consumer.position((topic, 0)) == 2
    consumer.resume([(topic, 0)])
    member.poll_until(lambda: member.total() == 3, "the records after the seek")


def test_paused_partitions_wait_while_others_flow(rig: Rig) -> None:
    """A paused partition keeps its position; resumed, it goes on where it stood."""
    topic, member = rig.topic(2), rig.member()
    rig.send(topic, *numbered(10), *numbered(10, partition=1))
    read_all(member, topic, 20)
    member.consumer.pause([(topic, 0)])
    rig.send(topic, *numbered(10, since=10), *numbered(10, partition=1, since=10))
    member.poll_until(lambda: len(member.read[topic, 1]) == 20, "the partition that flows")
    for _ in range(5):
        member.poll()
    assert len(member.read[topic, 0]) == 10
    assert member.consumer.position((topic, 0)) == 10
    member.consumer.resume([(topic, 0)])
    member.poll_until(lambda: len(member.read[topic, 0]) == 20, "the partition resumed")
    assert [record.offset for record in member.read[topic, 0]] == list(range(20))


def test_seeking_back_reads_the_same_again(rig: Rig) -> None:
    """A redelivery is byte for byte what came before, and nothing in flight slips through."""
    topic, member = rig.topic(), rig.member()
    rig.send(topic, *numbered(500))
    read_all(member, topic, 500)
    first = member.read.pop((topic, 0))
    member.consumer.seek((topic, 0), 100)
    member.poll_until(lambda: member.total() == 400, "the records again")
    assert member.read[topic, 0] == first[100:]


def test_position_and_end_follow_what_was_handed_out(rig: Rig) -> None:
    """At the end means: all the broker showed was handed out. New records undo it."""
    topic, member = rig.topic(), rig.member()
    rig.send(topic, *numbered(3))
    read_all(member, topic, 3)
    member.poll_until(lambda: member.consumer.at_end((topic, 0)), "the end")
    assert member.consumer.position((topic, 0)) == 3
    member.consumer.seek((topic, 0), 0)
    member.poll(0.05, 1)
    member.poll_until(lambda: member.total() >= 4, "a record again")
    member.poll_until(lambda: member.consumer.at_end((topic, 0)), "the end again")
    assert member.consumer.position((topic, 0)) == 3


def test_an_empty_partition_is_at_its_end(rig: Rig) -> None:
    """Nobody waits for a partition in which nothing ever happened."""
    topic, member = rig.topic(), rig.member()
    member.join(topic)
    member.poll_until(lambda: member.consumer.at_end((topic, 0)), "the end of nothing")
    assert member.consumer.position((topic, 0)) == 0


def test_tombstones_headers_and_odd_bytes_arrive_as_sent(rig: Rig) -> None:
    """No value, no key, repeated headers, bytes that are no text: all as they were."""
    topic, member = rig.topic(), rig.member()
    sent = [
        Outgoing(b"gone", None, partition=0),
        Outgoing(None, b"keyless", partition=0),
        Outgoing(b"k", b"", [("reason", b"\xff\x00"), ("reason", b"twice"), ("empty", b"")], 0),
        Outgoing(b"\xfe\xff", b"\x80 not text", partition=0),
    ]
    rig.send(topic, *sent)
    read_all(member, topic, 4)
    came = member.read[topic, 0]
    assert [(r.key, r.value, list(r.headers)) for r in came] == [
        (o.key, o.value, list(o.headers)) for o in sent
    ]


def test_a_megabyte_passes_whole(rig: Rig) -> None:
    """The largest record allowed goes through, between small ones, unharmed."""
    topic, member = rig.topic(), rig.member()
    body = bytes(range(256)) * (MEGABYTE // 256) + b"x" * (MEGABYTE % 256)
    for value in (b"before", body, b"after"):
        rig.send(topic, Outgoing(b"k", value))
    read_all(member, topic, 3)
    assert member.values() == [b"before", body, b"after"]


@pytest.mark.parametrize("beyond", [1, 100_000])
def test_an_offset_beyond_the_end_is_an_error_not_a_jump(rig: Rig, beyond: int) -> None:
    """The topic was shortened: say so, with the offset and a way out; read nothing."""
    topic, member = rig.topic(), rig.member(start=lambda _: 5 + beyond)
    rig.send(topic, *numbered(5))
    member.join(topic)
    with pytest.raises(OffsetOutOfRange, match=rf"offset {5 + beyond} of {topic}\[0\]") as refused:
        member.poll_until(lambda: member.total() > 0, "a record that is not there")
    assert member.total() == 0
    assert "\n" not in str(refused.value)


def test_the_end_itself_is_not_beyond_the_end(rig: Rig) -> None:
    """A worker that had read everything goes on with the next record, whenever it comes."""
    topic, member = rig.topic(), rig.member(start=lambda _: 5)
    rig.send(topic, *numbered(5))
    member.join(topic)
    member.poll_until(lambda: member.consumer.at_end((topic, 0)), "the end")
    rig.send(topic, *numbered(1, since=5))
    member.poll_until(lambda: member.total() == 1, "the next record")
    assert member.read[topic, 0][0].offset == 5


def test_the_oldest_offset_is_known(rig: Rig) -> None:
    """`earliest` is zero for a topic that lost nothing."""
    topic, member = rig.topic(), rig.member()
    rig.send(topic, *numbered(5))
    read_all(member, topic, 5)
    assert member.consumer.earliest((topic, 0)) == 0


def test_what_was_fetched_before_a_pause_comes_after_it(rig: Rig) -> None:
    """Also where the other partition has nothing more: what was put aside must not wait for it."""
    topic = rig.topic(2)
    rig.send(topic, *(Outgoing(b"k", b"%d" % n, partition=n % 2) for n in range(2_000)))
    member = rig.member().join(topic)
    deadline = time.monotonic() + PATIENCE_S
    while not member.read:
        assert time.monotonic() < deadline, "waited in vain for the first records"
        member.poll(max_records=10)
    paused = next(iter(member.read))
    member.consumer.pause([paused])
    other = (topic, 1 - paused[1])
    member.poll_until(lambda: len(member.read.get(other, [])) == 1_000, "the other's records")
    member.consumer.resume([paused])
    member.poll_until(lambda: member.total() == 2_000, "the paused partition's records")
    assert [record.offset for record in member.read[paused]] == list(range(1_000))
