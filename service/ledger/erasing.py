"""Erasing a customer: what names or describes them goes, what comparisons count stays.

Their rows go on under a stand-in that nothing leads back from: a random name, with numbered ids
for their transactions and labels. Amounts, times, places, scores, decisions and truths stay, so
counters reconcile and every figure of a past comparison comes out as it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import LargeBinary, bindparam, func, literal, or_, select, update

from service.ledger import erasing_cases, leases, snapshots
from service.ledger.columns import json_text
from service.ledger.tables import (
    alerts,
    dead_letters,
    erasures,
    explanations,
    labels,
    legacy_decisions,
    transactions,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection, Table

    from service.ledger.snapshots import Snapshot

STAND_IN = "erased-"
"""How the names that take a customer's place begin."""
_DESCRIBES = (
    *("utc_offset_min", "ip_country", "device_id", "latitude", "longitude", "authenticated"),
    *("billing_amount_minor", "billing_currency", "original_transaction_id", "details", "features"),
)
"""Columns of a transaction that describe a person and that no comparison counts."""
_NO_CONTENT = 0


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased: rows that live on under `stand_in`, and dead letters emptied."""

    stand_in: str
    erased_ms: int
    reference: str | None
    transactions: int
    alerts: int
    labels: int
    dead_letters: int


def places(connection: Connection, customer_id: str) -> list[tuple[str, int]]:
    """Return the (stream, partition) pairs that hold rows of a customer."""
    c = transactions.c
    query = select(c.stream, c.partition).where(c.customer_id == customer_id).distinct()
    return sorted((row[0], row[1]) for row in connection.execute(query))


def erase(
    connection: Connection,
    customer_id: str,
    *,
    token: str,
    reference: str | None,
    instead: Mapping[Snapshot, Snapshot],
    now_ms: int,
) -> Erasure | None:
    """Erase a customer, their history in snapshots replaced by those of `instead`.

    Return None where there is nothing of them.

    The leases on their partitions end: a worker that still has the customer in memory can write
    no more, and restores its state without them.
    """
    held = places(connection, customer_id)
    stand_in = f"{STAND_IN}{token}"
    c = transactions.c
    found = connection.scalars(
        select(c.transaction_id)
        .where(c.customer_id == customer_id)
        .order_by(c.stream, c.partition, c.sequence)
    ).all()
    renamed = {old: f"{stand_in}-{number}" for number, old in enumerate(found)}
    letters = _empty_letters(connection, customer_id)
    if not found and not letters:
        return None
    changed = {
        "transactions": _rename(connection, transactions, renamed, {
            "customer_id": stand_in, "content_key": _NO_CONTENT, **dict.fromkeys(_DESCRIBES),
        }),
        "alerts": _erase_alerts(connection, renamed, stand_in, now_ms),
        "labels": _erase_labels(connection, renamed, stand_in),
        "dead_letters": letters,
    }  # fmt: skip
    _rename(connection, legacy_decisions, renamed, {})
    erasing_cases.erase(connection, customer_id, renamed, stand_in)
    for place in held:
        snapshots.swap(connection, place, instead)
        leases.end(connection, *place)
    done = Erasure(stand_in=stand_in, erased_ms=now_ms, reference=reference, **changed)
    connection.execute(
        erasures.insert().values({name: getattr(done, name) for name in Erasure.__slots__})
    )
    return done


def erased_at(connection: Connection, customer_id: str | None) -> int | None:
    """Return when the customer that this name stands in for was erased, None for any other."""
    if customer_id is None or not customer_id.startswith(STAND_IN):
        return None
    c = erasures.c
    return connection.scalar(select(c.erased_ms).where(c.stand_in == customer_id))


def _rename(
    connection: Connection, table: Table, renamed: Mapping[str, str], values: Mapping[str, object]
) -> int:
    """Give rows their new transaction id, and the values all of them get."""
    if not renamed:
        return 0
    statement = (
        update(table)
        .where(table.c.transaction_id == bindparam("old"))
        .values(transaction_id=bindparam("new"), **values)
    )
    rows = [{"old": old, "new": new} for old, new in renamed.items()]
    connection.execute(statement, rows)
    return len(renamed)


def _erase_alerts(
    connection: Connection, renamed: Mapping[str, str], stand_in: str, now_ms: int
) -> int:
    """Alerts keep id, risk and score; their explanations say when they were erased, no more."""
    body = json_text({"erased_at_ms": now_ms, "reasons": []}).encode()
    c = alerts.c
    ids: list[str] = []
    for old in renamed:
        ids += connection.scalars(select(c.alert_id).where(c.transaction_id == old)).all()
    _rename(connection, alerts, renamed, {
        "customer_id": stand_in, "pending": False, "leased_by": None, "leased_until_ms": None,
    })  # fmt: skip
    for alert_id in ids:
        # One still pending, or not yet published, is not explained or published any more.
        done = connection.execute(
            update(explanations)
            .where(explanations.c.alert_id == alert_id)
            .values(body=body, published=True)
        )
        if not done.rowcount:
            connection.execute(explanations.insert().values(
                alert_id=alert_id, body=body, method="erased", created_ms=now_ms, published=True,
            ))  # fmt: skip
    return len(ids)


def _erase_labels(connection: Connection, renamed: Mapping[str, str], stand_in: str) -> int:
    """Labels keep what they say and when; their ids often name a case or a dispute."""
    c = labels.c
    named: dict[str, str] = {}
    for old in renamed:
        found = connection.scalars(select(c.label_id).where(c.transaction_id == old)).all()
        named |= {one: f"{stand_in}-label-{len(named) + n}" for n, one in enumerate(found)}
    _rename(connection, labels, renamed, {})
    for old, new in named.items():
        connection.execute(update(labels).where(c.label_id == old).values(label_id=new))
        connection.execute(update(labels).where(c.supersedes == old).values(supersedes=new))
    return len(named)


def _empty_letters(connection: Connection, customer_id: str) -> int:
    """Empty the dead letters whose key or content names the customer."""
    c = dead_letters.c
    key, said = customer_id.encode(), json_text(customer_id).encode()
    emptied = connection.execute(
        update(dead_letters)
        .where(or_(c.key == key, _contains(connection, c.payload, said)))
        .values(payload=b"", key=None, error="erased")
    )
    return emptied.rowcount


def _contains(
    connection: Connection, column: ColumnElement[bytes], part: bytes
) -> ColumnElement[bool]:
    given = literal(part, LargeBinary)
    if connection.dialect.name == "sqlite":
        return func.instr(column, given) > 0
    return func.position(given.op("IN")(column)) > 0
