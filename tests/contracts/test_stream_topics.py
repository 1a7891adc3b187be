"""Topics: never made by accident, never mistaken for another of the same name."""

import time
from collections.abc import Iterator

import pytest
from plugins.stream import CLIENTS, Member, Rig, build_rig

from models.hashing import kafka_partition
from service.broker import EmbeddedBroker
from service.settings import Settings
from service.stream.connect import open_topics
from service.stream.errors import OffsetOutOfRange, TopicMissing
from service.stream.memory import MemoryBroker, MemoryConsumer, MemoryProducer
from service.stream.ports import Outgoing


@pytest.fixture(params=[client for client in CLIENTS if client != "memory"])
def own_rig(request: pytest.FixtureRequest, own_broker: EmbeddedBroker) -> Iterator[Rig]:
    """Give each real client a broker of its own, which the test may restart."""
    settings = Settings.load(**own_broker.settings())
    topics = open_topics(settings)
    built = build_rig(request.param, settings, topics)
    yield built
    built.close()
    topics.close()


def test_a_missing_topic_is_said_and_not_made(rig: Rig) -> None:
    """Reading or writing it is an error that names it; asking does not create it."""
    with pytest.raises(TopicMissing, match=r"penumbra\.absent"):
        rig.member().join("penumbra.absent")
    with pytest.raises(TopicMissing, match=r"penumbra\.absent"):
        rig.producer.send_many("penumbra.absent", [Outgoing(b"k", b"v")])
    with pytest.raises(TopicMissing):
        rig.topics.describe("penumbra.absent")


def test_a_consumer_knows_partitions_and_identity(rig: Rig) -> None:
    """Both are asked of the broker, and the same for everyone who asks."""
    topic, consumer = rig.topic(3), rig.member().consumer
    assert consumer.partition_count(topic) == 3
    assert consumer.topic_identity(topic) == rig.topics.describe(topic).identity
    assert consumer.topic_identity(topic) != consumer.topic_identity(rig.topic(3))


@pytest.mark.parametrize("partitions", [3, 16])
def test_a_key_lands_where_the_kernel_says(rig: Rig, partitions: int) -> None:
    """Producers and `models.hashing.kafka_partition` agree: a misrouted record can be told."""
    topic = rig.topic(partitions)
    ids = [f"customer-{n}" for n in range(200)] + ["7", "ab", "abc", "abcd", "Zoë", "客户"]
    rig.send(topic, *(Outgoing(each.encode(), b"v") for each in ids))
    member = rig.member().join(topic)
    member.poll_until(lambda: member.total() == len(ids), "every record")
    landed = {
        record.key.decode(): number
        for (_, number), records in member.read.items()
        for record in records
        if record.key is not None
    }
    expected = kafka_partition(ids, partitions)
    assert landed == dict(zip(ids, expected.tolist(), strict=True))


def test_a_partition_named_by_the_sender_wins_over_the_key(rig: Rig) -> None:
    """Outputs keep the partition of their input, whatever their key."""
    topic = rig.topic(4)
    rig.send(topic, *(Outgoing(b"same key", b"%d" % n, partition=n) for n in range(4)))
    member = rig.member().join(topic)
    member.poll_until(lambda: member.total() == 4, "one record a partition")
    assert {p[1]: r[0].value for p, r in member.read.items()} == {n: b"%d" % n for n in range(4)}


def test_a_broker_that_lost_its_memory_is_noticed_before_anything_is_read(
    own_broker: EmbeddedBroker, own_rig: Rig
) -> None:
    """The old offset exists in the new log, and yet not a record of it is taken for the next.

    The owner is told that the partition is gone and comes anew; the identity is another, and
    reading starts where the owner then says.
    """
    own_rig.topics.ensure({"transactions": 1})
    own_rig.send("transactions", *(Outgoing(b"k", b"old %d" % n) for n in range(100)))
    member = own_rig.member().join("transactions")
    member.poll_until(lambda: member.total() == 100, "the old records")
    before = member.consumer.topic_identity("transactions")
    renewed(own_broker, own_rig, member)
    member.read.clear()
    member.poll_until(lambda: member.total() >= 500, "the new records")
    assert member.consumer.topic_identity("transactions") != before
    assert member.values() == [b"new %d" % n for n in range(500)]
    assert [what for what, _ in member.diary][:2] == ["assigned", "revoked"]


def renewed(broker: EmbeddedBroker, rig: Rig, member: Member) -> None:
    """Restart the broker empty, on the same port, with a longer log than before."""
    broker.stop()
    member.poll()
    broker.start()
    settings = Settings.load(**broker.settings())
    topics = open_topics(settings)
    topics.ensure({"transactions": 1})
    topics.close()
    rig.producer.close()
    rig.producer = build_rig(rig.client, settings, rig.topics).producer
    rig.send("transactions", *(Outgoing(b"k", b"new %d" % n) for n in range(500)))


def test_the_fake_loses_its_memory_like_the_embedded_broker() -> None:
    """What stands on the fake meets the same rebalance, in the same order."""
    broker = MemoryBroker()
    broker.ensure({"transactions": 1})
    producer = MemoryProducer(broker)
    producer.send_many("transactions", [Outgoing(b"k", b"old")] * 3)
    member = Member(MemoryConsumer(broker)).join("transactions")
    member.poll_until(lambda: member.total() == 3, "the old records")
    broker.restart()
    broker.ensure({"transactions": 1})
    producer.send_many("transactions", [Outgoing(b"k", b"new")] * 9)
    member.read.clear()
    member.poll_until(lambda: member.total() == 9, "the new records")
    assert set(member.values()) == {b"new"}
    assert [what for what, _ in member.diary] == ["assigned", "revoked", "assigned"]


def test_records_that_expired_unread_are_an_error() -> None:
    """Retention overtook the worker: say what is gone, never jump over it."""
    broker = MemoryBroker()
    broker.ensure({"transactions": 1})
    MemoryProducer(broker).send_many("transactions", [Outgoing(b"k", b"v")] * 10)
    broker.expire("transactions", 0, before=7)
    member = Member(MemoryConsumer(broker), start=lambda _: 3).join("transactions")
    with pytest.raises(OffsetOutOfRange, match="it holds 7 to 10"):
        member.poll()
    assert member.consumer.earliest(("transactions", 0)) == 7


def test_a_member_of_a_broker_that_came_back_empty_makes_no_topic(
    own_rig: Rig, own_broker: EmbeddedBroker
) -> None:
    """The topics are the payment company's: how many partitions they have is not for us to say."""
    topic = own_rig.topic(2)
    own_rig.send(topic, Outgoing(b"k", b"v"))
    member = own_rig.member().join(topic)
    member.poll_until(lambda: member.total() == 1, "the record")
    own_broker.stop()
    own_broker.start()
    later = time.monotonic() + 3
    while time.monotonic() < later:
        member.poll()
    with pytest.raises(TopicMissing):
        own_rig.topics.describe(topic)
