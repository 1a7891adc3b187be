"""The worker: reads its share of the partitions and brings each batch into the ledger.

One loop, one thread: poll, then advance every partition that has records, then look after
seals, snapshots and idle partitions. It has no producer; what is to be published, the relay
reads from the ledger.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from typing import TYPE_CHECKING

import structlog

from service.errors import OwnershipLost, TransactionConflict
from service.holding import LabelHolding, LegacyHolding, TransactionHolding
from service.ledger import wall_clock_ms
from service.poison import PoisonGauge
from service.promotion.standing import Standing
from service.retrying import patiently
from service.seals import Live, SealedMerchants, try_seal
from service.snapshots import Snapshots
from service.stream.errors import BrokerUnavailable, TopicMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import Event

    from service.holding import Holding
    from service.ledger import Lease, Ledger
    from service.pipeline.lineup import Lineup
    from service.settings import Settings
    from service.stream.ports import Consumer, Partition, Record

SEAL_POLL_S = 0.02
LAG_COMMIT_S = 5.0
TAKE_BACK_S = 1.0
IDLE_HOLDS = 3
"""An idle partition says so every `idle_after_s`; after so many times unsaid it may not be."""

log = structlog.get_logger(__name__)


def new_owner() -> str:
    """Return a name for this process that no other has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


