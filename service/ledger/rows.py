"""What a worker hands to the ledger: one `Commit` of columns, all of it written or none.

Rows about a transaction of the batch name it by its row in the batch, so they cannot point
elsewhere. NaN and -1 stand for missing values where the text says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from models.labels import Labels
    from models.transaction import Transactions

CHAMPION = "champion"
CHALLENGER = "challenger"


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one partition, as it stood when acquired or last committed.

    `epoch` is the fence: a newer lease has a greater one. `next_offset` is the first record of
    the source not yet in the ledger, `next_sequence` the number of transactions accepted, which
    is also the sequence of the next. `identity_changed` says that the source is another one
    than last time: `source_epoch` was raised and `next_offset` set to 0.
    """

    stream: str
    partition: int
    epoch: int
    source_epoch: int
    next_offset: int
    next_sequence: int
    watermark_ms: int | None
    reached_hour: int | None
    sealed_sequence: int
    commits: int
    identity_changed: bool

    def after(self, batch: Commit) -> Lease:
        """Return this lease as it is once `batch` is written."""
        marks = [m for m in (self.watermark_ms, batch.watermark_ms) if m is not None]
        return replace(
            self,
            next_offset=batch.next_offset,
            next_sequence=self.next_sequence + batch.accepted,
            watermark_ms=max(marks, default=None),
            commits=self.commits + 1,
        )


@dataclass(frozen=True, slots=True, eq=False)
class TransactionRows:
    """Accepted transactions, in the order in which they were applied to the histories.

    `content_key` is a 64-bit hash of the canonical content (kept as a signed integer). `offset`
    is each record's offset in its source, None where sources have none. `features` is float32
    (n, F), the full stored vector, None where none was computed. `history_days` (n,) is for how
    long each customer was known, -1 where that was not computed; `groups` are JSON objects of
    the declared groups, None where a row has none.
    """

    transactions: Transactions
    content_key: NDArray[np.int64] | NDArray[np.uint64]
    late: NDArray[np.bool_]
    ingested_ms: int
    offset: NDArray[np.int64] | None = None
    features: NDArray[np.float32] | None = None
    history_days: NDArray[np.int16] | None = None
    groups: Sequence[str | None] | None = None

    def __len__(self) -> int:
        return len(self.transactions)


@dataclass(frozen=True, slots=True, eq=False)
class SampleRows:
    """Payments drawn for review at random; `row` indexes the batch's transactions."""

    row: NDArray[np.integer[Any]]
    rate: float


@dataclass(frozen=True, slots=True, eq=False)
class ScoreRows:
    """Scores by one bundle. A row with a `reason` is unscored and its numbers are missing.

    `row` (n,) indexes the batch's transactions. `log_odds` and `anomaly` are NaN and `risk` is
    -1 where unscored. `threshold` is the log-odds from which each row is flagged. `legacy_known`
    says whether the legacy decision was known when the row was scored: only then does the
    published decision carry it.
    """

    row: NDArray[np.integer[Any]]
    bundle_id: str
    role: str
    threshold: NDArray[np.floating[Any]]
    log_odds: NDArray[np.floating[Any]]
    anomaly: NDArray[np.floating[Any]]
    risk: NDArray[np.integer[Any]]
    flagged: NDArray[np.bool_]
    legacy_known: NDArray[np.bool_]
    scored_ms: int
    reason: Sequence[str | None] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class AlertRows:
    """A pending alert for each flag of the champion; `row` indexes the batch's transactions."""

    row: NDArray[np.integer[Any]]
    alert_id: Sequence[str]
    bundle_id: str
    risk: NDArray[np.integer[Any]]
    log_odds: NDArray[np.floating[Any]]
    created_ms: int


@dataclass(frozen=True, slots=True, eq=False)
class LegacyRows:
    """Legacy decisions, of transactions known or not yet known.

    `source` is "inline", "topic" or "builtin". `decision` indexes
    `models.transaction.LEGACY_DECISIONS`; `score` is NaN and `decided_ms` -1 where missing.
    """

    transaction_id: Sequence[str]
    source: str
    decision: NDArray[np.integer[Any]]
    score: NDArray[np.floating[Any]]
    rules: Sequence[Sequence[str]]
    ruleset_version: Sequence[str | None]
    decided_ms: NDArray[np.int64]
    received_ms: int

    def __len__(self) -> int:
        return len(self.transaction_id)


@dataclass(frozen=True, slots=True, eq=False)
class LabelRows:
    """Labels as they came; `offset` is None where their source has none."""

    labels: Labels
    offset: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class DeadLetterRows:
    """Records that were refused: why, and the original bytes with card numbers masked.

    `offset` is None where the source has none; otherwise a record is kept once. `day` (n,) is
    the day, since the epoch, that each is counted on; None for the one its partition is at.
    """

    reason: Sequence[str]
    error: Sequence[str]
    payload: Sequence[bytes]
    key: Sequence[bytes | None]
    received_ms: int
    offset: NDArray[np.int64] | None = None
    day: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Commit:
    """All that one batch of one partition changes, written in one database transaction.

    `counters` are increments by name (service.ledger.tables.COUNTERS). Labels, and legacy
    decisions from a topic, are counted by the ledger itself: each is one consumed record and
    turns out `kept` or, when it was known already, `duplicates`. `duplicate_days` are the days,
    since the epoch, that repeated payments are counted on. Without `case_window_ms` no cases
    are counted.
    """

    next_offset: int
    counters: Mapping[str, int] = field(default_factory=dict)
    watermark_ms: int | None = None
    transactions: TransactionRows | None = None
    scores: Sequence[ScoreRows] = ()
    legacy: LegacyRows | None = None
    labels: LabelRows | None = None
    alerts: AlertRows | None = None
    dead_letters: DeadLetterRows | None = None
    sample: SampleRows | None = None
    duplicate_days: NDArray[np.int64] | None = None
    case_window_ms: int | None = None

    @property
    def accepted(self) -> int:
        """Number of transactions that take a sequence."""
        return 0 if self.transactions is None else len(self.transactions)
