"""Who may do what with a case, and why not: asked by the pages and by the writes alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.instants import format_instant
from service.people.roles import may

if TYPE_CHECKING:
    from service.ledger.audit import By
    from service.ledger.case_reads import Case

OPEN, DECIDED = "open", "decided"
"""The states of a case."""


def why_not_claim(case: Case, by: By, now_ms: int) -> str | None:
    """Return why somebody may not claim a case, None if they may."""
    if not may(by.role, "work"):
        return f"a {by.role} user looks at cases and does not work on them"
    if case.status == DECIDED:
        return "the case is decided; a lead can reopen it"
    if case.escalated_ms is not None:
        refused = _why_not_approve(case, by)
        if refused is not None:
            return refused
    holder = case.holder(now_ms)
    if holder not in {None, by.actor} and not may(by.role, "assign"):
        until = case.claim_until_ms
        end = "" if until is None else f" until {format_instant(until)[11:16]} UTC"
        return f"{holder} has the case{end}"
    return None


def why_not_decide(case: Case, by: By, now_ms: int) -> str | None:
    """Return why somebody may not decide a case, None if they may.

    Whoever decides holds the case, or nobody does.
    """
    refused = why_not_claim(case, by, now_ms)
    if refused is not None:
        return refused
    holder = case.holder(now_ms)
    if holder not in {None, by.actor}:
        return f"{holder} has the case; take it over first"
    return None


def why_not_escalate(case: Case, by: By, now_ms: int) -> str | None:
    """Return why somebody may not escalate a case, None if they may."""
    if case.escalated_ms is not None:
        return "the case is escalated already"
    return why_not_decide(case, by, now_ms)


def _why_not_approve(case: Case, by: By) -> str | None:
    if by.actor == case.escalated_by:
        return "you escalated this case: somebody else decides it"
    if not may(by.role, "approve"):
        return "the case is escalated: a lead decides it"
    return None
