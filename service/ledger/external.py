"""Outcomes that other tools send in: dispositions of alerts, each taken once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert, select

from service.errors import CaseUnknown
from service.ledger import audit, filing
from service.ledger.case_about import dispositions_of
from service.ledger.case_reads import case_id_of_alert, one_case
from service.ledger.case_tables import dispositions
from service.ledger.case_work import PENDING, newest_by_alert, settle
from service.ledger.tables import alerts, explanations

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from service.ledger.audit import By

FILED_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What another tool decided of one alert, named by its id or its transaction's."""

    alert_id: str | None
    transaction_id: str | None
    disposition: str
    reason_code: str
    note: str | None
    fraud_type: str | None
    external_case_id: str | None
    decided_by: str
    decided_ms: int | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of it: `new` is False for one that was taken before."""

    disposition_id: str
    alert_id: str
    case_id: str
    new: bool


def take(
    connection: Connection, given: Sequence[Outcome], by: By, now_ms: int, window_ms: int
) -> list[Taken]:
    """Take outcomes in, all or none. Raises CaseUnknown for an alert that is not there."""
    # An alert may be answered before anybody filed it.
    filing.file_alerts(connection, window_ms, FILED_AT_ONCE, now_ms)
    taken = [_one(connection, outcome, by, now_ms) for outcome in given]
    for case_id in dict.fromkeys(one.case_id for one in taken if one.new):
        settle(connection, case_id, by, now_ms)
    return taken


def _one(connection: Connection, outcome: Outcome, by: By, now_ms: int) -> Taken:
    alert_id = outcome.alert_id or _alert_of(connection, outcome.transaction_id or "")
    case_id = case_id_of_alert(connection, alert_id)
    case = None if case_id is None else one_case(connection, case_id, lock=True)
    if case is None:
        raise CaseUnknown(alert_id)
    disposition_id = f"{_id(outcome, alert_id)}:{alert_id}"
    known = dispositions_of(connection, dispositions.c.disposition_id == disposition_id)
    if known:
        return Taken(disposition_id, alert_id, case.case_id, new=False)
    before = newest_by_alert(connection, case.case_id).get(alert_id)
    transaction_id = connection.scalar(
        select(alerts.c.transaction_id).where(alerts.c.alert_id == alert_id)
    )
    connection.execute(
        insert(dispositions).values(
            disposition_id=disposition_id,
            decision_id=disposition_id,
            case_id=case.case_id,
            alert_id=alert_id,
            transaction_id=transaction_id,
            disposition=outcome.disposition,
            reason_code=outcome.reason_code,
            note=outcome.note,
            fraud_type=outcome.fraud_type,
            source="api",
            external_case_id=outcome.external_case_id,
            decided_by=outcome.decided_by,
            decided_ms=now_ms if outcome.decided_ms is None else outcome.decided_ms,
            effective_ms=now_ms,
            state=PENDING,
            supersedes=None if before is None else before.disposition_id,
        )
    )
    audit.note(
        connection,
        by,
        "outcome",
        now_ms,
        case_id=case.case_id,
        alert_id=alert_id,
        customer_id=case.customer_id,
        detail=f"{outcome.decided_by}: {outcome.disposition}, {outcome.reason_code}"
        + (f", case {outcome.external_case_id}" if outcome.external_case_id else ""),
    )
    return Taken(disposition_id, alert_id, case.case_id, new=True)


def _alert_of(connection: Connection, transaction_id: str) -> str:
    """Return the newest explained alert of a transaction. Raises CaseUnknown."""
    found: str | None = connection.scalar(
        select(alerts.c.alert_id)
        .join(explanations, explanations.c.alert_id == alerts.c.alert_id)
        .where(alerts.c.transaction_id == transaction_id)
        .order_by(alerts.c.created_ms.desc())
        .limit(1)
    )
    if found is None:
        raise CaseUnknown(transaction_id)
    return found


def _id(outcome: Outcome, alert_id: str) -> str:
    """Return an id that follows from the content: sent again, it is the same outcome."""
    said = (alert_id, outcome.disposition, outcome.reason_code, outcome.fraud_type, outcome.note,
            outcome.external_case_id, outcome.decided_by, outcome.decided_ms)  # fmt: skip
    return "x" + hashlib.blake2b(msgspec.json.encode(said), digest_size=8).hexdigest()
