"""What a scoring request is answered: read back from the ledger, so a repeat says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from models.rejection import Reason
from service.api.reads import decisions_by_id, explained_by_id
from service.api.shown import AlertRecord, BatchAnswer, ScoreAnswer
from service.explaining import explain
from service.pipeline.verdicts import identity
from service.records import alert_record, decision_records

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.api.scoring.source import HttpSource, Received
    from service.explaining import Explaining
    from service.ledger import Ledger
    from service.records import DecisionRecord

EXPLAINED_AT_ONCE = 200
"""Flags of one request explained while it waits, milliseconds each; the relay does the rest."""


class Scoring:
    """Scores records for `POST /v1/score`, explanations of flags included."""

    def __init__(
        self,
        ledger: Ledger,
        source: HttpSource,
        explaining: Explaining,
        *,
        legacy_positive: str,
        clock: Callable[[], int],
    ) -> None:
        self._ledger = ledger
        self._source = source
        self._explaining = explaining
        self._legacy_positive = legacy_positive
        self._clock = clock

    def answer(self, values: Sequence[bytes]) -> list[ScoreAnswer]:
        """Take records in and answer each, in order. Raises LedgerError."""
        received = self._source.take(values)
        ids = {one.transaction_id for one in received if one.transaction_id and not one.rejection}
        found = decisions_by_id(self._ledger, sorted(ids))
        decisions = {
            one.transaction_id: one for one in decision_records(found, self._legacy_positive)
        }
        alerts = self._alerts([one for one in decisions.values() if one.flagged])
        return [_answer(one, decisions, alerts) for one in received]

    def _alerts(self, flagged: Sequence[DecisionRecord]) -> dict[str, AlertRecord]:
        """Return the explained alert of each flagged transaction, explaining what is pending."""
        if not flagged:
            return {}
        ids = [identity("alert", one.transaction_id, one.bundle_id) for one in flagged]
        self._explain(ids)
        found = explained_by_id(self._ledger, ids)
        records = [
            msgspec.convert(alert_record(found, row, self._legacy_positive), AlertRecord)
            for row in range(len(found))
        ]
        return {record.transaction_id: record for record in records}

    def _explain(self, alert_ids: Sequence[str]) -> None:
        pending = self._ledger.alert_inputs(alert_ids[:EXPLAINED_AT_ONCE], pending_only=True)
        explain(self._ledger, self._explaining, pending, self._clock())


def counted(results: list[ScoreAnswer]) -> BatchAnswer:
    """Return a batch's answer with the counts of each kind."""
    counts = dict.fromkeys(("scored", "unscored", "not_scored", "rejected", "duplicates"), 0)
    for one in results:
        counts["duplicates" if one.duplicate else one.status] += 1
    return BatchAnswer(results, counts)


def _answer(
    received: Received, decisions: dict[str, DecisionRecord], alerts: dict[str, AlertRecord]
) -> ScoreAnswer:
    if received.rejection is not None:
        conflict = received.rejection.reason == Reason.CONFLICT
        return ScoreAnswer(
            status="rejected",
            transaction_id=received.transaction_id if conflict else None,
            reason=str(received.rejection.reason),
            error=received.rejection.error,
        )
    transaction_id = received.transaction_id or ""
    decision = decisions.get(transaction_id)
    if decision is None:
        return ScoreAnswer(
            status="not_scored",
            duplicate=received.duplicate,
            transaction_id=transaction_id,
            reason="of a type that is not scored, or from before scoring began",
        )
    return ScoreAnswer(
        status="unscored" if decision.status == "unscored" else "scored",
        duplicate=received.duplicate,
        transaction_id=transaction_id,
        reason=decision.reason,
        decision=decision,
        alert=alerts.get(transaction_id),
    )
