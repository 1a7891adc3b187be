"""Consuming through kafka-python: see `service.stream.ports` for the contract.

kafka-python calls its rebalance listener on the thread that also sends heartbeats. Ours does the
least there: it parks new partitions (paused, at a placeholder position, so that the client asks
for no committed offset) and notes the change; `poll` tells the owner on the owner's thread.
"""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

import kafka.errors as kafka_errors
from kafka import ConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor

from service.settings import Settings
from service.stream.errors import BrokerUnavailable, OffsetOutOfRange
from service.stream.holdings import Holdings
from service.stream.kafka_python.connection import (
    client_options,
    connected,
    making_no_topics,
    told_plainly,
)
from service.stream.kafka_python.topics import KafkaPythonTopics
from service.stream.ports import Partition, Rebalanced, Record
from service.stream.watch import METADATA_MS, TopicWatch

_FETCH_BYTES = 4 * 1024 * 1024
_ANSWER_MS = 5000
_RECORD_FIELDS = itemgetter(3, 6, 7, 4, 8)
"""offset, key, value, timestamp, headers of kafka-python's ConsumerRecord."""


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    """Runs on the client's own thread: parks what is new, notes what changed."""

    def __init__(self, client: Any, holdings: Holdings) -> None:
        self._client = client
        self._holdings = holdings

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        for each in assigned:
            _park(self._client, each)
        self._holdings.gained(tuple(each) for each in assigned)

    def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        self._holdings.lost(tuple(each) for each in revoked)


