"""The ledger: the log of everything Penumbra has seen and said, on SQLite or PostgreSQL."""

from service.ledger.alert_queue import AlertDetail, AlertPage, Timeline
from service.ledger.alerts import ExplainedAlerts, ExplanationRows, PendingAlerts
from service.ledger.decisions import Decisions
from service.ledger.ledger import Ledger
from service.ledger.legacy import Legacy
from service.ledger.opened import wall_clock_ms
from service.ledger.outbox import DeadLetter
from service.ledger.progress import Coverage, PartitionState, Seal
from service.ledger.rows import (
    CHALLENGER,
    CHAMPION,
    AlertRows,
    Commit,
    DeadLetterRows,
    LabelRows,
    Lease,
    LegacyRows,
    SampleRows,
    ScoreRows,
    TransactionRows,
)
from service.ledger.snapshots import Snapshot
from service.ledger.tables import COUNTERS

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "COUNTERS",
    "AlertDetail",
    "AlertPage",
    "AlertRows",
    "Commit",
    "Coverage",
    "DeadLetter",
    "DeadLetterRows",
    "Decisions",
    "ExplainedAlerts",
    "ExplanationRows",
    "LabelRows",
    "Lease",
    "Ledger",
    "Legacy",
    "LegacyRows",
    "PartitionState",
    "PendingAlerts",
    "SampleRows",
    "ScoreRows",
    "Seal",
    "Snapshot",
    "Timeline",
    "TransactionRows",
    "wall_clock_ms",
]
