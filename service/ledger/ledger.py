"""The ledger as one object, put together from what each of its users asks."""

from __future__ import annotations

from service.ledger.console_side import ConsoleSide
from service.ledger.erasing_side import ErasingSide
from service.ledger.outbox_side import OutboxSide
from service.ledger.outcomes_side import OutcomesSide
from service.ledger.people_side import PeopleSide
from service.ledger.promotion_side import PromotionSide
from service.ledger.reader_side import ReaderSide
from service.ledger.worker_side import WorkerSide


class Ledger(
    WorkerSide,
    OutboxSide,
    ReaderSide,
    ConsoleSide,
    PeopleSide,
    OutcomesSide,
    PromotionSide,
    ErasingSide,
):
    """Every transaction, score, label, alert, dead letter and champion, and each source's place.

    Each method is one database transaction. Every one may raise LedgerUnavailable and may then
    be called again with the same arguments.
    """
