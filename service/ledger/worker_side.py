"""What a worker asks of the ledger: partitions, batches, and the past."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from service.errors import TransactionConflict
from service.ledger import leases, legacy, progress, reads, snapshots, summing, truth, writes
from service.ledger.bulk import VIOLATIONS
from service.ledger.columns import FROM_FILE, label_values
from service.ledger.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from models.labels import Labels
    from models.transaction import Transactions
    from service.ledger.legacy import Legacy
    from service.ledger.progress import PartitionState, Seal
    from service.ledger.rows import Commit, Lease
    from service.ledger.snapshots import Snapshot


class WorkerSide(Opened):
    """Acquire partitions, commit batches, restore state."""

    def acquire(self, stream: str, partition: int, *, identity: str, owner: str) -> Lease:
        """Take over a partition; every earlier lease on it can write no more.

        `identity` names the source's incarnation (a topic id). Another one than last time
        starts a new source epoch at offset 0, which the lease tells.
        """
        with self.begin() as connection:
            return leases.acquire(
                connection,
                stream,
                partition,
                identity=identity,
                owner=owner,
                now_ms=self._clock(),
            )

    def commit(self, lease: Lease, batch: Commit) -> Lease:
        """Write a batch whole or not at all; return the lease for the next one.

        After LedgerUnavailable the outcome is unknown: call again with the same lease and
        batch, which is written once. Raises OwnershipLost, TransactionConflict or
        AccountingBroken, and has then written nothing.
        """
        try:
            with self.begin() as connection:
                return writes.commit(connection, lease, batch, self._clock())
        except VIOLATIONS:
            known = self._known_twice(batch)
            if not known:
                raise
            raise TransactionConflict(lease.stream, lease.partition, known) from None

    def keep_labels(self, labels: Labels, sealed_hour: Sequence[int | None] | None = None) -> None:
        """Keep labels that came by a file; `sealed_hour` names the seals that took them in."""
        columns = label_values(labels, FROM_FILE)
        if sealed_hour is not None:
            columns["sealed_hour"] = list(sealed_hour)
        with self.begin() as connection:
            _, truths = truth.record(connection, columns)
            summing.move(connection, ("labels", FROM_FILE), truths)

    def recount(self, case_window_ms: int) -> None:
        """Make all sums anew from the rows; what is committed meanwhile waits.

        For rows of an older version, which were summed up nowhere.
        """
        with self.begin() as connection:
            summing.recount(connection, case_window_ms)

    def reach(self, lease: Lease, hour: int) -> None:
        """Note that the partition waits before the seal of `hour`. Raises OwnershipLost."""
        with self.begin() as connection:
            leases.note(connection, lease, self._clock(), reached_hour=hour)

    def set_idle(self, lease: Lease, idle: bool) -> None:  # noqa: FBT001 - says what it sets
        """Note whether the partition has had nothing to read. Raises OwnershipLost."""
        with self.begin() as connection:
            leases.note(connection, lease, self._clock(), idle=idle)

    def existing(self, transaction_ids: Sequence[str]) -> dict[str, int]:
        """Return the content key (signed 64 bits) of each id that the ledger knows."""
        with self.reading() as connection:
            return reads.existing(connection, transaction_ids)

    def legacy_for(self, transaction_ids: Sequence[str]) -> dict[str, Legacy]:
        """Return the first legacy decision of each transaction that has one."""
        with self.reading() as connection:
            return legacy.first_of(connection, transaction_ids)

    def rows_after(
        self, stream: str, partition: int, sequence: int, chunk: int = 20_000
    ) -> Iterator[Transactions]:
        """Yield what a state that has taken in `sequence` transactions has still to take in.

        That is the transactions numbered `sequence` and up, in order, without gaps, in pieces
        of at most `chunk`, each read on its own. `legacy` is None in all of them.
        """
        while True:
            with self.reading() as connection:
                piece = reads.rows_from(connection, stream, partition, sequence, chunk)
            if len(piece) > 0:
                yield piece
            if len(piece) < chunk:
                return
            sequence += len(piece)

    def progress(self, streams: Sequence[str] | None = None) -> list[PartitionState]:
        """Return where each partition of these streams (default: all) stands."""
        with self.reading() as connection:
            return progress.states(connection, streams)

    def newest_seal(self) -> Seal | None:
        """Return the seal of the latest hour, None before the first."""
        with self.reading() as connection:
            return progress.newest_seal(connection)

    def seals_after(self, hour: int) -> list[Seal]:
        """Return the seals of later hours than `hour`, in order."""
        with self.reading() as connection:
            return progress.seals_after(connection, hour)

    def save_snapshot(self, snapshot: Snapshot, lease: Lease) -> None:
        """Record where a snapshot lies; one recorded already stays as it is.

        Raises OwnershipLost: what a former owner has in memory may not be kept.
        """
        with self.begin() as connection:
            leases.hold(connection, lease)
            snapshots.save(connection, snapshot, self._clock())

    def snapshots(self, stream: str, partition: int, kernel_version: str) -> list[Snapshot]:
        """Return the snapshots that this kernel can restore a partition from, newest first."""
        with self.reading() as connection:
            return snapshots.of(connection, stream, partition, kernel_version)

    def all_snapshots(self, stream: str, partition: int) -> list[Snapshot]:
        """Return every snapshot of a partition, whatever kernel it is for."""
        with self.reading() as connection:
            return snapshots.all_of(connection, stream, partition)

    def _known_twice(self, batch: Commit) -> list[str]:
        if batch.transactions is None:
            return []
        ids = batch.transactions.transactions.transaction_id.tolist()
        known = self.existing(ids)
        times = Counter(ids)
        return [i for i in times if i in known or times[i] > 1]
