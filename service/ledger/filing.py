"""Filing: each explained alert goes into a case of its customer.

A case holds the flags of one customer that lie within a window, first to last, in event time.
A flag joins the newest open case of its customer that it fits into; a case that was decided is
closed, so a flag after it opens a new one. The id follows from the first alert, so that filing
again gives the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import and_, func, insert, literal_column, select, update

from service.cases.rules import OPEN
from service.ledger import bulk
from service.ledger.alerts import explained
from service.ledger.case_tables import case_alerts, case_links, cases
from service.ledger.columns import from_json, json_text
from service.ledger.tables import alerts, explanations, legacy_decisions, transactions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Row

SHOWN_REASONS = 3
LINKS = ("device", "merchant", "beneficiary")

_LOCK = 0x63617365736C6F67
"""PostgreSQL: who files holds this, so that a customer's flags meet in one case."""
_UNFILED: ColumnElement[bool] = literal_column("NOT explanations.filed")


class _Told(msgspec.Struct):
    """What filing reads of an explanation's body."""

    reasons: list[Any] = []


_body = msgspec.json.Decoder(_Told)


@dataclass(slots=True)
class _Case:
    """A case while alerts are added to it."""

    case_id: str
    customer_id: str | None
    opened_ms: int
    first_ms: int
    last_ms: int
    alerts: int
    risk: int
    riskiest: str
    reasons: str
    money_minor: int | None
    legacy: int | None

    def fits(self, moment_ms: int, window_ms: int) -> bool:
        """Whether a flag of that time leaves the case within its window."""
        return max(self.last_ms, moment_ms) - min(self.first_ms, moment_ms) <= window_ms

    def add(self, row: Row[Any]) -> None:
        """Take in an alert."""
        self.first_ms = min(self.first_ms, row.occurred_ms)
        self.last_ms = max(self.last_ms, row.occurred_ms)
        self.alerts += 1
        if row.risk > self.risk:
            self.risk, self.riskiest, self.reasons = row.risk, row.alert_id, _reasons(row.body)
        if row.reporting_minor is not None:
            self.money_minor = (self.money_minor or 0) + row.reporting_minor
        if row.decision is not None:
            self.legacy = max(-1 if self.legacy is None else self.legacy, row.decision)


def any_unfiled(connection: Connection) -> bool:
    """Say whether there is an explained alert that is in no case, without writing."""
    found = connection.execute(select(explanations.c.alert_id).where(_UNFILED).limit(1)).first()
    return found is not None


def file_alerts(connection: Connection, window_ms: int, limit: int, now_ms: int) -> int:
    """File up to `limit` explained alerts, oldest explanation first; return how many."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    found = _unfiled(connection, limit)
    if not found:
        return 0
    open_cases = _open_cases(connection, {row.customer_id for row in found} - {None})
    touched: dict[str, _Case] = {}
    fresh: set[str] = set()
    filed: list[tuple[str, str]] = []
    links: list[dict[str, str]] = []
    for row in found:
        mine = open_cases.setdefault(row.customer_id, []) if row.customer_id is not None else []
        case = next((one for one in mine if one.fits(row.occurred_ms, window_ms)), None)
        if case is None:
            case = _opened(row, now_ms)
            mine.insert(0, case)
            fresh.add(case.case_id)
        case.add(row)
        touched[case.case_id] = case
        filed.append((row.alert_id, case.case_id))
        links += [
            {"kind": kind, "value": value, "case_id": case.case_id} for kind, value in _links(row)
        ]
    _save(connection, touched, fresh)
    connection.execute(
        insert(case_alerts), [{"alert_id": one, "case_id": case} for one, case in filed]
    )
    if links:
        columns = {name: [one[name] for one in links] for name in ("kind", "value", "case_id")}
        bulk.append_new(connection, case_links, columns)
    connection.execute(
        update(explanations)
        .where(bulk.among(connection, explanations.c.alert_id, [one for one, _ in filed]))
        .values(filed=True)
    )
    return len(filed)


def case_id_of(alert_id: str) -> str:
    """Return the id of the case that this alert opens."""
    return "case-" + hashlib.blake2b(alert_id.encode(), digest_size=8).hexdigest()


def _unfiled(connection: Connection, limit: int) -> Sequence[Any]:
    t = transactions.c
    # The first decision whether or not it was known at scoring: an analyst wants to see it.
    first_legacy = legacy_decisions.alias("first_legacy")
    first = and_(first_legacy.c.transaction_id == t.transaction_id, first_legacy.c.revision == 0)
    return connection.execute(
        select(
            alerts.c.alert_id,
            alerts.c.risk,
            explanations.c.body,
            t.customer_id,
            t.occurred_ms,
            t.reporting_minor,
            t.device_id,
            t.merchant_id,
            t.details,
            first_legacy.c.decision,
        )
        .select_from(explained().outerjoin(first_legacy, first))
        .where(_UNFILED)
        .order_by(explanations.c.created_ms, t.occurred_ms, alerts.c.alert_id)
        .limit(limit)
    ).all()


def _open_cases(connection: Connection, customers: set[str]) -> dict[str, list[_Case]]:
    """Return the open cases of some customers, newest first."""
    names = _Case.__slots__
    found = connection.execute(
        select(*(cases.c[name] for name in names))
        .where(
            bulk.among(connection, cases.c.customer_id, sorted(customers)), cases.c.status == OPEN
        )
        .order_by(cases.c.last_ms.desc())
    )
    opened: dict[str, list[_Case]] = {}
    for row in found:
        opened.setdefault(row.customer_id, []).append(_Case(*row))
    return opened


def _opened(row: Row[Any], now_ms: int) -> _Case:
    return _Case(
        case_id=case_id_of(row.alert_id),
        customer_id=row.customer_id,
        opened_ms=now_ms,
        first_ms=row.occurred_ms,
        last_ms=row.occurred_ms,
        alerts=0,
        risk=-1,
        riskiest=row.alert_id,
        reasons="[]",
        money_minor=None,
        legacy=None,
    )


def _save(connection: Connection, touched: dict[str, _Case], fresh: set[str]) -> None:
    changing = [name for name in _Case.__slots__ if name not in {"case_id", "customer_id"}]
    opened = [one for one in touched.values() if one.case_id in fresh]
    if opened:
        connection.execute(
            insert(cases),
            [
                {name: getattr(one, name) for name in _Case.__slots__} | {"status": OPEN}
                for one in opened
            ],
        )
    for one in touched.values():
        if one.case_id not in fresh:
            connection.execute(
                update(cases)
                .where(cases.c.case_id == one.case_id)
                .values({name: getattr(one, name) for name in changing})
            )


def _reasons(body: bytes) -> str:
    told = _body.decode(body).reasons[:SHOWN_REASONS]
    return json_text([one["text"] if isinstance(one, dict) else one for one in told])


def _links(row: Row[Any]) -> Iterator[tuple[str, str]]:
    """Yield what other cases may share with this alert's transaction."""
    details = from_json(row.details) or {}
    values = (row.device_id, row.merchant_id, details.get("beneficiary_id"))
    for kind, value in zip(LINKS, values, strict=True):
        if isinstance(value, str) and value:
            yield kind, value
