"""Backtest: a file through the whole shadow pipeline into the ledger, without Kafka.

The same partition work as in the worker, on a source that happens to be a file: the rows
before `start` warm the histories, the others are scored, compared and explained.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from models.errors import BadInput
from models.hashing import keys
from service.ledger.leases import WARMED
from service.pipeline.arrivals import Arrivals
from service.pipeline.partition import PartitionWork
from service.seals import SealedMerchants, try_seal
from service.snapshots import Snapshots
from service.warm import Warmed, warm

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from models.labels import Labels
    from models.mapping import Mapped
    from models.transaction import Transactions
    from service.ledger import Ledger
    from service.pipeline.lineup import Lineup
    from service.settings import Settings


SEAL_POLL_S = 0.02


class RowBytes(Sequence[bytes]):
    """Rows of a table as JSON bytes, made only for those that are refused."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __len__(self) -> int:
        return len(self._frame)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> RowBytes: ...
    def __getitem__(self, at: Any) -> Any:
        """Return one row's bytes, or the rows of a slice."""
        if isinstance(at, slice):
            return RowBytes(self._frame[at])
        return self._frame[int(at)].write_ndjson().encode().rstrip(b"\n")


@dataclass(frozen=True, slots=True)
class Backtested:
    """What came of a backtest."""

    warmed: Warmed | None
    records: int
    seals: int


def backtest(
    ledger: Ledger,
    settings: Settings,
    lineup: Lineup,
    frame: pl.DataFrame,
    mapped: Mapped,
    labels: Labels,
    *,
    stream: str,
    start_ms: int | None,
    owner: str,
    clock: Callable[[], int],
    progress: Callable[[int], None],
) -> Backtested:
    """Take a mapped table into the ledger in order of time, from `start_ms` on with decisions.

    Labels become usable to features at their own `known_ms`, hour by hour, as they would live.
    Raises BadInput where the ledger has transactions of another stream: hours sealed by one
    time line are of no use to another.
    """
    _refuse_other_streams(ledger, stream)
    moments = np.full(len(frame), np.iinfo(np.int64).min)
    moments[mapped.record] = mapped.transactions.occurred_ms
    past = (moments < start_ms) & (moments != np.iinfo(np.int64).min) if start_ms else None
    if past is not None:
        labels = _worth_keeping(labels, mapped.transactions.take(~past[mapped.record]))
    warmed = None
    if past is not None and past.any():
        warmed = warm(
            ledger,
            settings,
            mapped.transactions.take(past[mapped.record]),
            labels,
            stream=stream,
            partitions=1,
            owner=owner,
            now_ms=clock(),
            progress=progress,
        )
    ledger.keep_labels(labels)
    lease = ledger.acquire(stream, 0, identity=WARMED, owner=owner)
    merchants = SealedMerchants(ledger)
    snapshots = Snapshots(ledger, settings.snapshots_url)
    histories = snapshots.restore(lease, settings.reporting_currency)
    work = PartitionWork(ledger, lease, histories, merchants, lineup, clock)
    rest = np.flatnonzero(~past) if past is not None else np.arange(len(frame))
    rest = rest[np.argsort(moments[rest], kind="stable")]
    seals = 0
    to_come = _arrivals(frame, mapped, rest)
    while len(to_come):
        waiting, to_come = to_come.split(settings.batch_size)
        while len(waiting):
            taken = work.take(waiting)
            progress(taken.records)
            _, waiting = waiting.split(taken.records)
            if taken.blocked_hour is not None:
                ledger.reach(work.lease, taken.blocked_hour)
                _seal(ledger, settings, taken.blocked_hour, owner, clock)
                merchants.refresh()
                seals += 1
    ledger.set_idle(work.lease, True)
    # What was backtested is no news: a worker that goes on from here does not publish it.
    ledger.mark_published(stream, 0, settings.topic_decisions, work.lease.next_sequence)
    snapshots.save(work.lease, histories)
    return Backtested(warmed, len(rest), seals)


def _seal(
    ledger: Ledger, settings: Settings, hour: int, owner: str, clock: Callable[[], int]
) -> None:
    """Seal an hour once nobody else holds it back. Raises BadInput if somebody keeps doing so."""
    deadline = time.monotonic() + settings.seal_wait_s
    while waiting := try_seal(
        ledger,
        hour,
        label_stream=settings.topic_fraud_labels,
        legacy_stream=settings.topic_legacy_decisions,
        owner=owner,
        now_ms=clock(),
        give_up=False,
    ):
        if time.monotonic() > deadline:
            raise BadInput(
                f"hour {hour} cannot be sealed: {', '.join(waiting.partitions)} of the ledger "
                f"{ledger.where} are behind it; backtest into a ledger of its own"
            )
        time.sleep(SEAL_POLL_S)


def _refuse_other_streams(ledger: Ledger, stream: str) -> None:
    for state in ledger.progress():
        if state.stream != stream and (state.next_sequence or not state.idle):
            raise BadInput(
                f"the ledger {ledger.where} has the stream {state.stream}: backtest into a ledger "
                "of its own, set PENUMBRA_VAR_DIR to a new folder or PENUMBRA_DATABASE_URL"
            )


def _arrivals(
    frame: pl.DataFrame, mapped: Mapped, rows: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> Arrivals:
    """Return the given table rows, in this order, as arrivals."""
    place = np.full(len(frame), -1, np.int64)
    place[rows] = np.arange(len(rows))
    mine = np.flatnonzero(place[mapped.record] >= 0)
    mine = mine[np.argsort(place[mapped.record[mine]], kind="stable")]
    return Arrivals(
        transactions=mapped.transactions.take(mine),
        record=place[mapped.record[mine]],
        rejections=tuple(
            type(r)(int(place[r.record]), r.reason, r.error)
            for r in mapped.rejections
            if place[r.record] >= 0
        ),
        values=RowBytes(frame[rows]),
        keys=[None] * len(rows),
        offsets=None,
    )


def _worth_keeping(labels: Labels, scored: Transactions) -> Labels:
    """Return the labels of scored payments, and of past ones those ever called a fraud.

    That a past payment was genuine changes no feature and is compared with nothing.
    """
    payment = keys(labels.transaction_id)
    ever = np.isin(payment, payment[labels.is_fraud])
    return labels.take(ever | np.isin(payment, keys(scored.transaction_id)))
