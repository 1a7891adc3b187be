"""What belongs to a case: cases it is linked to, notes, dispositions, what labels say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, column, literal, select, table

from service.ledger import bulk
from service.ledger.case_reads import CASE_COLUMNS, case_of
from service.ledger.case_tables import case_links, case_notes, cases, dispositions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Row

    from service.ledger.case_reads import Case

MOST_LINKS = 60
_truths = table(
    "truths",
    column("transaction_id"),
    column("is_fraud"),
    column("source"),
    column("fraud_type"),
)


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


DISPOSITION_COLUMNS = tuple(dispositions.c[name] for name in Disposition.__slots__)


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
