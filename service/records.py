"""What Penumbra publishes, as bytes: built from ledger rows only, so a resend is the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from models.decide import disagreement
from models.instants import format_instant
from models.scorer import probability
from models.transaction import LEGACY_DECISIONS
from service.pipeline.verdicts import identity
from service.stream.ports import Outgoing

if TYPE_CHECKING:
    from service.ledger.alerts import ExplainedAlerts
    from service.ledger.decisions import Decisions
    from service.ledger.legacy import Legacy
    from service.ledger.outbox import DeadLetter

_encode = msgspec.json.Encoder().encode


class LegacyRecord(msgspec.Struct, omit_defaults=True):
    """The legacy decision as published."""

    decision: str
    source: str
    score: float | None = None
    rules: tuple[str, ...] = ()
    ruleset_version: str | None = None
    decided_at: str | None = None


class DecisionRecord(msgspec.Struct):
    """One record of `penumbra.decisions`. Numbers are null where the status is "unscored"."""

    decision_id: str
    transaction_id: str
    customer_id: str | None
    occurred_at: str
    amount_minor: int
    currency: str
    bundle_id: str
    status: str
    reason: str | None
    fraud_probability: float | None
    anomaly_score: float | None
    risk_score: int | None
    log_odds: float | None
    flagged: bool
    threshold: float
    legacy: LegacyRecord | None
    disagreement: str | None
    scored_at: str


def decision_records(rows: Decisions, legacy_positive: str) -> list[DecisionRecord]:
    """Return the published form of champion decisions.

    `disagreement` is null where the legacy decision was not known when the row was scored, and
    where the row could not be scored.
    """
    scored = np.isfinite(rows.log_odds)
    chance = probability(rows.log_odds.astype(np.float32))
    records = []
    for row in range(len(rows)):
        known = rows.legacy[row]
        has_score = bool(scored[row])
        records.append(
            DecisionRecord(
                decision_id=identity("decision", rows.transaction_id[row], rows.bundle_id[row]),
                transaction_id=rows.transaction_id[row],
                customer_id=rows.customer_id[row],
                occurred_at=format_instant(int(rows.occurred_ms[row])),
                amount_minor=int(rows.amount_minor[row]),
                currency=rows.currency[row],
                bundle_id=rows.bundle_id[row],
                status=rows.status[row],
                reason=rows.reason[row],
                fraud_probability=float(chance[row]) if has_score else None,
                anomaly_score=float(rows.anomaly[row]) if has_score else None,
                risk_score=int(rows.risk[row]) if has_score else None,
                log_odds=float(rows.log_odds[row]) if has_score else None,
                flagged=bool(rows.flagged[row]),
                threshold=float(rows.threshold[row]),
                legacy=None if known is None else _legacy(known),
                disagreement=disagreement(
                    bool(rows.flagged[row]), LEGACY_DECISIONS[known.decision], legacy_positive
                )
                if known is not None and has_score
                else None,
                scored_at=format_instant(int(rows.scored_ms[row])),
            )
        )
    return records


def decision_bytes(rows: Decisions, legacy_positive: str) -> list[tuple[bytes | None, bytes]]:
    """Return (key, value) of each decision; the key is the customer id."""
    return [
        (_key(record.customer_id), _encode(record))
        for record in decision_records(rows, legacy_positive)
    ]


def alert_record(alerts: ExplainedAlerts, row: int, legacy_positive: str) -> dict[str, Any]:
    """Return one alert as published and as the API shows it: the decision and its explanation."""
    decision = decision_records(alerts.decisions.take(np.array([row])), legacy_positive)[0]
    return {
        "alert_id": alerts.alert_id[row],
        **msgspec.to_builtins(decision),
        "explanation": msgspec.json.decode(alerts.body[row]),
        "created_at": format_instant(int(alerts.created_ms[row])),
    }


def alert_bytes(alerts: ExplainedAlerts, legacy_positive: str) -> list[tuple[bytes | None, bytes]]:
    """Return (key, value) of each alert."""
    records = [alert_record(alerts, row, legacy_positive) for row in range(len(alerts))]
    return [(_key(record["customer_id"]), _encode(record)) for record in records]


def dead_letter_record(letter: DeadLetter, max_bytes: int) -> Outgoing:
    """Return a dead letter as published: its bytes, and headers that tell whence and why.

    A record too large for the topic is cut to `max_bytes` and the header `cut_from` says how
    long it was; the ledger has all of it.
    """
    size = len(letter.payload)
    headers = [
        ("reason", letter.reason.encode()),
        ("error", letter.error.encode()),
        ("source_topic", letter.stream.encode()),
        ("source_partition", str(letter.partition).encode()),
        ("source_offset", b"" if letter.offset is None else str(letter.offset).encode()),
        ("dead_letter_id", str(letter.id).encode()),
    ]
    if size > max_bytes:
        headers.append(("cut_from", str(size).encode()))
    return Outgoing(letter.key, letter.payload[:max_bytes], headers)


def _legacy(known: Legacy) -> LegacyRecord:
    return LegacyRecord(
        decision=LEGACY_DECISIONS[known.decision],
        source=known.source,
        score=known.score,
        rules=known.rules,
        ruleset_version=known.ruleset_version,
        decided_at=None if known.decided_ms is None else format_instant(known.decided_ms),
    )


def _key(customer_id: str | None) -> bytes | None:
    return None if customer_id is None else customer_id.encode()
