"""The audit log: who looked at or did what, when, to whom, from where. Only ever added to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from service.ledger.case_tables import audit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class By:
    """Who acts: a user or a program, in which role, from which address."""

    actor: str
    role: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log; `detail` says more in words."""

    id: int
    at_ms: int
    actor: str
    role: str
    action: str
    case_id: str | None
    alert_id: str | None
    customer_id: str | None
    address: str | None
    detail: str | None


def note(
    connection: Connection,
    by: By,
    action: str,
    now_ms: int,
    *,
    case_id: str | None = None,
    alert_id: str | None = None,
    customer_id: str | None = None,
    detail: str | None = None,
) -> None:
    """Add an entry."""
    connection.execute(
        insert(audit).values(
            at_ms=now_ms,
            actor=by.actor,
            role=by.role,
            action=action,
            case_id=case_id,
            alert_id=alert_id,
            customer_id=customer_id,
            address=by.address,
            detail=detail,
        )
    )


def page(
    connection: Connection,
    *,
    before_id: int | None,
    limit: int,
    where: Mapping[str, str],
) -> list[Entry]:
    """Return entries, newest first, whose columns equal what `where` names."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    for name, value in where.items():
        query = query.where(audit.c[name] == value)
    if before_id is not None:
        query = query.where(audit.c.id < before_id)
    return [Entry(*row) for row in connection.execute(query)]


def of_case(connection: Connection, case_id: str, without: Sequence[str]) -> list[Entry]:
    """Return the history of a case, oldest first, without some actions."""
    found = connection.execute(
        select(audit)
        .where(audit.c.case_id == case_id, audit.c.action.not_in(list(without)))
        .order_by(audit.c.id)
    )
    return [Entry(*row) for row in found]
