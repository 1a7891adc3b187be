"""What people do with cases: claim, escalate, note, decide, undo. One transaction each.

Every change is written with its entry in the audit log, or not at all. Rules are those of
service/cases/rules.py, asked again here on the locked row: a page may be out of date.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from service.cases import rules
from service.cases.dispositions import of_many, says
from service.cases.rules import DECIDED, OPEN
from service.errors import CaseRefused, CaseUnknown
from service.ledger import audit
from service.ledger.case_about import dispositions_of
from service.ledger.case_reads import alerts_of, one_case
from service.ledger.case_tables import case_notes, cases, dispositions
from service.ledger.tables import alerts

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.ledger.audit import By
    from service.ledger.case_about import Disposition
    from service.ledger.case_reads import Case

PENDING, SENT, UNDONE = "pending", "sent", "undone"


def claim(connection: Connection, case_id: str, by: By, now_ms: int, claim_ms: int) -> Case:
    """Give the case to whoever asks, or prolong their claim. Raises CaseRefused, CaseUnknown."""
    case = _locked(connection, case_id)
    _refuse(rules.why_not_claim(case, by, now_ms))
    holder = case.holder(now_ms)
    again = holder == by.actor
    assigned = again and case.claim_until_ms is None
    _set(
        connection,
        case_id,
        assignee=by.actor,
        claimed_ms=case.claimed_ms if again and case.claimed_ms is not None else now_ms,
        claim_until_ms=None if assigned else now_ms + claim_ms,
    )
    if not again:
        detail = None if holder is None else f"taken over from {holder}"
        _log(connection, case, by, "claim", now_ms, detail)
    return _locked(connection, case_id)


def release(connection: Connection, case_id: str, by: By, now_ms: int) -> None:
    """Give a case of one's own back to the queue."""
    case = _locked(connection, case_id)
    if case.holder(now_ms) == by.actor:
        _set(connection, case_id, assignee=None, claimed_ms=None, claim_until_ms=None)
        _log(connection, case, by, "release", now_ms)


def assign(connection: Connection, case_id: str, by: By, to: str, now_ms: int) -> None:
    """Give a case to somebody; it stays theirs until it is decided or given away."""
    case = _locked(connection, case_id)
    if case.status == DECIDED:
        raise CaseRefused("the case is decided; a lead can reopen it")
    _set(connection, case_id, assignee=to, claimed_ms=None, claim_until_ms=None)
    _log(connection, case, by, "assign", now_ms, f"to {to}")


def escalate(connection: Connection, case_id: str, by: By, text: str | None, now_ms: int) -> None:
    """Ask a lead to decide. Whoever asks cannot decide it any more."""
    case = _locked(connection, case_id)
    _refuse(rules.why_not_escalate(case, by, now_ms))
    _set(
        connection,
        case_id,
        escalated_by=by.actor,
        escalated_ms=now_ms,
        assignee=None,
        claimed_ms=None,
        claim_until_ms=None,
    )
    if text:
        add_note(connection, case, by, text, now_ms)
    _log(connection, case, by, "escalate", now_ms, text)


def note(connection: Connection, case_id: str, by: By, text: str, now_ms: int) -> None:
    """Write something about a case, decided or not."""
    case = _locked(connection, case_id)
    add_note(connection, case, by, text, now_ms)
    _log(connection, case, by, "note", now_ms)


def add_note(connection: Connection, case: Case, by: By, text: str, now_ms: int) -> None:
    """Keep a note."""
    connection.execute(
        insert(case_notes).values(case_id=case.case_id, author=by.actor, at_ms=now_ms, text=text)
    )


def decide(
    connection: Connection,
    case_id: str,
    by: By,
    *,
    decision_id: str,
    disposition: str,
    reason_code: str,
    text: str | None,
    fraud_type: str | None,
    now_ms: int,
    undo_ms: int,
) -> None:
    """Say the same of every alert of a case; it counts once `undo_ms` have passed.

    Raises CaseRefused, CaseUnknown. The same `decision_id` again changes nothing.
    """
    case = _locked(connection, case_id)
    if any(one.case_id == case_id for one in of_decision(connection, decision_id)):
        return
    _refuse(rules.why_not_decide(case, by, now_ms))
    earlier = newest_by_alert(connection, case_id)
    for alert_id in alerts_of(connection, case_id):
        before = earlier.get(alert_id)
        connection.execute(
            insert(dispositions).values(
                disposition_id=f"{decision_id}:{alert_id}",
                decision_id=decision_id,
                case_id=case_id,
                alert_id=alert_id,
                transaction_id=_transaction_of(connection, alert_id),
                disposition=disposition,
                reason_code=reason_code,
                note=text,
                fraud_type=fraud_type,
                source="console",
                decided_by=by.actor,
                decided_ms=now_ms,
                effective_ms=now_ms + undo_ms,
                state=PENDING,
                supersedes=None if before is None else before.disposition_id,
            )
        )
    if text:
        add_note(connection, case, by, text, now_ms)
    close(connection, case, by, disposition, reason_code, now_ms)
    said = f"{says(disposition)}: {reason_code}"
    _log(connection, case, by, "decide", now_ms, said)


