"""Cases as people read them: the queue with its filters, its totals, one case, what it links to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sqlalchemy import and_, func, or_, select
from sqlalchemy import case as choose

from service.cases.rules import DECIDED, OPEN
from service.ledger.case_tables import case_alerts, cases
from service.ledger.columns import from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Select

View = Literal["open", "unassigned", "mine", "escalated", "decided"]
Sort = Literal["risk", "money", "age", "flags"]

_SORTED = {
    "risk": cases.c.risk,
    "money": func.coalesce(cases.c.money_minor, -1),
    "age": cases.c.first_ms,
    "flags": cases.c.alerts,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the queue. `ascending` is least or oldest first."""

    view: View = "open"
    sort: Sort = "risk"
    ascending: bool = False
    min_risk: int = 0
    legacy: int | None = None
    customer: str | None = None
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as stored. `money_minor` is in the reporting currency, None where nothing is known.

    `first_ms` and `last_ms` are the times of its first and last flagged payment; `legacy` is the
    strictest legacy decision among them, an index of LEGACY_DECISIONS.
    """

    case_id: str
    customer_id: str | None
    opened_ms: int
    first_ms: int
    last_ms: int
    alerts: int
    risk: int
    riskiest: str
    reasons: tuple[str, ...]
    money_minor: int | None
    legacy: int | None
    status: str
    assignee: str | None
    claimed_ms: int | None
    claim_until_ms: int | None
    escalated_by: str | None
    escalated_ms: int | None
    disposition: str | None
    reason_code: str | None
    decided_by: str | None
    decided_ms: int | None
    handling_ms: int | None

    def holder(self, now_ms: int) -> str | None:
        """Return who has the case: a claim that has run out is none."""
        ended = self.claim_until_ms is not None and self.claim_until_ms <= now_ms
        return None if ended else self.assignee


@dataclass(frozen=True, slots=True)
class Totals:
    """The tiles over the queue. `handling_ms` is the median of today's, None without any."""

    unassigned: int
    mine: int
    escalated: int
    decided_today: int
    handling_ms: int | None


CASE_COLUMNS = tuple(cases.c[name] for name in Case.__slots__)


def case_of(row: Sequence[Any]) -> Case:
    """Return the case of a row of CASE_COLUMNS."""
    found = Case(*row)
    return replace(found, reasons=tuple(from_json(row[8])))


def queue(
    connection: Connection, asked: Asked, viewer: str, now_ms: int, *, offset: int, limit: int
) -> list[Case]:
    """Return the cases of a page of the queue, in the order asked for."""
    query = _filtered(select(*CASE_COLUMNS), asked, viewer, now_ms)
    return [case_of(row) for row in connection.execute(query.offset(offset).limit(limit))]


def queue_ids(
    connection: Connection, asked: Asked, viewer: str, now_ms: int, limit: int
) -> list[str]:
    """Return the ids of the queue's first cases, in the order asked for."""
    query = _filtered(select(cases.c.case_id), asked, viewer, now_ms)
    return list(connection.scalars(query.limit(limit)))


def queue_count(connection: Connection, asked: Asked, viewer: str, now_ms: int) -> int:
    """Return how many cases there are in all of a queue."""
    query = _filtered(select(func.count()), asked, viewer, now_ms).order_by(None)
    return int(connection.scalar(query) or 0)


def totals(connection: Connection, viewer: str, now_ms: int, day_ms: int) -> Totals:
    """Return the tiles; `day_ms` is when today began."""
    free = _free(now_ms)
    row = connection.execute(
        select(
            _count(and_(free, cases.c.escalated_ms.is_(None))),
            _count(and_(~free, cases.c.assignee == viewer)),
            _count(cases.c.escalated_ms.is_not(None)),
        ).where(cases.c.status == OPEN)
    ).one()
    handled = connection.scalars(
        select(cases.c.handling_ms).where(cases.c.decided_ms >= day_ms)
    ).all()
    times = [one for one in handled if one is not None]
    return Totals(
        unassigned=int(row[0] or 0),
        mine=int(row[1] or 0),
        escalated=int(row[2] or 0),
        decided_today=len(handled),
        handling_ms=int(np.median(times)) if times else None,
    )


def one_case(connection: Connection, case_id: str, *, lock: bool = False) -> Case | None:
    """Return a case, None if there is none of this id; locked for a change where asked."""
    query = select(*CASE_COLUMNS).where(cases.c.case_id == case_id)
    found = connection.execute(query.with_for_update() if lock else query).first()
    return None if found is None else case_of(found)


def case_id_of_alert(connection: Connection, alert_id: str) -> str | None:
    """Return the case an alert is in."""
    return connection.scalar(
        select(case_alerts.c.case_id).where(case_alerts.c.alert_id == alert_id)
    )


def alerts_of(connection: Connection, case_id: str) -> list[str]:
    """Return the ids of a case's alerts, in the order they were filed."""
    return list(
        connection.scalars(
            select(case_alerts.c.alert_id)
            .where(case_alerts.c.case_id == case_id)
            .order_by(case_alerts.c.id)
        )
    )


def newest_filed(connection: Connection) -> int:
    """Return the number of the alert filed last; it grows with each."""
    return int(connection.scalar(select(func.max(case_alerts.c.id))) or 0)


def _filtered(query: Select[Any], asked: Asked, viewer: str, now_ms: int) -> Select[Any]:
    c = cases.c
    query = query.where(c.status == (DECIDED if asked.view == "decided" else OPEN))
    if asked.view == "unassigned":
        query = query.where(_free(now_ms), c.escalated_ms.is_(None))
    elif asked.view == "mine":
        query = query.where(c.assignee == viewer, ~_free(now_ms))
    elif asked.view == "escalated":
        query = query.where(c.escalated_ms.is_not(None))
    if asked.min_risk:
        query = query.where(c.risk >= asked.min_risk)
    if asked.legacy is not None:
        query = query.where(c.legacy == asked.legacy)
    if asked.customer:
        query = query.where(c.customer_id.startswith(asked.customer, autoescape=True))
    if asked.assignee:
        held = c.decided_by if asked.view == "decided" else c.assignee
        query = query.where(held == asked.assignee)
    by = c.decided_ms if asked.view == "decided" and asked.sort == "age" else _SORTED[asked.sort]
    # Age counts from the first flag: the oldest case has the least time.
    rising = asked.ascending != (asked.sort == "age" and asked.view != "decided")
    return query.order_by(by.asc() if rising else by.desc(), c.first_ms, c.case_id)


def _free(now_ms: int) -> ColumnElement[bool]:
    ended = and_(cases.c.claim_until_ms.is_not(None), cases.c.claim_until_ms <= now_ms)
    return or_(cases.c.assignee.is_(None), ended)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(choose((condition, 1), else_=0))
