"""What Penumbra needs of Kafka, and nothing more.

Three ports, each implemented for kafka-python, for confluent-kafka and in memory; one contract
suite (tests/contracts/test_stream_*.py) runs against all of them.

The offset contract. The ledger owns the offsets. A consumer never decides where to read:

1. `on_assign` is called from inside `poll`, on the thread that polls, with partitions that are
   new to this consumer. They arrive **paused and without a position**.
2. Their owner calls `seek` and then `resume`, at once or many polls later (restoring state may
   take a while); nothing is fetched before that.
3. `on_revoke` names partitions that are gone. It is told, not asked: another member may already
   own them, so nothing may be written for them unless the ledger's fence allows it. Partitions
   that stay are not mentioned and keep their position and pause.
4. When the topic behind a partition was replaced (deleted and made again, or the broker lost its
   memory), the partition is revoked and assigned again before a single record of the new topic
   is handed out; `topic_identity` then differs.
5. Commits to the group are for lag monitors only; no consumer ever starts from them.

Liveness. `poll` must be called at least every `max_poll_interval_ms` (5 minutes), also while
every partition is paused: a poll with nothing to fetch keeps the membership, delivers rebalances
and returns after the timeout. Between polls the session is kept alive by the client's own thread.

Threads. A consumer belongs to one thread. A producer may be shared.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Partition = tuple[str, int]
"""Topic and partition number."""

Headers = Sequence[tuple[str, bytes | None]]

Rebalanced = Callable[[list[Partition]], None]
"""Called with the partitions gained or lost, sorted."""


class Record(NamedTuple):
    """One record as it lies in the log.

    `value` None is a tombstone; `timestamp_ms` is the broker's or the sender's clock, epoch ms.
    """

    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int
    headers: Headers


class Outgoing(NamedTuple):
    """One record to publish.

    Without `partition` the key decides, as Kafka's default partitioner does (murmur2); without
    a key either, the client spreads.
    """

    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


@dataclass(frozen=True)
class Topic:
    """A topic as the broker describes it.

    `identity` is its id; a topic made again under the same name has another one, also after the
    embedded broker lost its memory.
    """

    name: str
    partitions: int
    identity: str


class Topics(Protocol):
    """Looks at topics, and makes those that are absent."""

    def describe(self, topic: str) -> Topic:
        """Ask the broker. Raises TopicMissing; never creates."""

    def ensure(self, partitions: Mapping[str, int]) -> dict[str, Topic]:
        """Create the topics that are absent, with so many partitions; describe them all.

        A topic that exists is left as it is, whatever its partition count.
        """

    def close(self) -> None:
        """Let go of the connection."""


class Consumer(Protocol):
    """A member of the consumer group. See the module for the offset contract."""

    def subscribe(
        self, topics: Iterable[str], on_assign: Rebalanced, on_revoke: Rebalanced
    ) -> None:
        """Join the group for these topics. Raises TopicMissing when one does not exist."""

    def poll(self, timeout_s: float, max_records: int) -> dict[Partition, list[Record]]:
        """Return records in offset order a partition, `max_records` in all; none after timeout.

        Raises OffsetOutOfRange, BrokerUnavailable (silent for longer than `broker_timeout_s`),
        AccessRefused, UnreadableRecord.
        """

    def assignment(self) -> set[Partition]:
        """Partitions that `on_assign` named and `on_revoke` has not taken back."""

    def seek(self, partition: Partition, offset: int) -> None:
        """Read from `offset` next. The partition must be assigned."""

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Hand out nothing of these until resumed; their position stays."""

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Undo `pause`."""

    def position(self, partition: Partition) -> int | None:
        """Offset of the next record to be handed out; None before the first seek."""

    def at_end(self, partition: Partition) -> bool:
        """Whether everything the broker showed in its last answer was handed out.

        False until the broker has answered for the current position.
        """

    def earliest(self, partition: Partition) -> int:
        """Oldest offset the broker still holds (asks the broker)."""

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Tell the group how far we are, for lag monitors. Best effort: failures are ignored."""

    def partition_count(self, topic: str) -> int:
        """Count the partitions (asks the broker). Raises TopicMissing."""

    def topic_identity(self, topic: str) -> str:
        """Identity of the topic as it is now (asks the broker). Raises TopicMissing."""

    def close(self) -> None:
        """Leave the group at once, so that others need not wait for the session to time out."""


class Producer(Protocol):
    """Publishes records, in order a partition."""

    def send_many(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Hand records to the client; acknowledged only once `flush` returned.

        Raises TopicMissing, and TopicRefused before anything reaches the network.
        """

    def flush(self, timeout_s: float) -> None:
        """Wait until every record was acknowledged by all in-sync replicas.

        Raises DeliveryFailed when some were refused or not answered in time; then everything
        since the last good flush must be sent again (a few may arrive twice).
        """

    def close(self) -> None:
        """Send what is left, for at most a few seconds."""
