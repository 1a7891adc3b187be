"""Rows of promotion, as facts that are added one after the other and never changed.

Every addition takes the number after the last, and whoever adds keeps the others out meanwhile
(`alone`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, insert, select

from service.ledger.promotion_tables import evidence_packs, promotions, signatures, signers

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row, Table

PROMOTE = "promote"
ROLLBACK = "rollback"
ADDED = "added"
REVOKED = "revoked"
_LOCK = 0x70726F6D6F7465
"""The advisory lock held while somebody acts ("promote")."""


@dataclass(frozen=True, slots=True)
class SignerEvent:
    """A signer's public key was added, or revoked; `by` tells who did it."""

    number: int
    name: str
    public_key: bytes
    event: str
    by: str
    reason: str | None
    at_ms: int


@dataclass(frozen=True, slots=True)
class PackFacts:
    """An evidence pack that was built on this ledger: one look at the evidence.

    `evaluation` is the gate's evaluation as JSON, `from_ms` and `until_ms` the window it is of.
    """

    number: int
    pack_sha256: str
    bundle_id: str
    champion_id: str
    verdict: str
    gate: str
    gate_sha256: str
    from_ms: int
    until_ms: int
    evaluation: bytes
    built_ms: int


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's signature of one pack, and the key it was made with."""

    pack_sha256: str
    name: str
    public_key: bytes
    signature: bytes
    signed_ms: int


@dataclass(frozen=True, slots=True)
class Promotion:
    """A change of champion, from `previous_id` to `bundle_id`, by promotion or by rollback.

    `signed_by` are the two who signed the pack; a rollback has neither pack nor signatures.
    """

    number: int
    kind: str
    bundle_id: str
    previous_id: str
    pack_sha256: str | None
    signed_by: tuple[str, ...]
    by: str
    reason: str | None
    at_ms: int


def alone(connection: Connection) -> None:
    """Keep every other act of promotion out until this transaction ends.

    SQLite's BEGIN IMMEDIATE does so already; PostgreSQL takes an advisory lock.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def newest(connection: Connection) -> Promotion | None:
    """Return the newest change of champion, None before the first."""
    query = select(promotions).order_by(promotions.c.number.desc()).limit(1)
    found = connection.execute(query).first()
    return None if found is None else _promotion(found)


def promotions_from(
    connection: Connection, number: int, limit: int | None = None
) -> list[Promotion]:
    """Return changes of champion from this number on, in order."""
    c = promotions.c
    query = select(promotions).where(c.number >= number).order_by(c.number).limit(limit)
    return [_promotion(row) for row in connection.execute(query)]


def add_promotion(
    connection: Connection,
    *,
    kind: str,
    bundle_id: str,
    previous_id: str,
    pack_sha256: str | None,
    signed_by: tuple[str, ...],
    by: str,
    reason: str | None,
    now_ms: int,
) -> Promotion:
    """Make a bundle champion. Raises one of bulk.VIOLATIONS if another did so meanwhile."""
    values: dict[str, Any] = {
        "number": _next(connection, promotions),
        "kind": kind,
        "bundle_id": bundle_id,
        "previous_id": previous_id,
        "pack_sha256": pack_sha256,
        "by": by,
        "reason": reason,
        "at_ms": now_ms,
    }
    names = msgspec.json.encode(signed_by).decode()
    connection.execute(insert(promotions).values(values | {"signed_by": names}))
    return Promotion(**values, signed_by=signed_by)


def add_pack(connection: Connection, facts: dict[str, Any], now_ms: int) -> PackFacts:
    """Record a pack: all of PackFacts but `number` and `built_ms`."""
    values = facts | {"number": _next(connection, evidence_packs), "built_ms": now_ms}
    connection.execute(insert(evidence_packs).values(values))
    return PackFacts(**values)


def packs(connection: Connection, bundle_id: str | None) -> list[PackFacts]:
    """Return the packs of a bundle, or of all, in the order they were built."""
    query = select(evidence_packs).order_by(evidence_packs.c.number)
    if bundle_id is not None:
        query = query.where(evidence_packs.c.bundle_id == bundle_id)
    return [_pack(row) for row in connection.execute(query)]


def add_signature(connection: Connection, one: Signature) -> None:
    """Record a signature. Raises one of bulk.VIOLATIONS where this person signed already."""
    connection.execute(
        insert(signatures).values(
            pack_sha256=one.pack_sha256,
            name=one.name,
            public_key=one.public_key,
            signature=one.signature,
            signed_ms=one.signed_ms,
        )
    )


def signatures_of(connection: Connection, pack_sha256: str) -> list[Signature]:
    """Return the signatures of a pack, in the order they were made."""
    c = signatures.c
    found = connection.execute(
        select(signatures).where(c.pack_sha256 == pack_sha256).order_by(c.signed_ms, c.name)
    )
    return [
        Signature(r.pack_sha256, r.name, bytes(r.public_key), bytes(r.signature), r.signed_ms)
        for r in found
    ]


def signer_events(connection: Connection) -> list[SignerEvent]:
    """Return everything that happened to signers, in order."""
    found = connection.execute(select(signers).order_by(signers.c.number))
    return [
        SignerEvent(r.number, r.name, bytes(r.public_key), r.event, r.by, r.reason, r.at_ms)
        for r in found
    ]


def add_signer_event(
    connection: Connection,
    *,
    name: str,
    public_key: bytes,
    event: str,
    by: str,
    reason: str | None,
    now_ms: int,
) -> None:
    """Record that a signer's key was added or revoked."""
    connection.execute(
        insert(signers).values(
            number=_next(connection, signers),
            name=name,
            public_key=public_key,
            event=event,
            by=by,
            reason=reason,
            at_ms=now_ms,
        )
    )


def _next(connection: Connection, table: Table) -> int:
    newest_number = connection.execute(select(func.max(table.c.number))).scalar()
    return 1 + (newest_number or 0)


def _promotion(row: Row[Any]) -> Promotion:
    return Promotion(
        number=row.number,
        kind=row.kind,
        bundle_id=row.bundle_id,
        previous_id=row.previous_id,
        pack_sha256=row.pack_sha256,
        signed_by=msgspec.json.decode(row.signed_by, type=tuple[str, ...]),
        by=row.by,
        reason=row.reason,
        at_ms=row.at_ms,
    )


def _pack(row: Row[Any]) -> PackFacts:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's
    return PackFacts(**(values | {"evaluation": bytes(row.evaluation)}))
