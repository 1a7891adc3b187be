"""Snapshots of customer histories: immutable objects in a folder or an object store.

A snapshot only saves time. Restoring takes the newest valid one that is not ahead of the
ledger and applies the ledger's rows after it; without any, all of the ledger's rows.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import fsspec
import structlog
from sqlalchemy import delete

from models.catalogue import KERNEL_VERSION
from models.history import Histories
from service.ledger.snapshots import Snapshot
from service.ledger.tables import snapshots

if TYPE_CHECKING:
    from service.ledger import Lease, Ledger

KEPT = 2
"""Snapshots kept of each partition: the newest, and one in case it is damaged."""

log = structlog.get_logger(__name__)


class Snapshots:
    """Where snapshots of a ledger's partitions are kept."""

    def __init__(self, ledger: Ledger, url: str) -> None:
        self._ledger = ledger
        self._files, self._root = fsspec.url_to_fs(url, auto_mkdir=True)

    def save(self, lease: Lease, histories: Histories) -> None:
        """Keep the state as it is after the lease's last commit."""
        if any(one.sequence == lease.next_sequence for one in self._known(lease)):
            return
        data = histories.snapshot()
        name = f"{lease.stream}-{lease.partition}/{lease.next_sequence}-k{KERNEL_VERSION}.state"
        path = f"{self._root}/{name}"
        # Whole or not at all: a reader never sees half a snapshot under its own name.
        self._files.pipe_file(f"{path}.{lease.epoch}.part", data)
        self._files.mv(f"{path}.{lease.epoch}.part", path)
        self._ledger.save_snapshot(
            Snapshot(
                lease.stream,
                lease.partition,
                lease.next_sequence,
                str(KERNEL_VERSION),
                path,
                hashlib.sha256(data).hexdigest(),
            )
        )
        for old in self._known(lease)[KEPT:]:
            self._forget(old)

    def restore(self, lease: Lease, reporting_currency: str) -> Histories:
        """Return the histories as they were after the partition's last commit."""
        histories, sequence = self._newest(lease) or (Histories(reporting_currency), 0)
        for rows in self._ledger.rows_after(lease.stream, lease.partition, sequence):
            histories.learn(rows.take(rows.scored_type()))
        return histories

    def _forget(self, old: Snapshot) -> None:
        if self._files.exists(old.url):
            self._files.rm_file(old.url)
        c = snapshots.c
        with self._ledger.begin() as connection:
            connection.execute(delete(snapshots).where(c.url == old.url))

    def _newest(self, lease: Lease) -> tuple[Histories, int] | None:
        for found in self._known(lease):
            if found.sequence > lease.next_sequence or not self._files.exists(found.url):
                continue
            try:
                data = self._files.cat_file(found.url)
                if hashlib.sha256(data).hexdigest() == found.sha256:
                    return Histories.restore(data), found.sequence
                why = "its hash is not the one in the ledger"
            except (OSError, ValueError) as error:
                why = str(error)
            log.warning("snapshot_passed_over", url=found.url, why=why)
        return None

    def _known(self, lease: Lease) -> list[Snapshot]:
        return self._ledger.snapshots(lease.stream, lease.partition, str(KERNEL_VERSION))
