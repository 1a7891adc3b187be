"""HTTP as a source: requests in, each record accepted, repeated or refused; thread-safe."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import structlog

from models.content import content_keys
from models.errors import BadInput, PenumbraError
from models.rejection import Reason, Rejection
from service.api.scoring.lock import SharedLock
from service.api.scoring.partition import STREAM, VirtualPartition, count_of
from service.api.scoring.shares import shared_out
from service.ledger import wall_clock_ms
from service.pipeline.arrivals import Arrivals
from service.promotion.standing import Standing
from service.seals import SealedMerchants, try_seal
from service.snapshots import Snapshots

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.ledger import Ledger
    from service.pipeline.lineup import Lineup
    from service.settings import Settings

SEAL_POLL_S = 0.02

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one record: it is in the ledger under its id, or it was refused.

    `duplicate` says that the ledger had it before. A conflict has both id and rejection.
    """

    transaction_id: str | None
    duplicate: bool
    rejection: Rejection | None


class HttpSource:
    """The stream 'http' of a ledger. `take` may be called by any number of threads."""

    def __init__(
        self,
        ledger: Ledger,
        lineup: Lineup,
        settings: Settings,
        *,
        owner: str,
        clock: Callable[[], int] = wall_clock_ms,
    ) -> None:
        _refuse_other_count(ledger, settings.http_partitions)
        self._ledger = ledger
        self._settings = settings
        self._owner = owner
        self._clock = clock
        self.intake = lineup.intake(settings)
        self.standing = Standing(ledger, lineup)
        self._merchants = SealedMerchants(ledger)
        self._sealing = SharedLock()
        snapshots = Snapshots(ledger, settings.snapshots_url)
        self.partitions = [
            VirtualPartition(
                number,
                ledger,
                self.standing,
                settings,
                owner=owner,
                clock=clock,
                merchants=self._merchants,
                sealing=self._sealing,
                snapshots=snapshots,
            )
            for number in range(settings.http_partitions)
        ]

    def open(self) -> None:
        """Acquire and restore every partition; what fails is tried again when it is needed."""
        for partition in self.partitions:
            with partition.lock:
                try:
                    partition.open()
                except PenumbraError as error:
                    log.warning(
                        "partition_not_restored", partition=partition.number, why=str(error)
                    )

    def take(self, values: Sequence[bytes]) -> list[Received]:
        """Bring records into the ledger; return what became of each, in the same order.

        Raises LedgerUnavailable, or OwnershipLost if another process keeps taking the partition:
        the same call may then be made again, records that were written are duplicates. Raises
        ChampionMissing if another bundle was made champion, and it is not here.
        """
        self.standing.follow()
        batch = Arrivals.decoded(
            values,
            [None] * len(values),
            None,
            intake=self.intake,
            now_ms=self._clock(),
            keyed=False,
        )
        shares = shared_out(batch, len(self.partitions))
        ids = batch.transactions.transaction_id.tolist()
        with ExitStack() as held:
            for number in sorted(shares):
                held.enter_context(self.partitions[number].lock)
            known = self._ledger.existing(ids)
            try:
                self._advance(shares)
            finally:
                for number in shares:
                    self.partitions[number].rest()
            stored = self._ledger.existing(ids)
        return _received(batch, known, stored)

    def look_after(self, *, now: bool = False) -> None:
        """Keep snapshots that are due, or all of them now."""
        for partition in self.partitions:
            try:
                partition.look_after(now=now)
            except (PenumbraError, OSError) as error:
                # A snapshot only saves time: without it the ledger's rows are applied again.
                log.warning("snapshot_not_kept", partition=partition.number, why=str(error))

    def close(self) -> None:
        """Keep all histories; the partitions are idle already."""
        self.look_after(now=True)

    def _advance(self, waiting: dict[int, Arrivals]) -> None:
        """Take all shares in, hour by hour, as a worker would its partitions."""
        deadline: float | None = None
        while waiting:
            blocked: dict[int, int] = {}
            rest: dict[int, Arrivals] = {}
            for number, batch in waiting.items():
                taken = self.partitions[number].take(batch)
                if taken.records == len(batch):
                    self.partitions[number].rest()  # the others' hours need not wait for it
                    continue
                rest[number] = batch.split(taken.records)[1]
                if taken.blocked_hour is not None:
                    blocked[number] = taken.blocked_hour
            waiting = rest
            if blocked:
                for number, hour in blocked.items():
                    self.partitions[number].reach(hour)
                if deadline is None:
                    patience = min(self._settings.http_seal_wait_s, self._settings.seal_wait_s)
                    deadline = time.monotonic() + patience
                self._seal(min(blocked.values()), deadline)

    def _seal(self, hour: int, deadline: float) -> None:
        """Return once the hour is sealed: by another, by us, or by us with what there is."""
        while True:
            with self._sealing.writing():
                self._merchants.refresh()
                if self._merchants.hour is not None and self._merchants.hour >= hour:
                    return
            waiting = try_seal(
                self._ledger,
                hour,
                label_stream=self._settings.topic_fraud_labels,
                legacy_stream=self._settings.topic_legacy_decisions,
                owner=self._owner,
                now_ms=self._clock(),
                give_up=time.monotonic() >= deadline,
            )
            if waiting is not None:
                time.sleep(SEAL_POLL_S)


def _received(
    batch: Arrivals, known: Mapping[str, int], stored: Mapping[str, int]
) -> list[Received]:
    """Tell each record's fate from what the ledger knew before and knows now."""
    refused = {one.record: Received(None, False, one) for one in batch.rejections}
    content = content_keys(batch.transactions).view(np.int64).tolist()
    seen = set(known)
    found: dict[int, Received] = {}
    for record, transaction_id, key in zip(
        batch.record.tolist(), batch.transactions.transaction_id.tolist(), content, strict=True
    ):
        if stored.get(transaction_id) == key:
            found[record] = Received(transaction_id, transaction_id in seen, None)
        else:
            found[record] = Received(transaction_id, False, _conflict(record, transaction_id))
        seen.add(transaction_id)
    return [refused.get(record) or found[record] for record in range(len(batch))]


def _conflict(record: int, transaction_id: str) -> Rejection:
    return Rejection(
        record,
        Reason.CONFLICT,
        f"transaction {transaction_id!r} was accepted before with other content",
    )


def _refuse_other_count(ledger: Ledger, partitions: int) -> None:
    states = ledger.progress([STREAM])
    known = [count for state in states if (count := count_of(state.identity)) is not None]
    found = max(known, default=len(states))
    if states and found != partitions:
        raise BadInput(
            f"the ledger spreads HTTP customers over {found} partitions, PENUMBRA_HTTP_PARTITIONS "
            f"is {partitions}: customers would lose their history; set it to {found}"
        )
