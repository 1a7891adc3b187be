"""What the API answers about cases and the audit log, as wire structs."""

from __future__ import annotations

import msgspec


class CaseShown(msgspec.Struct):
    """A case: the flags of one customer within PENUMBRA_CASE_WINDOW_H hours."""

    case_id: str
    customer_id: str | None
    status: str
    risk_score: int
    alerts: int
    assignee: str | None
    claim_until: str | None
    disposition: str | None
    reason_code: str | None


class OutcomeTaken(msgspec.Struct):
    """What became of an outcome; `new` is false for one that was taken before."""

    disposition_id: str
    alert_id: str
    case_id: str
    new: bool


class OutcomesTaken(msgspec.Struct):
    """What became of each outcome, in the order given."""

    results: list[OutcomeTaken]


class AuditShown(msgspec.Struct):
    """An entry of the audit log."""

    id: int
    at: str
    actor: str
    role: str
    action: str
    case_id: str | None
    alert_id: str | None
    customer_id: str | None
    address: str | None
    detail: str | None


class AuditPage(msgspec.Struct):
    """Entries, newest first; `next_before` continues, null at the end."""

    entries: list[AuditShown]
    next_before: int | None
