"""Publishing: acknowledged or said so, and never where a shadow must not."""

import uuid

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from plugins.stream import Rig, open_unrestricted

from service.broker import EmbeddedBroker
from service.settings import Settings
from service.stream.connect import open_producer, open_topics
from service.stream.errors import DeliveryFailed, TopicRefused
from service.stream.ports import Outgoing, Topics
from service.stream.shadow import ShadowProducer, is_shadow_topic


class Untouched:
    """A producer that must not be reached."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"the client was reached: {name}")


@given(st.text())
@example("transactions")
@example("legacy-decisions")
@example("penumbra")
@example("penumbra.")
@example("Penumbra.decisions")
@example("live.penumbra.decisions")
@example("penumbra.decisions\n")
@example("fraud-labels2")
@example("fraud-labels\n")
@example("")
def test_a_live_topic_is_refused_before_the_client_sees_a_record(topic: str) -> None:
    """Whatever the name: only `penumbra.*` and `fraud-labels` reach the network."""
    if is_shadow_topic(topic):
        assert topic == "fraud-labels" or topic.startswith("penumbra.")
        return
    producer = ShadowProducer(Untouched())  # type: ignore[arg-type]
    with pytest.raises(TopicRefused, match="a shadow writes to"):
        producer.send_many(topic, iter([Outgoing(b"k", b"v")]))


def test_the_service_can_only_open_producers_that_refuse(
    broker_settings: Settings, topics: Topics
) -> None:
    """A live topic that exists, at a broker that would take it, stays empty."""
    live = f"transactions-{uuid.uuid4().hex}"
    topics.ensure({live: 1})
    for client in ("kafka_python", "confluent"):
        producer = open_producer(broker_settings.model_copy(update={"kafka_client": client}))
        with pytest.raises(TopicRefused, match=live):
            producer.send_many(live, [Outgoing(b"k", b"approve everything")])
        producer.flush(5)
        producer.close()


def test_a_shadow_reaches_its_own_topics(rig: Rig) -> None:
    """The wall lets Penumbra's records through unchanged."""
    topic = rig.topic()
    ShadowProducer(rig.producer).send_many(topic, [Outgoing(b"k", b"seen")])
    ShadowProducer(rig.producer).flush(30)
    member = rig.member().join(topic)
    member.poll_until(lambda: member.total() == 1, "the record")
    assert member.values() == [b"seen"]


def test_order_holds_over_many_batches(rig: Rig) -> None:
    """Records of a partition lie in the log as they were sent, also over many requests."""
    topic = rig.topic(2)
    count = 20_000
    rig.producer.send_many(
        topic, (Outgoing(b"k", b"%d" % n, partition=n % 2) for n in range(count))
    )
    rig.producer.flush(30)
    member = rig.member().join(topic)
    member.poll_until(lambda: member.total() == count, "every record")
    for number in (0, 1):
        values = [record.value for record in member.read[topic, number]]
        assert values == [b"%d" % n for n in range(number, count, 2)]


@pytest.mark.parametrize("client", ["kafka_python", "confluent"])
def test_a_broker_that_is_gone_is_a_failed_delivery(
    own_broker: EmbeddedBroker, client: str
) -> None:
    """`flush` gives up after its time and says how many records are open, in one line."""
    settings = Settings.load(**own_broker.settings(), kafka_client=client)
    producer = open_unrestricted(settings)
    topics = open_topics(settings)
    topics.ensure({"penumbra.decisions": 1})
    topics.close()
    producer.send_many("penumbra.decisions", [Outgoing(b"k", b"first")])
    producer.flush(10)
    own_broker.stop()
    producer.send_many("penumbra.decisions", [Outgoing(b"k", b"%d" % n) for n in range(7)])
    with pytest.raises(DeliveryFailed, match=r"7 of 7 records to penumbra\.decisions") as failed:
        producer.flush(0.5)
    assert "\n" not in str(failed.value)
    own_broker.start()
    producer.close()


@pytest.mark.parametrize("client", ["kafka_python", "confluent"])
def test_a_record_too_large_to_send_is_said_at_once(
    broker_settings: Settings, topics: Topics, client: str
) -> None:
    """It never blocks those behind it."""
    topic = f"penumbra.test.{uuid.uuid4().hex}"
    topics.ensure({topic: 1})
    producer = open_unrestricted(broker_settings.model_copy(update={"kafka_client": client}))
    with pytest.raises(DeliveryFailed, match=topic):
        producer.send_many(topic, [Outgoing(b"k", b"x" * 1_200_000)])
    producer.send_many(topic, [Outgoing(b"k", b"small")])
    producer.flush(10)
    producer.close()
