"""The ports in memory, for tests of what stands on them: no process, no network, no waiting.

It keeps the same contract as the real clients and passes the same suite. Rebalances happen the
moment the members poll.
"""

import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kafka.partitioner.default import murmur2

from service.stream.errors import OffsetOutOfRange, TopicMissing
from service.stream.ports import Outgoing, Partition, Rebalanced, Record, Topic

_ADDRESS = "memory"


@dataclass
class _Log:
    """One topic: its identity, and the records of each partition from its first offset on."""

    identity: str
    records: list[list[Record]]
    first: list[int]


@dataclass
class MemoryBroker:
    """Topics and groups that live in this object."""

    logs: dict[str, _Log] = field(default_factory=dict)
    members: dict[str, list["MemoryConsumer"]] = field(default_factory=dict)
    committed: dict[tuple[str, Partition], int] = field(default_factory=dict)
    clock_ms: int = 0

    def describe(self, topic: str) -> Topic:
        """Return the topic as it is. Raises TopicMissing."""
        log = self.log(topic)
        return Topic(topic, len(log.records), log.identity)

    def ensure(self, partitions: Mapping[str, int]) -> dict[str, Topic]:
        """Create the topics that are absent; describe them all."""
        for topic, count in partitions.items():
            if topic not in self.logs:
                empty: list[list[Record]] = [[] for _ in range(count)]
                self.logs[topic] = _Log(str(uuid.uuid4()), empty, [0] * count)
        return {topic: self.describe(topic) for topic in partitions}

    def close(self) -> None:
        """Nothing to let go of."""

    def log(self, topic: str) -> _Log:
        """Return a topic's log. Raises TopicMissing."""
        if topic not in self.logs:
            raise TopicMissing(topic, _ADDRESS)
        return self.logs[topic]

    def append(self, topic: str, record: Outgoing) -> None:
        """Put one record at the end of its partition."""
        log = self.log(topic)
        number = record.partition
        if number is None:
            number = _partition(record.key, len(log.records))
        lane = log.records[number]
        offset = log.first[number] + len(lane)
        lane.append(Record(offset, record.key, record.value, self.clock_ms, list(record.headers)))

    def expire(self, topic: str, partition: int, before: int) -> None:
        """Drop the records before an offset, as retention does."""
        log = self.log(topic)
        del log.records[partition][: before - log.first[partition]]
        log.first[partition] = before

    def restart(self) -> None:
        """Lose everything, as the embedded broker does."""
        self.logs.clear()

    def target(self, group: str, topics: Iterable[str]) -> dict["MemoryConsumer", set[Partition]]:
        """Return who should own what: partitions dealt round among the members."""
        members = self.members.get(group, [])
        wanted: dict[MemoryConsumer, set[Partition]] = {member: set() for member in members}
        dealt = [(t, n) for t in sorted(topics) if t in self.logs for n in self._numbers(t)]
        for place, partition in enumerate(dealt):
            wanted[members[place % len(members)]].add(partition)
        return wanted

    def _numbers(self, topic: str) -> range:
        return range(len(self.logs[topic].records))


class MemoryConsumer:
    """A member of a group of a MemoryBroker."""

    def __init__(self, broker: MemoryBroker, group: str = "penumbra") -> None:
        self._broker = broker
        self._group = group
        self._identities: dict[str, str] = {}
        self._on_assign: Rebalanced = _nobody
        self._on_revoke: Rebalanced = _nobody
        self._positions: dict[Partition, int | None] = {}
        self._paused: set[Partition] = set()

    def subscribe(
        self, topics: Iterable[str], on_assign: Rebalanced, on_revoke: Rebalanced
    ) -> None:
        """Join the group. Raises TopicMissing."""
        self._identities = {topic: self.topic_identity(topic) for topic in topics}
        self._on_assign, self._on_revoke = on_assign, on_revoke
        self._broker.members.setdefault(self._group, []).append(self)

    def poll(self, timeout_s: float, max_records: int) -> dict[Partition, list[Record]]:  # noqa: ARG002
        """Return what there is, at once; rebalance first."""
        self._rebalance()
        batches: dict[Partition, list[Record]] = {}
        for partition in sorted(self._positions):
            position = self._positions[partition]
            if position is None or partition in self._paused or max_records <= 0:
                continue
            records = self._read(partition, position, max_records)
            if records:
                batches[partition] = records
                self._positions[partition] = records[-1].offset + 1
                max_records -= len(records)
        return batches

    def assignment(self) -> set[Partition]:
        """Return what this member owns."""
        return set(self._positions)

    def seek(self, partition: Partition, offset: int) -> None:
        """Read from `offset` next."""
        self._positions[partition] = offset

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Hand out nothing of these until resumed."""
        self._paused.update(partitions)

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Undo `pause`."""
        self._paused.difference_update(partitions)

    def position(self, partition: Partition) -> int | None:
        """Return the offset of the next record to be handed out."""
        return self._positions.get(partition)

    def at_end(self, partition: Partition) -> bool:
        """Whether everything was handed out."""
        return self._positions.get(partition) == self._end(partition)

    def earliest(self, partition: Partition) -> int:
        """Return the oldest offset held."""
        return self._broker.log(partition[0]).first[partition[1]]

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Tell the group how far we are."""
        for partition, offset in offsets.items():
            self._broker.committed[self._group, partition] = offset

    def partition_count(self, topic: str) -> int:
        """Return how many partitions a topic has."""
        return self._broker.describe(topic).partitions

    def topic_identity(self, topic: str) -> str:
        """Return the identity of a topic."""
        return self._broker.describe(topic).identity

    def close(self) -> None:
        """Leave the group."""
        members = self._broker.members.get(self._group, [])
        if self in members:
            members.remove(self)
        self._positions.clear()

    def _rebalance(self) -> None:
        """Give up what is another's or was replaced; take what is ours and nobody holds."""
        logs = self._broker.logs
        replaced = {
            t for t, was in self._identities.items() if t in logs and logs[t].identity != was
        }
        target = self._broker.target(self._group, self._identities)
        ours = target.get(self, set())
        gone = sorted(p for p in self._positions if p not in ours or p[0] in replaced)
        for partition in gone:
            del self._positions[partition]
        if gone:
            self._on_revoke(gone)
        self._identities.update({topic: logs[topic].identity for topic in replaced})
        held = {p for member in target if member is not self for p in member.assignment()}
        new = sorted(ours - held - set(self._positions))
        self._positions.update(dict.fromkeys(new))
        self._paused.update(new)
        if new:
            self._on_assign(new)

    def _read(self, partition: Partition, position: int, limit: int) -> list[Record]:
        topic, number = partition
        log = self._broker.log(topic)
        first, end = log.first[number], self._end(partition)
        if not first <= position <= end:
            raise OffsetOutOfRange(topic, number, position, earliest=first, end=end)
        return log.records[number][position - first : position - first + limit]

    def _end(self, partition: Partition) -> int:
        log = self._broker.log(partition[0])
        return log.first[partition[1]] + len(log.records[partition[1]])


class MemoryProducer:
    """Appends at once; what `send_many` took is acknowledged."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    def send_many(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Append the records. Raises TopicMissing."""
        self._broker.log(topic)
        for record in records:
            self._broker.append(topic, record)

    def flush(self, timeout_s: float) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing to close."""


def _nobody(partitions: list[Partition]) -> None:
    """Stand in for an owner before `subscribe`."""


def _partition(key: bytes | None, partitions: int) -> int:
    """Kafka's default partitioner; a record without a key may land anywhere."""
    if key is None:
        return random.randrange(partitions)  # noqa: S311  (spreading, not secrets)
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)
