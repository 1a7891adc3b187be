"""Snapshots of customer histories: immutable objects in a folder or an object store.

A snapshot only saves time. Restoring takes the newest valid one that is not ahead of the
ledger and applies the ledger's rows after it; without any, all of the ledger's rows.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import fsspec
import structlog
from sqlalchemy import delete

from models.catalogue import KERNEL_VERSION
from models.history import Histories
from service.errors import OwnershipLost
from service.ledger.snapshots import Snapshot
from service.ledger.tables import snapshots

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        kept = Snapshot(
            lease.stream,
            lease.partition,
            lease.next_sequence,
            str(KERNEL_VERSION),
            path,
            hashlib.sha256(data).hexdigest(),
        )
        try:
            self._ledger.save_snapshot(kept, lease)
        except OwnershipLost:
            self._files.rm_file(path)
            raise
        for old in self._known(lease)[KEPT:]:
            self._forget(old)

    def restore(self, lease: Lease, reporting_currency: str) -> Histories:
        """Return the histories as they were after the partition's last commit."""
        histories, sequence = self._newest(lease) or (Histories(reporting_currency), 0)
        for rows in self._ledger.rows_after(lease.stream, lease.partition, sequence):
            histories.learn(rows.take(rows.scored_type()))
        return histories

    def without(
        self, customer_id: str, places: Iterable[tuple[str, int]]
    ) -> dict[Snapshot, Snapshot]:
        """Write the snapshots of these partitions anew without a customer, beside the old ones.

        Return what is to take the place of each; one that cannot be read is left out.
        """
        instead = {}
        for place in places:
            for old in self._ledger.all_snapshots(*place):
                try:
                    histories = Histories.restore(self._files.cat_file(old.url))
                except (OSError, ValueError) as error:
                    log.warning("snapshot_passed_over", url=old.url, why=str(error))
                    continue
                histories.forget(customer_id)
                data = histories.snapshot()
                url = f"{old.url.removesuffix('.state')}-{uuid4().hex}.state"
                self._files.pipe_file(url, data)
                instead[old] = replace(old, url=url, sha256=hashlib.sha256(data).hexdigest())
        return instead

    def sweep(self, places: Iterable[tuple[str, int]]) -> None:
        """Remove the files of these partitions that the ledger does not know (any more)."""
        for stream, partition in places:
            folder = f"{self._root}/{stream}-{partition}"
            known = {one.url for one in self._ledger.all_snapshots(stream, partition)}
            there = self._files.ls(folder, detail=False) if self._files.exists(folder) else []
            for path in there:
                if path not in known and path.endswith(".state"):
                    self._files.rm_file(path)

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
