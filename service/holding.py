"""A partition in a worker's hands: records received, the lease, and what to do with them."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

import numpy as np
import structlog

from service.errors import LedgerUnavailable
from service.ingest import label_commit, legacy_commit
from service.ledger import Commit
from service.pipeline.arrivals import Arrivals
from service.pipeline.foreign import foreign_topic
from service.pipeline.partition import PartitionWork
from service.retrying import patiently

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.intake import Intake
    from service.ledger import Lease, Ledger
    from service.pipeline.lineup import Lineup
    from service.seals import SealedMerchants
    from service.settings import Settings
    from service.snapshots import Snapshots
    from service.stream.ports import Record

BATCHES_AHEAD = 4
"""A partition with so many batches waiting is not read further until some are done."""
SILENCE_MS = 60_000
"""How often a silent label partition says how far it is; seals allow labels a quarter hour."""

log = structlog.get_logger(__name__)


class Holding(Protocol):
    """What the worker does with any partition it holds."""

    waits_for: int | None
    """The hour whose seal the next record waits for."""

    @property
    def lease(self) -> Lease:
        """The lease after the last commit."""

    @property
    def ready(self) -> bool:
        """Whether there are records that need not wait."""

    @property
    def full(self) -> bool:
        """Whether enough records wait."""

    def receive(self, records: Sequence[Record]) -> None:
        """Take records from the consumer."""

    def advance(self) -> tuple[int, int]:
        """Commit what can be; return how many records that was and how many were refused."""

    def led_by(self, lineup: Lineup) -> None:
        """Score with this lineup from the next batch on."""

    def rest(self, *, at_end: bool) -> None:
        """Note whether the partition has had nothing to read for a while."""

    def snapshot_if_due(self, *, now: bool = False) -> None:
        """Keep the state if it is time, or now."""


class _Idleness:
    """Tells the ledger when a partition falls idle, that it still is, and when it wakes.

    That it is idle is said again and again: of a partition that nobody reads any more nobody
    knows whether it is idle.
    """

    def __init__(self, ledger: Ledger, idle_after_s: float) -> None:
        self._ledger = ledger
        self._after_s = idle_after_s
        self._since = self._told_at = time.monotonic()
        self.idle = False

    def wake(self, lease: Lease) -> None:
        self._since = time.monotonic()
        if self.idle:
            self._tell(lease, idle=False)

    def rest(self, lease: Lease, *, quiet: bool) -> None:
        if not quiet:
            self.wake(lease)
        elif time.monotonic() - (self._told_at if self.idle else self._since) > self._after_s:
            self._tell(lease, idle=True)

    def _tell(self, lease: Lease, *, idle: bool) -> None:
        patiently(lambda: self._ledger.set_idle(lease, idle))
        self.idle = idle
        self._told_at = time.monotonic()


class TransactionHolding:
    """A partition of transactions."""

    def __init__(
        self,
        ledger: Ledger,
        lease: Lease,
        settings: Settings,
        clock: Callable[[], int],
        *,
        lineup: Lineup,
        intake: Intake,
        merchants: SealedMerchants,
        snapshots: Snapshots,
    ) -> None:
        patiently(merchants.refresh)
        histories = patiently(lambda: snapshots.restore(lease, settings.reporting_currency))
        self._work = PartitionWork(ledger, lease, histories, merchants, lineup, clock)
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._intake = intake
        self._foreign = foreign_topic(settings, intake)
        self._merchants = merchants
        self._snapshots = snapshots
        self._waiting: list[Arrivals] = []
        self._idleness = _Idleness(ledger, settings.idle_after_s)
        self._saved_at = time.monotonic()
        self._saved_sequence = lease.next_sequence
        self.waits_for: int | None = None

    @property
    def lease(self) -> Lease:
        """The lease after the last commit."""
        return self._work.lease

    @property
    def ready(self) -> bool:
        """Whether there are records that need not wait."""
        return bool(self._waiting) and self.waits_for is None

    @property
    def full(self) -> bool:
        """Whether enough records wait."""
        return sum(map(len, self._waiting)) >= BATCHES_AHEAD * self._settings.batch_size

    def receive(self, records: Sequence[Record]) -> None:
        """Decode records and put them behind those that wait."""
        self._idleness.wake(self.lease)
        values = [record.value for record in records]
        keys = [record.key for record in records]
        offsets = np.array([record.offset for record in records], np.int64)
        now_ms = self._clock()
        if self._foreign is not None:
            arrivals = self._foreign.arrivals(values, keys, offsets, now_ms=now_ms)
        else:
            arrivals = Arrivals.decoded(
                values, keys, offsets, intake=self._intake, now_ms=now_ms, keyed=True
            )
        self._waiting.append(arrivals)

    def advance(self) -> tuple[int, int]:
        """Commit the first waiting batch, as far as its hours are sealed."""
        if self.waits_for is not None:
            if self._merchants.hour is None or self._merchants.hour < self.waits_for:
                return 0, 0
            self.waits_for = None
        if not self._waiting:
            return 0, 0
        batch = self._waiting[0]
        taken = self._work.take(batch)
        if taken.records == len(batch):
            self._waiting.pop(0)
        elif taken.records:
            _, self._waiting[0] = batch.split(taken.records)
        hour = taken.blocked_hour
        if hour is not None:
            patiently(lambda: self._ledger.reach(self.lease, hour))
            self.waits_for = hour
        return taken.records, taken.refused

    def led_by(self, lineup: Lineup) -> None:
        """Score with this lineup from the next batch on."""
        self._work.lineup = lineup

    def rest(self, *, at_end: bool) -> None:
        """Note whether the partition has had nothing to read for a while."""
        self._idleness.rest(self.lease, quiet=at_end and not self._waiting)

    def snapshot_if_due(self, *, now: bool = False) -> None:
        """Keep the histories if it is time, or now."""
        rows = self.lease.next_sequence - self._saved_sequence
        aged = time.monotonic() - self._saved_at > self._settings.snapshot_every_s
        if rows and (now or aged or rows >= self._settings.snapshot_every_rows):
            try:
                self._snapshots.save(self.lease, self._work.histories)
            except (OSError, LedgerUnavailable) as error:
                # It only saves time: without it more of the ledger's rows are applied again.
                log.warning("snapshot_not_kept", partition=self.lease.partition, why=str(error))
            self._saved_at = time.monotonic()
            self._saved_sequence = self.lease.next_sequence


class _Plain(ABC):
    """A partition whose records go straight into the ledger."""

    waits_for: int | None = None

    def __init__(
        self,
        ledger: Ledger,
        lease: Lease,
        settings: Settings,
        clock: Callable[[], int],
        intake: Intake,
    ) -> None:
        self.lease = lease
        self._ledger = ledger
        self._settings = settings
        self._clock = clock
        self._intake = intake
        self._waiting: list[Sequence[Record]] = []
        self._idleness = _Idleness(ledger, settings.idle_after_s)

    @property
    def ready(self) -> bool:
        return bool(self._waiting)

    @property
    def full(self) -> bool:
        return False

    def receive(self, records: Sequence[Record]) -> None:
        self._idleness.wake(self.lease)
        self._waiting.append(records)

    def advance(self) -> tuple[int, int]:
        if not self._waiting:
            return 0, 0
        records = self._waiting[0]
        commit = self._commit_of(records)
        self.lease = patiently(lambda: self._ledger.commit(self.lease, commit))
        self._waiting.pop(0)
        return len(records), commit.counters.get("dead_letters", 0)

    def led_by(self, lineup: Lineup) -> None:
        del lineup  # nothing is scored here

    def rest(self, *, at_end: bool) -> None:
        self._idleness.rest(self.lease, quiet=at_end and not self._waiting)

    def snapshot_if_due(self, *, now: bool = False) -> None:
        del now  # the ledger is all there is

    @abstractmethod
    def _commit_of(self, records: Sequence[Record]) -> Commit:
        """Return what these records write."""


class LabelHolding(_Plain):
    """A partition of `fraud-labels`."""

    def rest(self, *, at_end: bool) -> None:
        """Note whether it is idle; a label yet to come will be stamped later than now.

        So without an ingest that sends watermarks, or with a topic nobody uses, seals need not
        wait. On the record's own clock nothing is known of what is to come.
        """
        super().rest(at_end=at_end)
        now_ms = self._clock()
        said_ms = self.lease.watermark_ms
        if (
            self._idleness.idle
            and self._settings.label_clock == "ingest"
            and (said_ms is None or now_ms - said_ms >= SILENCE_MS)
        ):
            mark = Commit(next_offset=self.lease.next_offset, watermark_ms=now_ms)
            self.lease = patiently(lambda: self._ledger.commit(self.lease, mark))

    def _commit_of(self, records: Sequence[Record]) -> Commit:
        trusted = self._settings.label_clock == "record"
        return label_commit(
            self.lease,
            records,
            now_ms=self._clock(),
            trust_known_at=trusted,
            intake=self._intake,
        )


class LegacyHolding(_Plain):
    """A partition of `legacy-decisions`."""

    def _commit_of(self, records: Sequence[Record]) -> Commit:
        return legacy_commit(records, now_ms=self._clock(), intake=self._intake)
