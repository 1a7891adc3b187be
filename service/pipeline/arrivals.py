"""Records of one partition on their way in: decoded once, taken in pieces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from models.cards import masked
from models.decode import decode
from service.ledger import DeadLetterRows
from service.ledger.facts import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.intake import Intake
    from models.rejection import Rejection
    from models.transaction import Transactions


_BEFORE_ALL = -(2**62)


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """n records in stream order: transactions among them, and rejections.

    `record` gives each transaction's position among the n, ascending; `offsets` (n,) is None
    where the source has none. `values` and `keys` are the records' bytes, for dead letters.
    """

    transactions: Transactions
    record: NDArray[np.int64]
    rejections: tuple[Rejection, ...]
    values: Sequence[bytes | None]
    keys: Sequence[bytes | None]
    offsets: NDArray[np.int64] | None
    unknown_fields: int = 0
    exempted: int = 0

    def __len__(self) -> int:
        return len(self.values)

    @staticmethod
    def decoded(
        values: Sequence[bytes | None],
        keys: Sequence[bytes | None],
        offsets: NDArray[np.int64] | None,
        *,
        intake: Intake,
        now_ms: int,
        keyed: bool,
    ) -> Arrivals:
        """Decode records of the wire contract; `keyed` checks that keys are customer ids."""
        found = decode(values, keys if keyed else None, intake=intake, now_ms=now_ms)
        return Arrivals(
            found.transactions,
            found.record,
            tuple(found.rejections),
            values,
            keys,
            offsets,
            found.unknown_fields,
            found.exempted,
        )

    def split(self, at: int) -> tuple[Arrivals, Arrivals]:
        """Return the first `at` records and the others."""
        row = int(np.searchsorted(self.record, at))
        first = replace(
            self,
            transactions=self.transactions.take(slice(None, row)),
            record=self.record[:row],
            rejections=tuple(r for r in self.rejections if r.record < at),
            values=self.values[:at],
            keys=self.keys[:at],
            offsets=None if self.offsets is None else self.offsets[:at],
        )
        rest = replace(
            self,
            transactions=self.transactions.take(slice(row, None)),
            record=self.record[row:] - at,
            rejections=tuple(
                replace(r, record=r.record - at) for r in self.rejections if r.record >= at
            ),
            values=self.values[at:],
            keys=self.keys[at:],
            offsets=None if self.offsets is None else self.offsets[at:],
            unknown_fields=0,
            exempted=0,
        )
        return first, rest

    def dead_letters(
        self, more: Sequence[Rejection], received_ms: int, reached_ms: int | None
    ) -> DeadLetterRows | None:
        """Return all rejections, and `more`, as dead letters with their bytes masked.

        `reached_ms` is how far the partition was before this batch, None if nobody knows.
        """
        rejections = sorted((*self.rejections, *more), key=lambda r: r.record)
        if not rejections:
            return None
        at = [r.record for r in rejections]
        keys = (self.keys[record] for record in at)
        return DeadLetterRows(
            reason=[str(r.reason) for r in rejections],
            error=[masked(r.error.encode("utf-8", "replace")).decode() for r in rejections],
            payload=[masked(self.values[record] or b"") for record in at],
            key=[None if key is None else masked(key) for key in keys],
            received_ms=received_ms,
            offset=None if self.offsets is None else self.offsets[np.array(at)],
            day=self._days_reached(at, reached_ms, received_ms),
        )

    def _days_reached(
        self, records: list[int], reached_ms: int | None, now_ms: int
    ) -> NDArray[np.int64]:
        """Return the day that the partition had reached before each record."""
        start = _BEFORE_ALL if reached_ms is None else reached_ms
        reached = np.maximum.accumulate(np.append(start, self.transactions.occurred_ms))
        moment = reached[np.searchsorted(self.record, records)]
        return np.where(moment > _BEFORE_ALL, moment, now_ms) // DAY_MS
