"""One partition being worked on: its lease, its histories, and the batch it takes next.

The order of things keeps any crash invisible. Histories advance in memory, then one database
transaction writes all that came of the batch with the next offset. If the process dies
between the two, memory is gone and the offset has not moved; if the commit fails, the same
computed batch is written again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.money import major_units
from models.seal import HOUR_MS
from service.ledger import Commit, TransactionRows
from service.pipeline.compared import duplicate_days, history_days
from service.pipeline.settle import Settled, settle
from service.pipeline.verdicts import (
    alert_rows,
    all_scores,
    full_vector,
    known_legacy,
    legacy_rows,
)
from service.retrying import patiently

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.history import Histories
    from service.ledger import Lease, Ledger
    from service.pipeline.arrivals import Arrivals
    from service.pipeline.lineup import Lineup
    from service.seals import SealedMerchants


@dataclass(frozen=True, slots=True)
class Taken:
    """How far a batch got: `records` were committed, of which `refused` are dead letters.

    `blocked_hour` is the hour whose seal the next record waits for, None if it waits for none.
    """

    records: int
    blocked_hour: int | None
    refused: int = 0


class PartitionWork:
    """The right and the state to advance one partition of one stream.

    `lineup` may be another between two batches: each batch keeps the roles it was scored with.
    """

    def __init__(
        self,
        ledger: Ledger,
        lease: Lease,
        histories: Histories,
        merchants: SealedMerchants,
        lineup: Lineup,
        clock: Callable[[], int],
    ) -> None:
        self.lease = lease
        self.histories = histories
        self._ledger = ledger
        self._merchants = merchants
        self.lineup = lineup
        self._clock = clock

    def take(self, batch: Arrivals) -> Taken:
        """Take in records as far as the sealed hours allow.

        Raises OwnershipLost when another worker has the partition, TransactionConflict when
        another partition accepted an id meanwhile, LedgerUnavailable when it stays silent for
        long; this object is of no use after any of them.
        """
        reached_ms = self._reached(batch)
        ahead = self._first_ahead(batch)
        if ahead is None:
            return Taken(len(batch), None, self._committed(batch, reached_ms))
        record, hour = ahead
        refused = self._committed(batch.split(record)[0], reached_ms) if record else 0
        # What repeats or contradicts an accepted payment waits for no hour: it is not taken in.
        first = batch.split(record)[1].split(1)[0]
        if self._settled(first).new.any():
            return Taken(record, hour, refused)
        return Taken(record + 1, None, refused + self._committed(first, reached_ms))

    def _reached(self, batch: Arrivals) -> int | None:
        """Return how far the partition is before a batch; at its beginning, where that begins."""
        moments = batch.transactions.occurred_ms
        if self.lease.watermark_ms is None and len(moments):
            return int(moments[0])
        return self.lease.watermark_ms

    def _first_ahead(self, batch: Arrivals) -> tuple[int, int] | None:
        """Return (record, hour) of the first transaction whose hour is not sealed yet."""
        reached = np.maximum.accumulate(batch.transactions.occurred_ms // HOUR_MS)
        sealed = self._merchants.hour
        row = 0 if sealed is None else int(np.searchsorted(reached, sealed, side="right"))
        return (int(batch.record[row]), int(reached[row])) if row < len(reached) else None

    def _settled(self, batch: Arrivals) -> Settled:
        ids = batch.transactions.transaction_id.tolist()
        known = patiently(lambda: self._ledger.existing(ids)) if ids else {}
        return settle(batch.transactions, batch.record, known)

    def _committed(self, batch: Arrivals, reached_ms: int | None) -> int:
        """Take in a batch that waits for no hour; return how many records were refused."""
        commit = self._computed(batch, self._settled(batch), reached_ms)
        self.lease = patiently(lambda: self._ledger.commit(self.lease, commit))
        return commit.counters["dead_letters"]

    def _computed(self, batch: Arrivals, settled: Settled, reached_ms: int | None) -> Commit:
        now_ms = self._clock()
        rows = batch.transactions.take(settled.new)
        scored = np.flatnonzero(rows.scored_type())
        kept = rows.take(scored)
        kernel, late_rows = self.histories.advance(kept, self._merchants.table)
        vectors = full_vector(self.lineup, kept, kernel)
        late = np.zeros(len(rows), bool)
        late[scored] = late_rows
        legacy = legacy_rows(self.lineup, kept, vectors, now_ms) if len(kept) else None
        ids = kept.transaction_id.tolist()
        earlier = (
            patiently(lambda: self._ledger.legacy_for(ids))
            if self.lineup.ruleset is None and ids
            else {}
        )
        legacy_known = known_legacy(self.lineup, kept, legacy, earlier)
        amount = major_units(kept.reporting_minor, self.lineup.reporting_currency)
        judged = all_scores(self.lineup, scored, vectors, amount, legacy_known, now_ms)
        champion = judged[0]
        unscored = sum(1 for reason in champion.reason or () if reason is not None)
        letters = batch.dead_letters(settled.conflicts, now_ms, reached_ms)
        refused = 0 if letters is None else len(letters.reason)
        features = np.zeros((len(rows), vectors.shape[1]), np.float32)
        features[scored] = vectors
        compared = self.lineup.compared
        accepted = TransactionRows(
            transactions=rows,
            content_key=settled.content_key[settled.new],
            late=late,
            ingested_ms=now_ms,
            offset=None if batch.offsets is None else batch.offsets[batch.record[settled.new]],
            features=features,
            history_days=history_days(len(rows), scored, kernel),
            groups=compared.groups(rows),
        )
        return Commit(
            next_offset=self._next_offset(batch),
            counters={
                "consumed": len(batch),
                "scored": len(scored) - unscored,
                "unscored": unscored,
                "duplicates": settled.duplicates,
                "not_scored": len(rows) - len(scored),
                "dead_letters": refused,
                "late": int(late.sum()),
                "misrouted": sum(r.reason == "misrouted" for r in batch.rejections),
                "unknown_fields": batch.unknown_fields,
                "exempted_ids": batch.exempted,
            },
            watermark_ms=int(rows.occurred_ms.max()) if len(rows) else None,
            transactions=accepted if len(rows) else None,
            scores=[one for one in judged if len(one.row)],
            legacy=legacy,
            alerts=alert_rows(rows, champion),
            dead_letters=letters,
            sample=compared.sample(rows, scored),
            duplicate_days=duplicate_days(batch, settled),
            case_window_ms=compared.case_window_ms,
        )

    def _next_offset(self, batch: Arrivals) -> int:
        if batch.offsets is None or not len(batch):
            return self.lease.next_offset + len(batch)
        return int(batch.offsets[-1]) + 1