def close(
    connection: Connection, case: Case, by: By, disposition: str, reason_code: str, now_ms: int
) -> None:
    """Mark a case as decided, with the time it took since it was claimed."""
    own = case.assignee == by.actor and case.claimed_ms is not None
    _set(
        connection,
        case.case_id,
        status=DECIDED,
        disposition=disposition,
        reason_code=reason_code,
        decided_by=by.actor,
        decided_ms=now_ms,
        handling_ms=now_ms - case.claimed_ms if own and case.claimed_ms is not None else None,
        assignee=None,
        claim_until_ms=None,
    )


def undo(connection: Connection, decision_id: str, by: By, now_ms: int, claim_ms: int) -> list[str]:
    """Take a decision of one's own back while it does not count yet; return the cases it was of.

    Raises CaseRefused, CaseUnknown.
    """
    said = of_decision(connection, decision_id)
    if not said:
        raise CaseUnknown(decision_id)
    reopened = [_locked(connection, one) for one in dict.fromkeys(one.case_id for one in said)]
    if any(one.decided_by != by.actor for one in said):
        raise CaseRefused("only whoever decided can undo it")
    if any(one.state != PENDING or one.effective_ms <= now_ms for one in said):
        raise CaseRefused("the time to undo has passed and the label is sent; ask a lead to reopen")
    connection.execute(
        update(dispositions).where(dispositions.c.decision_id == decision_id).values(state=UNDONE)
    )
    for case in reopened:
        since_ms = case.claimed_ms or now_ms
        _reopen(connection, case.case_id, by.actor, since_ms, now_ms + claim_ms)
        _log(connection, case, by, "undo", now_ms)
    return [case.case_id for case in reopened]


def reopen(connection: Connection, case_id: str, by: By, now_ms: int, claim_ms: int) -> None:
    """Open a decided case again; what is decided then supersedes what was."""
    case = _locked(connection, case_id)
    if case.status != DECIDED:
        raise CaseRefused("the case is open")
    _reopen(connection, case_id, by.actor, now_ms, now_ms + claim_ms)
    _log(connection, case, by, "reopen", now_ms)


def settle(connection: Connection, case_id: str, by: By, now_ms: int) -> None:
    """Close a case once something was said of each of its alerts, from wherever."""
    case = _locked(connection, case_id)
    said = newest_by_alert(connection, case_id)
    if case.status == DECIDED or set(said) != set(alerts_of(connection, case_id)):
        return
    kind = of_many({one.disposition for one in said.values()})
    code = next(one.reason_code for one in said.values() if one.disposition == kind)
    close(connection, case, by, kind, code, now_ms)


def newest_by_alert(connection: Connection, case_id: str) -> dict[str, Disposition]:
    """Return what was said last of each alert of a case and not undone."""
    found = dispositions_of(
        connection,
        (dispositions.c.case_id == case_id) & (dispositions.c.state != UNDONE),
    )
    return {one.alert_id: one for one in found}


def of_decision(connection: Connection, decision_id: str) -> list[Disposition]:
    """Return what a decision said of each alert it was about."""
    return dispositions_of(connection, dispositions.c.decision_id == decision_id)


def _transaction_of(connection: Connection, alert_id: str) -> str | None:
    return connection.scalar(select(alerts.c.transaction_id).where(alerts.c.alert_id == alert_id))


def _reopen(
    connection: Connection, case_id: str, holder: str, claimed_ms: int, until_ms: int
) -> None:
    _set(
        connection,
        case_id,
        status=OPEN,
        disposition=None,
        reason_code=None,
        decided_by=None,
        decided_ms=None,
        handling_ms=None,
        assignee=holder,
        claimed_ms=claimed_ms,
        claim_until_ms=until_ms,
    )


def _locked(connection: Connection, case_id: str) -> Case:
    found = one_case(connection, case_id, lock=True)
    if found is None:
        raise CaseUnknown(case_id)
    return found


def _refuse(why: str | None) -> None:
    if why is not None:
        raise CaseRefused(why)


def _set(connection: Connection, case_id: str, **values: str | int | None) -> None:
    connection.execute(update(cases).where(cases.c.case_id == case_id).values(**values))


def _log(
    connection: Connection, case: Case, by: By, action: str, now_ms: int, detail: str | None = None
) -> None:
    audit.note(
        connection,
        by,
        action,
        now_ms,
        case_id=case.case_id,
        customer_id=case.customer_id,
        detail=detail,
    )