class KafkaPythonConsumer:
    """A member of the group, on kafka-python."""

    def __init__(self, settings: Settings) -> None:
        self._address = settings.kafka_bootstrap_servers
        self._topics = KafkaPythonTopics(settings)
        self._watch = TopicWatch(self._topics, patience_s=settings.broker_timeout_s)
        self._client: Any = connected(
            settings,
            lambda: KafkaConsumer(
                **client_options(settings),
                group_id=settings.group_id,
                enable_auto_commit=False,
                auto_offset_reset="none",
                session_timeout_ms=settings.session_timeout_ms,
                heartbeat_interval_ms=settings.heartbeat_interval_ms,
                metadata_max_age_ms=METADATA_MS,
                fetch_max_wait_ms=settings.fetch_max_wait_ms,
                max_partition_fetch_bytes=max(_FETCH_BYTES, 2 * settings.max_record_bytes),
                partition_assignment_strategy=[CooperativeStickyAssignor],
                metrics_enabled=False,
                kafka_client=making_no_topics,
            ),
        )
        self._holdings = Holdings()

    def subscribe(
        self, topics: Iterable[str], on_assign: Rebalanced, on_revoke: Rebalanced
    ) -> None:
        """Join the group. Raises TopicMissing."""
        wanted = list(topics)
        self._watch.start(wanted)
        self._holdings.belong_to(on_assign, on_revoke)
        self._client.subscribe(wanted, listener=_Listener(self._client, self._holdings))

    def poll(self, timeout_s: float, max_records: int) -> dict[Partition, list[Record]]:
        """Return records; deliver rebalances; see the port."""
        self._holdings.begin()
        fetched = self._fetched(int(timeout_s * 1000), max_records)
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
            raise self._out_of_range(beyond, self.position(beyond) or 0)
        return batches

    def assignment(self) -> set[Partition]:
        """Return what `on_assign` named and `on_revoke` has not taken back."""
        return set(self._holdings.positions)

    def seek(self, partition: Partition, offset: int) -> None:
        """Read from `offset` next; the broker's answers must prove that it exists."""
        for where in self._held([partition]):
            self._client.seek(where, offset)
        self._holdings.sought(partition, offset)

    def pause(self, partitions: Iterable[Partition]) -> None:
        """Hand out nothing of these until resumed."""
        self._client.pause(*self._held(partitions))

    def resume(self, partitions: Iterable[Partition]) -> None:
        """Undo `pause`."""
        self._client.resume(*self._held(partitions))

    def position(self, partition: Partition) -> int | None:
        """Return the offset of the next record to be handed out."""
        return self._holdings.positions.get(partition)

    def at_end(self, partition: Partition) -> bool:
        """Whether everything of the broker's last answer was handed out."""
        end = self._end(partition)
        if end is None or self.position(partition) is None:
            return False
        # The client's own position also passes what is never handed out (transaction markers).
        return int(self._client.position(TopicPartition(*partition))) >= end

    def earliest(self, partition: Partition) -> int:
        """Ask for the oldest offset the broker holds."""
        where = TopicPartition(*partition)
        with told_plainly(self._address):
            return int(self._client.beginning_offsets([where], timeout_ms=_ANSWER_MS)[where])

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """Tell the group how far we are; whether it hears is not our concern."""
        self._client.commit_async(
            {TopicPartition(*each): OffsetAndMetadata(at, "", -1) for each, at in offsets.items()}
        )

    def partition_count(self, topic: str) -> int:
        """Ask how many partitions a topic has."""
        return self._topics.describe(topic).partitions

    def topic_identity(self, topic: str) -> str:
        """Ask for the identity of a topic."""
        return self._topics.describe(topic).identity

    def close(self) -> None:
        """Leave the group."""
        self._client.close(autocommit=False, timeout_ms=_ANSWER_MS)
        self._topics.close()

    def _fetched(self, timeout_ms: int, max_records: int) -> dict[Partition, list[Record]]:
        _clear_hand(self._client)
        try:
            with told_plainly(self._address):
                fetched = self._client.poll(timeout_ms=timeout_ms, max_records=max_records)
        except kafka_errors.OffsetOutOfRangeError as error:
            where, offset = next(iter(error.args[0].items()))
            raise self._out_of_range(tuple(where), offset) from error
        except kafka_errors.LogTruncationError as error:
            partition: Partition = tuple(next(iter(error.divergent_offsets)))
            raise self._out_of_range(partition, self.position(partition) or 0) from error
        return {
            tuple(where): list(map(Record._make, map(_RECORD_FIELDS, records)))
            for where, records in fetched.items()
        }

    def _same_topics(self, *, anything_read: bool) -> bool:
        """Return False when what was read must not be handed out."""
        replaced = self._watch.replaced(_open_links(self._client), anything_read=anything_read)
        if replaced is None:
            return False
        for partition in self._holdings.replaced(replaced):
            _park(self._client, TopicPartition(*partition))
        return not replaced

    def _held(self, partitions: Iterable[Partition]) -> list[Any]:
        """Return those the client holds; it may have lost some the owner still knows."""
        held = self._client.assignment()
        return [where for each in partitions if (where := TopicPartition(*each)) in held]

    def _end(self, partition: Partition) -> int | None:
        """Return the end of the log as of the broker's last answer."""
        ends = [self._client.highwater(where) for where in self._held([partition])]
        return int(ends[0]) if ends and ends[0] is not None else None

    def _out_of_range(self, partition: Partition, offset: int) -> OffsetOutOfRange:
        """Say what the broker holds instead, when it answers that."""
        try:
            earliest: int | None = self.earliest(partition)
        except BrokerUnavailable:
            earliest = None
        return OffsetOutOfRange(*partition, offset, earliest=earliest, end=self._end(partition))


def _park(client: Any, where: Any) -> None:
    """Pause a partition at a placeholder position, until its owner seeks."""
    client.pause(where)
    client.seek(where, 0)


def _clear_hand(client: Any) -> None:
    """Let records that were put aside by a pause come back.

    The client (3.0.12) takes them up again only when it holds nothing, and holds on to the last
    records it handed out even when none are left: a resumed partition would wait for ever.
    """
    fetcher = client._fetcher  # noqa: SLF001
    if not fetcher._next_partition_records:  # noqa: SLF001
        fetcher._next_partition_records = None  # noqa: SLF001


def _open_links(client: Any) -> frozenset[Any] | None:
    """Return the open connections themselves, or None; kafka-python tells of no reconnects."""
    links = list(client._client._manager._conns.values())  # noqa: SLF001
    return frozenset(link for link in links if link.connected) or None
