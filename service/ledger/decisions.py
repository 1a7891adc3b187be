"""Decisions as they are published and shown: a transaction, its champion score, its legacy.

The same columns come from the outbox, from alerts and from the API's reads, so that what is
shown is what was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_

from models.transaction import UNKNOWN_OFFSET
from service.ledger.columns import array_of, objects
from service.ledger.legacy import LEGACY_COLUMNS, Legacy, legacy_of
from service.ledger.tables import legacy_decisions, scores, transactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, FromClause


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """Columns of n champion decisions.

    `log_odds` and `anomaly` are NaN and `risk` is -1 where `status` is "unscored" and `reason`
    says why. `legacy` is the first legacy decision where it was known at scoring, else None.
    `utc_offset_min` is UNKNOWN_OFFSET where local time is not known.
    """

    stream: NDArray[np.object_]
    partition: NDArray[np.int64]
    sequence: NDArray[np.int64]
    transaction_id: NDArray[np.object_]
    customer_id: NDArray[np.object_]
    occurred_ms: NDArray[np.int64]
    utc_offset_min: NDArray[np.int16]
    amount_minor: NDArray[np.int64]
    currency: NDArray[np.object_]
    bundle_id: NDArray[np.object_]
    status: NDArray[np.object_]
    reason: NDArray[np.object_]
    log_odds: NDArray[np.float64]
    anomaly: NDArray[np.float64]
    risk: NDArray[np.int16]
    flagged: NDArray[np.bool_]
    threshold: NDArray[np.float64]
    scored_ms: NDArray[np.int64]
    legacy: Sequence[Legacy | None]

    def __len__(self) -> int:
        return len(self.sequence)

    def take(self, rows: NDArray[np.int64]) -> Decisions:
        """Return the rows of an index array."""
        columns = {name: getattr(self, name)[rows] for name in self.__slots__ if name != "legacy"}
        return Decisions(**columns, legacy=[self.legacy[row] for row in rows.tolist()])


_OF_TRANSACTION = (
    "stream",
    "partition",
    "sequence",
    "transaction_id",
    "customer_id",
    "occurred_ms",
    "utc_offset_min",
    "amount_minor",
    "currency",
)
_OF_SCORE = (
    "bundle_id",
    "status",
    "reason",
    "log_odds",
    "anomaly",
    "risk",
    "flagged",
    "threshold",
    "scored_ms",
)
_NUMBERS: dict[str, tuple[type, float | None]] = {
    "partition": (np.int64, None),
    "sequence": (np.int64, None),
    "occurred_ms": (np.int64, None),
    "utc_offset_min": (np.int16, UNKNOWN_OFFSET),
    "amount_minor": (np.int64, None),
    "log_odds": (np.float64, np.nan),
    "anomaly": (np.float64, np.nan),
    "risk": (np.int16, -1),
    "flagged": (np.bool_, None),
    "threshold": (np.float64, None),
    "scored_ms": (np.int64, None),
}
_FIELDS = (*_OF_TRANSACTION, *_OF_SCORE)

DECISION = (
    *(transactions.c[name] for name in _OF_TRANSACTION),
    *(scores.c[name] for name in _OF_SCORE),
    *(legacy_decisions.c[name].label(f"legacy_{name}") for name in LEGACY_COLUMNS),
)
"""What to select `from decided()` for `decisions_of`, before any columns of one's own."""

WIDTH = len(DECISION)


def decided() -> FromClause:
    """Return scores joined with their transactions and the legacy decisions known then."""
    same = same_place(scores, transactions)
    known = and_(
        scores.c.legacy_known,
        legacy_decisions.c.transaction_id == transactions.c.transaction_id,
        legacy_decisions.c.revision == 0,
    )
    return scores.join(transactions, same).outerjoin(legacy_decisions, known)


def same_place(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Return the condition that rows of two tables are of the same transaction."""
    return and_(*(one.c[name] == other.c[name] for name in ("stream", "partition", "sequence")))


def decisions_of(rows: Sequence[Sequence[Any]]) -> Decisions:
    """Return as columns rows that begin with what DECISION selects."""
    given = list(zip(*rows, strict=True)) or [()] * WIDTH
    columns: dict[str, Any] = {}
    for name, values in zip(_FIELDS, given, strict=False):
        kind = _NUMBERS.get(name)
        columns[name] = objects(values) if kind is None else array_of(values, *kind)
    legacy = [legacy_of(values) for values in zip(*given[len(_FIELDS) : WIDTH], strict=True)]
    return Decisions(**columns, legacy=legacy)
