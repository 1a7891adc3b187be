"""One rig a client library, so that one suite of contract tests runs against all of them."""

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from threading import Event

import pytest

from service.settings import Settings
from service.stream.connect import open_consumer
from service.stream.kafka_python.producer import KafkaPythonProducer
from service.stream.memory import MemoryBroker, MemoryConsumer, MemoryProducer
from service.stream.ports import Consumer, Outgoing, Partition, Producer, Record, Topics

CLIENTS = ("kafka_python", "confluent", "memory")
PATIENCE_S = 60.0


def open_unrestricted(settings: Settings) -> Producer:
    """Open a producer that goes anywhere: tests play the payment systems."""
    if settings.kafka_client == "confluent":
        from service.stream.confluent.producer import ConfluentProducer  # noqa: PLC0415

        return ConfluentProducer(settings)
    return KafkaPythonProducer(settings)


@dataclass
class Member:
    """A consumer with an owner that seeks where it is told and keeps a diary."""

    consumer: Consumer
    start: Callable[[Partition], int] = lambda _: 0
    diary: list[tuple[str, list[Partition]]] = field(default_factory=list)
    read: dict[Partition, list[Record]] = field(default_factory=dict)

    def join(self, *topics: str) -> "Member":
        """Subscribe; partitions are sought and resumed the moment they arrive."""
        self.consumer.subscribe(topics, self._assigned, self._revoked)
        return self

    def poll(self, timeout_s: float = 0.05, max_records: int = 2000) -> int:
        """Poll once, keep what came, return how much."""
        batches = self.consumer.poll(timeout_s, max_records)
        for partition, records in batches.items():
            self.read.setdefault(partition, []).extend(records)
        return sum(map(len, batches.values()))

    def poll_until(self, true: Callable[[], bool], what: str) -> None:
        """Poll until a condition holds."""
        poll_together([self], true, what)

    def values(self) -> list[bytes | None]:
        """Return the values read, a partition after the other."""
        return [record.value for _, records in sorted(self.read.items()) for record in records]

    def total(self) -> int:
        """Return how many records were read."""
        return sum(map(len, self.read.values()))

    def _assigned(self, partitions: list[Partition]) -> None:
        self.diary.append(("assigned", partitions))
        for partition in partitions:
            self.consumer.seek(partition, self.start(partition))
        self.consumer.resume(partitions)

    def _revoked(self, partitions: list[Partition]) -> None:
        self.diary.append(("revoked", partitions))


def poll_together(members: list[Member], true: Callable[[], bool], what: str) -> None:
    """Poll several members until a condition holds, each on a thread of its own.

    As workers are: one that waits for the other's answer must not keep it from giving it.
    """
    deadline = time.monotonic() + PATIENCE_S
    done = Event()

    def polling(member: Member) -> None:
        while not done.is_set():
            member.poll()

    with ThreadPoolExecutor(len(members)) as threads:
        running = [threads.submit(polling, member) for member in members]
        try:
            while not true() and not any(one.done() for one in running):
                assert time.monotonic() < deadline, f"waited in vain for: {what}"
                done.wait(0.01)
        finally:
            done.set()
        for one in running:
            one.result()


@dataclass
class Rig:
    """What a contract test needs of one client library."""

    client: str
    topics: Topics
    consumer: Callable[[str], Consumer]
    producer: Producer
    memory: MemoryBroker | None = None
    opened: list[Consumer] = field(default_factory=list)

    def topic(self, partitions: int = 1, *, prefix: str = "penumbra.test") -> str:
        """Make a topic that no other test has."""
        name = f"{prefix}.{uuid.uuid4().hex}"
        self.topics.ensure({name: partitions})
        return name

    def group(self) -> str:
        """Name a group that no other test has."""
        return f"penumbra-test-{uuid.uuid4().hex}"

    def member(
        self, group: str | None = None, start: Callable[[Partition], int] | None = None
    ) -> Member:
        """Open a consumer that is closed when the test ends."""
        consumer = self.consumer(group or self.group())
        self.opened.append(consumer)
        return Member(consumer, start or (lambda _: 0))

    def send(self, topic: str, *records: Outgoing) -> None:
        """Publish and wait for the acknowledgements."""
        self.producer.send_many(topic, records)
        self.producer.flush(PATIENCE_S)

    def close(self) -> None:
        """Close what was opened."""
        for consumer in self.opened:
            consumer.close()
        self.producer.close()


def build_rig(client: str, settings: Settings, topics: Topics) -> Rig:
    """Build the rig of a real client at a real broker."""
    if client == "confluent" and find_spec("confluent_kafka") is None:
        pytest.skip("confluent-kafka is not installed: pip install 'penumbra[confluent]'")
    settings = settings.model_copy(update={"kafka_client": client})
    return Rig(
        client,
        topics,
        lambda group: open_consumer(settings.model_copy(update={"group_id": group})),
        open_unrestricted(settings),
    )


@pytest.fixture(params=CLIENTS)
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """Give each client library in turn; in memory no broker is needed."""
    if request.param == "memory":
        broker = MemoryBroker()
        built = Rig(
            "memory",
            broker,
            lambda group: MemoryConsumer(broker, group),
            MemoryProducer(broker),
            memory=broker,
        )
    else:
        settings = request.getfixturevalue("broker_settings")
        built = build_rig(request.param, settings, request.getfixturevalue("topics"))
    yield built
    built.close()
