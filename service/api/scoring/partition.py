"""A virtual partition: what a worker holds of a topic, held here for a share of the customers."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

import structlog

from service.errors import LedgerError, OwnershipLost, TransactionConflict
from service.pipeline.partition import PartitionWork

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.api.scoring.lock import SharedLock
    from service.ledger import Lease, Ledger
    from service.pipeline.arrivals import Arrivals
    from service.pipeline.partition import Taken
    from service.promotion.standing import Standing
    from service.seals import SealedMerchants
    from service.settings import Settings
    from service.snapshots import Snapshots

STREAM = "http"

log = structlog.get_logger(__name__)


class VirtualPartition:
    """One partition of the stream 'http'.

    Every method but `look_after` and `close` wants `lock` held by the caller, who holds it
    from the first look at the ledger until the answer is settled.

    To other workers it is idle except while a request waits for a seal: a request that needs
    nothing new delays nobody, one that does takes its place in the order of hours.
    """

    def __init__(
        self,
        number: int,
        ledger: Ledger,
        standing: Standing,
        settings: Settings,
        *,
        owner: str,
        clock: Callable[[], int],
        merchants: SealedMerchants,
        sealing: SharedLock,
        snapshots: Snapshots,
    ) -> None:
        self.number = number
        self.lock = Lock()
        self._ledger = ledger
        self._standing = standing
        self._settings = settings
        self._owner = owner
        self._clock = clock
        self._merchants = merchants
        self._sealing = sealing
        self._snapshots = snapshots
        self._work: PartitionWork | None = None
        self._awake = False
        self._saved_at = 0.0
        self._saved_sequence = 0

    @property
    def is_open(self) -> bool:
        """Whether the partition is acquired and its histories are restored."""
        return self._work is not None

    def open(self) -> PartitionWork:
        """Acquire and restore the partition unless it is ours already."""
        if self._work is None:
            identity = identity_of(self._settings.http_partitions)
            lease = self._ledger.acquire(STREAM, self.number, identity=identity, owner=self._owner)
            self._ledger.set_idle(lease, True)
            self._awake = False
            with self._sealing.writing():
                self._merchants.refresh()
            with self._sealing.reading():
                histories = self._snapshots.restore(lease, self._settings.reporting_currency)
            self._work = PartitionWork(
                self._ledger,
                lease,
                histories,
                self._merchants,
                self._standing.lineup,
                self._clock,
            )
            self._saved_at, self._saved_sequence = time.monotonic(), lease.next_sequence
        return self._work

    def take(self, batch: Arrivals) -> Taken:
        """Take in what the sealed hours allow; see PartitionWork.take.

        If the partition was taken from us, or another stream accepted an id meanwhile, it is
        acquired anew and the batch tried once more.
        """
        try:
            return self._take(batch)
        except (OwnershipLost, TransactionConflict) as error:
            log.warning("partition_dropped", partition=f"{STREAM}/{self.number}", why=str(error))
            return self._take(batch)

    def _take(self, batch: Arrivals) -> Taken:
        work = self.open()
        work.lineup = self._standing.lineup
        try:
            with self._sealing.reading():
                return work.take(batch)
        except BaseException:
            self._work = None  # its memory may be ahead of the ledger
            raise

    def reach(self, hour: int) -> None:
        """Say that the next record waits for the seal of `hour`."""
        try:
            lease = self.open().lease
            self._ledger.reach(lease, hour)
            if not self._awake:
                self._ledger.set_idle(lease, False)
                self._awake = True
        except OwnershipLost:
            self._work = None  # whoever has it says so; the next take acquires it again

    def rest(self) -> None:
        """Hold nobody back any more."""
        if self._awake and self._work is not None:
            try:
                self._ledger.set_idle(self._work.lease, True)
                self._awake = False
            except LedgerError as error:
                # Acquired anew it is idle at once; until then others wait as for a dead worker.
                log.warning("partition_not_idle", partition=self.number, why=str(error))
                self._work = None

    def look_after(self, *, now: bool = False) -> None:
        """Keep a snapshot of the histories if it is time, or now."""
        with self.lock:
            work = self._work
            if work is None:
                return
            rows = work.lease.next_sequence - self._saved_sequence
            aged = time.monotonic() - self._saved_at > self._settings.snapshot_every_s
            if rows and (now or aged or rows >= self._settings.snapshot_every_rows):
                self._snapshots.save(work.lease, work.histories)
                self._saved_at = time.monotonic()
                self._saved_sequence = work.lease.next_sequence

    def short_history(self) -> tuple[int, float] | None:
        """Return how many customers there are and the share with under 30 days of history.

        None while the partition is busy or has no customers: a look must not wait.
        """
        if not self.lock.acquire(blocking=False):
            return None
        try:
            if self._work is None:
                return None
            share = self._work.histories.share_with_short_history()
            return None if share is None else (self._work.histories.customers, share)
        finally:
            self.lock.release()

    @property
    def lease(self) -> Lease | None:
        """The lease after the last commit, None while the partition is not ours."""
        return None if self._work is None else self._work.lease


def identity_of(partitions: int) -> str:
    """Return the identity of the stream: customers keep their partition only within it."""
    return f"{STREAM}/{partitions}"


def count_of(identity: str) -> int | None:
    """Return the number of partitions an identity tells, None for one that tells none."""
    stream, _, count = identity.partition("/")
    return int(count) if stream == STREAM and count.isdecimal() else None