class Worker:
    """A member of the consumer group. `clock` returns epoch milliseconds."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        lineup: Lineup,
        consumer: Consumer,
        *,
        owner: str,
        clock: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._standing = patiently(lambda: Standing(ledger, lineup))
        self._consumer = consumer
        self._owner = owner
        self._clock = clock
        self._intake = lineup.intake(settings)
        self._merchants = patiently(lambda: SealedMerchants(ledger))
        self._snapshots = Snapshots(ledger, settings.snapshots_url)
        self._gauge = PoisonGauge(settings.dead_letter_limit, settings.dead_letter_window)
        self._held: dict[Partition, Holding] = {}
        self._to_take: dict[Partition, float] = {}
        self._counts: dict[str, int] = {}
        self._silent_since: float | None = None
        self._waited_hour: tuple[int, float] | None = None
        self._lag_due = 0.0

    @property
    def topics(self) -> list[str]:
        """What this worker reads."""
        topics = [self._settings.topic_transactions, self._settings.topic_fraud_labels]
        if self._settings.legacy_source == "topic":
            topics.append(self._settings.topic_legacy_decisions)
        return topics

    def run(self, stop: Event, each_round: Callable[[], None]) -> None:
        """Work until `stop` is set; `each_round` is called once a round.

        Raises PenumbraError where going on would be wrong: a poisoned input, an offset that is
        gone, a broker silent too long, a champion that is not here.
        """
        self._consumer.subscribe(self.topics, self._assigned, self._revoked)
        while not stop.is_set():
            self.round()
            each_round()
        self._snapshot_all()

    def round(self) -> None:
        """Poll once and advance what can be advanced."""
        self._follow()
        self._take_over()
        for partition, records in self._consumer.poll(
            self._patience(), self._settings.batch_size
        ).items():
            self._guarded(partition, self._receiving(records))
        for partition in list(self._held):
            self._guarded(partition, self._advance)
        self._seal()
        for partition in list(self._held):
            self._guarded(partition, self._look_after)
        self._tell_lag()

    def _follow(self) -> None:
        """Take up a change of champion: between two batches, for all partitions at once."""
        if patiently(self._standing.follow):
            for holding in self._held.values():
                holding.led_by(self._standing.lineup)

    def _patience(self) -> float:
        held = self._held.values()
        if self._to_take or any(one.ready for one in held):
            return 0.0
        return (
            SEAL_POLL_S
            if any(one.waits_for is not None for one in held)
            else (self._settings.poll_timeout_s)
        )

    def _assigned(self, partitions: list[Partition]) -> None:
        for partition in partitions:
            self._to_take[partition] = 0.0

    def _revoked(self, partitions: list[Partition]) -> None:
        for partition in partitions:
            self._to_take.pop(partition, None)
            self._held.pop(partition, None)

    def _take_over(self) -> None:
        """Acquire assigned partitions and restore their state, outside the rebalance.

        A broker that does not answer now is asked again; `poll` says when that lasts too long.
        """
        now = time.monotonic()
        due = [p for p, at in self._to_take.items() if at <= now]
        if not due:
            return
        try:
            for topic in (self._settings.topic_transactions, self._settings.topic_fraud_labels):
                self._counts[topic] = self._consumer.partition_count(topic)
            # All are acquired before any goes on: a seal waits for partitions that are taken.
            taken = [(p, *self._acquired(p)) for p in due]
        except (BrokerUnavailable, TopicMissing) as error:
            self._silent_since = now if self._silent_since is None else self._silent_since
            if now - self._silent_since > self._settings.broker_timeout_s:
                raise
            log.warning("partitions_not_taken_yet", why=str(error))
            self._to_take.update(dict.fromkeys(due, now + TAKE_BACK_S))
            return
        self._silent_since = None
        for partition, lease, start in taken:
            del self._to_take[partition]
            self._held[partition] = self._holding(partition, lease)
            self._consumer.seek(partition, start)
            self._consumer.resume([partition])
            log.info(
                "partition_taken",
                partition=f"{partition[0]}/{partition[1]}",
                epoch=lease.epoch,
                offset=start,
                sequence=lease.next_sequence,
                new_source=lease.identity_changed,
            )

    def _acquired(self, partition: Partition) -> tuple[Lease, int]:
        """Return the lease of a partition and the offset to read from."""
        topic, number = partition
        identity = self._consumer.topic_identity(topic)
        lease = patiently(
            lambda: self._ledger.acquire(topic, number, identity=identity, owner=self._owner)
        )
        # Nothing was read of this source yet: what it still holds is its beginning.
        start = lease.next_offset or self._consumer.earliest(partition)
        return lease, start

    def _holding(self, partition: Partition, lease: Lease) -> Holding:
        if partition[0] == self._settings.topic_fraud_labels:
            return LabelHolding(self._ledger, lease, self._settings, self._clock, self._intake)
        if partition[0] == self._settings.topic_legacy_decisions:
            return LegacyHolding(self._ledger, lease, self._settings, self._clock, self._intake)
        return TransactionHolding(
            self._ledger,
            lease,
            self._settings,
            self._clock,
            lineup=self._standing.lineup,
            intake=self._intake,
            merchants=self._merchants,
            snapshots=self._snapshots,
        )

    def _guarded(self, partition: Partition, act: Callable[[Partition, Holding], None]) -> None:
        holding = self._held.get(partition)
        if holding is None:
            return
        try:
            act(partition, holding)
        except (OwnershipLost, TransactionConflict) as error:
            # Memory is ahead of the ledger, or not ours any more: forget it, take it anew.
            log.warning("partition_dropped", partition=partition, why=str(error))
            self._held.pop(partition, None)
            self._consumer.pause([partition])
            self._to_take[partition] = time.monotonic() + TAKE_BACK_S

    def _receiving(self, records: Sequence[Record]) -> Callable[[Partition, Holding], None]:
        return lambda _, holding: holding.receive(records)

    def _advance(self, partition: Partition, holding: Holding) -> None:
        taken, bad = holding.advance()
        self._gauge.add(taken, bad, partition[0])
        if holding.full:
            self._consumer.pause([partition])
        elif taken:
            self._consumer.resume([partition])

    def _seal(self) -> None:
        """Try to seal the earliest hour that any of our partitions waits for."""
        waits = [one.waits_for for one in self._held.values() if one.waits_for is not None]
        if not waits:
            return
        hour = min(waits)
        patiently(self._merchants.refresh)
        if self._merchants.hour is not None and self._merchants.hour >= hour:
            return
        now = time.monotonic()
        if self._waited_hour is None or self._waited_hour[0] != hour:
            self._waited_hour = (hour, now)
        give_up = now - self._waited_hour[1] > self._settings.seal_wait_s
        waiting = patiently(
            lambda: try_seal(
                self._ledger,
                hour,
                label_stream=self._settings.topic_fraud_labels,
                legacy_stream=self._settings.topic_legacy_decisions,
                owner=self._owner,
                now_ms=self._clock(),
                give_up=give_up,
                live=Live(self._counts, int(IDLE_HOLDS * self._settings.idle_after_s * 1000)),
            )
        )
        if waiting is None:
            patiently(self._merchants.refresh)

    def _look_after(self, partition: Partition, holding: Holding) -> None:
        holding.rest(at_end=self._consumer.at_end(partition))
        holding.snapshot_if_due()

    def _tell_lag(self) -> None:
        if time.monotonic() < self._lag_due:
            return
        self._lag_due = time.monotonic() + LAG_COMMIT_S
        offsets = {p: one.lease.next_offset for p, one in self._held.items()}
        if offsets:
            self._consumer.commit(offsets)

    def _snapshot_all(self) -> None:
        for partition in list(self._held):
            self._guarded(partition, lambda _, holding: holding.snapshot_if_due(now=True))
