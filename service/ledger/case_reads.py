"""Cases as people read them: the queue with its filters, its totals, one case, what it links to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sqlalchemy import and_, column, func, literal, or_, select, table
from sqlalchemy import case as choose

from service.cases.rules import DECIDED, OPEN
from service.ledger import bulk
from service.ledger.case_tables import case_alerts, case_links, case_notes, cases, dispositions
from service.ledger.columns import from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Select

View = Literal["open", "unassigned", "mine", "escalated", "decided"]
Sort = Literal["risk", "money", "age", "flags"]
MOST_LINKS = 60
_truths = table(
    "truths",
    column("transaction_id"),
    column("is_fraud"),
    column("source"),
    column("fraud_type"),
)
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


@dataclass(frozen=True, slots=True)
class Linked:
    """Another case that shares a device, merchant or beneficiary (or is of the customer)."""

    kind: str
    value: str
    case: Case


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote about a case."""

    author: str
    at_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Truth:
    """What the newest label says of a transaction, and where it comes from.

    One from a disposition is provisional: a chargeback may still say otherwise.
    """

    is_fraud: bool
    source: str
    fraud_type: str | None


@dataclass(frozen=True, slots=True)
class Disposition:
    """What was decided of one alert. `state` is pending (may be undone), sent or undone."""

    disposition_id: str
    decision_id: str
    case_id: str
    alert_id: str
    transaction_id: str
    disposition: str
    reason_code: str
    note: str | None
    fraud_type: str | None
    source: str
    external_case_id: str | None
    decided_by: str
    decided_ms: int
    effective_ms: int
    state: str
    supersedes: str | None


CASE_COLUMNS = tuple(cases.c[name] for name in Case.__slots__)
DISPOSITION_COLUMNS = tuple(dispositions.c[name] for name in Disposition.__slots__)


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


def linked(connection: Connection, case: Case) -> list[Linked]:
    """Return other cases of the customer, then those that share something, newest first."""
    own: list[Row[Any]] = []
    if case.customer_id is not None:
        own = list(
            connection.execute(
                select(literal("customer"), cases.c.customer_id, *CASE_COLUMNS)
                .where(cases.c.customer_id == case.customer_id, cases.c.case_id != case.case_id)
                .order_by(cases.c.last_ms.desc())
                .limit(MOST_LINKS)
            )
        )
    mine, other = case_links.alias("mine"), case_links.alias("other")
    same = and_(
        other.c.kind == mine.c.kind,
        other.c.value == mine.c.value,
        other.c.case_id != mine.c.case_id,
    )
    shared = connection.execute(
        select(other.c.kind, other.c.value, *CASE_COLUMNS)
        .select_from(mine.join(other, same).join(cases, cases.c.case_id == other.c.case_id))
        .where(mine.c.case_id == case.case_id)
        .order_by(cases.c.last_ms.desc())
        .limit(MOST_LINKS)
    )
    return [Linked(row[0], row[1], case_of(row[2:])) for row in (*own, *shared)]


def notes_of(connection: Connection, case_id: str) -> list[Note]:
    """Return what was written about a case, oldest first."""
    c = case_notes.c
    found = connection.execute(
        select(c.author, c.at_ms, c.text).where(c.case_id == case_id).order_by(c.id)
    )
    return [Note(*row) for row in found]


def truths_of(connection: Connection, transaction_ids: Sequence[str]) -> dict[str, Truth]:
    """Return what the newest labels say, by transaction id."""
    c = _truths.c
    found = connection.execute(
        select(c.transaction_id, c.is_fraud, c.source, c.fraud_type).where(
            bulk.among(connection, c.transaction_id, transaction_ids)
        )
    )
    return {row[0]: Truth(bool(row[1]), row[2], row[3]) for row in found}


def dispositions_of(
    connection: Connection, condition: ColumnElement[bool], limit: int | None = None
) -> list[Disposition]:
    """Return the dispositions for which a condition holds, oldest first."""
    query = (
        select(*DISPOSITION_COLUMNS)
        .where(condition)
        .order_by(dispositions.c.decided_ms, dispositions.c.disposition_id)
        .limit(limit)
    )
    return [Disposition(*row) for row in connection.execute(query)]


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
