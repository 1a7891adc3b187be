"""Consuming through confluent-kafka: see `service.stream.ports` for the contract.

librdkafka calls back on the thread that polls, so changes reach their owner in `poll`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from service.settings import Settings
from service.stream.confluent.connection import client_options, in_our_words
from service.stream.errors import OffsetOutOfRange, StreamError
from service.stream.holdings import Holdings
from service.stream.kafka_python.topics import KafkaPythonTopics
from service.stream.ports import Partition, Rebalanced, Record
from service.stream.watch import METADATA_MS, TopicWatch

_FETCH_BYTES = 4 * 1024 * 1024
_ANSWER_S = 5.0
_OUT_OF_RANGE = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}  # noqa: SLF001
_AT_END = KafkaError._PARTITION_EOF  # noqa: SLF001
_FINAL = {
    KafkaError._AUTHENTICATION,  # noqa: SLF001
    KafkaError._BAD_MSG,  # noqa: SLF001
    KafkaError._BAD_COMPRESSION,  # noqa: SLF001
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
}


class ConfluentConsumer:
    """A member of the group, on confluent-kafka."""

    def __init__(self, settings: Settings) -> None:
        self._address = settings.kafka_bootstrap_servers
        self._topics = KafkaPythonTopics(settings)
        self._watch = TopicWatch(self._topics, patience_s=settings.broker_timeout_s)
        self._client: Any = Consumer(
            {
                **client_options(settings),
                "group.id": settings.group_id,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "allow.auto.create.topics": False,
                "topic.metadata.refresh.interval.ms": METADATA_MS,
                "enable.partition.eof": True,
                "session.timeout.ms": settings.session_timeout_ms,
                "heartbeat.interval.ms": settings.heartbeat_interval_ms,
                "fetch.wait.max.ms": settings.fetch_max_wait_ms,
                "max.partition.fetch.bytes": max(_FETCH_BYTES, 2 * settings.max_record_bytes),
                "partition.assignment.strategy": "cooperative-sticky",
                "error_cb": self._disturbed,
            }
        )
        self._holdings = Holdings()
        self._ended: set[Partition] = set()
        self._disturbances = 0
        self._final: StreamError | None = None

    def subscribe(
        self, topics: Iterable[str], on_assign: Rebalanced, on_revoke: Rebalanced
    ) -> None:
        """Join the group. Raises TopicMissing."""
        wanted = list(topics)
        self._watch.start(wanted)
        self._holdings.belong_to(on_assign, on_revoke)
        self._client.subscribe(
            wanted, on_assign=self._gained, on_revoke=self._lost, on_lost=self._lost
        )

    def poll(self, timeout_s: float, max_records: int) -> dict[Partition, list[Record]]:
        """Return records; deliver rebalances; see the port."""
        self._holdings.begin()
        first = self._client.poll(timeout_s)
        messages = [] if first is None else [first]
        if first is not None and max_records > 1:
            messages += self._client.consume(max_records - 1, 0)
        if self._final is not None:
            raise self._final
        fetched = self._sorted_out(messages)
        self._holdings.tell()
        if not self._same_topics(anything_read=bool(fetched)):
            for partition in fetched:
                position = self.position(partition)
                if position is not None:
                    self.seek(partition, position)
        self._holdings.tell()
        batches = self._holdings.accept(fetched)
        beyond = self._holdings.beyond(self._end)
        if beyond:
            raise self._out_of_range(beyond)
        return batches

    def assignment(self) -> set[Partition]:
        """Return what `on_assign` named and `on_revoke` has not taken back."""
        return set(self._holdings.positions)

    def seek(self, partition: Partition, offset: int) -> None:
        """Read from `offset` next; the broker's answers must prove that it exists."""
        for where in self._held([partition]):
            self._client.seek(TopicPartition(where.topic, where.partition, offset))
        self._ended.discard(partition)
        self._holdings.sought(partition, offset)

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Hand out nothing of these until resumed."""
        self._client.pause(self._held(partitions))

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Undo `pause`."""
        self._client.resume(self._held(partitions))

    def position(self, partition: Partition) -> int | None:
        """Return the offset of the next record to be handed out."""
        return self._holdings.positions.get(partition)

    def at_end(self, partition: Partition) -> bool:
        """Whether everything of the broker's last answer was handed out."""
        return partition in self._ended

    def earliest(self, partition: Partition) -> int:
        """Ask for the oldest offset the broker holds."""
        try:
            return int(self._client.get_watermark_offsets(TopicPartition(*partition), _ANSWER_S)[0])
        except KafkaException as error:
            raise in_our_words(error, self._address) from error

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Tell the group how far we are; whether it hears is not our concern."""
        told = [TopicPartition(*each, at) for each, at in offsets.items()]
        self._client.commit(offsets=told, asynchronous=True)

    def partition_count(self, topic: str) -> int:
        """Ask how many partitions a topic has."""
        return self._topics.describe(topic).partitions

    def topic_identity(self, topic: str) -> str:
        """Ask for the identity of a topic."""
        return self._topics.describe(topic).identity

    def close(self) -> None:
        """Leave the group."""
        self._client.close()
        self._topics.close()

    def _sorted_out(self, messages: list[Any]) -> dict[Partition, list[Record]]:
        """Return the records among what librdkafka handed us; heed the rest."""
        batches: dict[Partition, list[Record]] = {}
        for message in messages:
            error = message.error()
            partition: Partition = (message.topic(), message.partition())
            if error is None:
                record = Record(
                    message.offset(),
                    message.key(),
                    message.value(),
                    message.timestamp()[1],
                    message.headers() or [],
                )
                batches.setdefault(partition, []).append(record)
                self._ended.discard(partition)
            elif error.code() == _AT_END:
                self._ended.add(partition)
                self._holdings.proven(partition)
            elif error.code() in _OUT_OF_RANGE:
                raise self._out_of_range(partition)
            elif error.code() in _FINAL or error.fatal():
                raise in_our_words(error, self._address)
        return batches

    def _same_topics(self, *, anything_read: bool) -> bool:
        """Return False when what was read must not be handed out."""
        replaced = self._watch.replaced(self._disturbances, anything_read=anything_read)
        if replaced is None:
            return False
        affected = self._holdings.replaced(replaced)
        if affected:
            self.pause(affected)
            self._ended.difference_update(affected)
        return not replaced

    def _held(self, partitions: Iterable[Partition]) -> list[Any]:
        """Return those the client holds; it may have lost some the owner still knows."""
        wanted = set(partitions)
        return [p for p in self._client.assignment() if (p.topic, p.partition) in wanted]

    def _end(self, partition: Partition) -> int | None:
        """Return the end of the log as of the broker's last answer."""
        where = TopicPartition(*partition)
        end = int(self._client.get_watermark_offsets(where, cached=True)[1])
        return end if end >= 0 else None

    def _gained(self, client: Any, partitions: list[Any]) -> None:
        client.incremental_assign([TopicPartition(p.topic, p.partition, 0) for p in partitions])
        client.pause(partitions)
        self._holdings.gained((p.topic, p.partition) for p in partitions)

    def _lost(self, client: Any, partitions: list[Any]) -> None:
        client.incremental_unassign(partitions)
        self._ended.difference_update((p.topic, p.partition) for p in partitions)
        self._holdings.lost((p.topic, p.partition) for p in partitions)

    def _disturbed(self, error: KafkaError) -> None:
        """Note that a connection broke: what is behind the next one may be another broker."""
        self._disturbances += 1
        if error.code() in _FINAL:
            self._final = in_our_words(error, self._address)

    def _out_of_range(self, partition: Partition) -> OffsetOutOfRange:
        """Say what the broker holds instead, when it answers that."""
        try:
            earliest: int | None = self.earliest(partition)
        except StreamError:
            earliest = None
        offset = self.position(partition) or 0
        return OffsetOutOfRange(*partition, offset, earliest=earliest, end=self._end(partition))
