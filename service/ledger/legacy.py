"""Decisions of the legacy rules: the first is the one compared, later different ones are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from service.errors import LedgerUnavailable
from service.ledger import bulk
from service.ledger.columns import from_json, json_text, numbers
from service.ledger.tables import legacy_decisions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from service.ledger.rows import LegacyRows

TOPIC = "topic"
_ATTEMPTS = 5
_CONTENT = ("decision", "score", "rules", "ruleset_version", "decided_ms")
LEGACY_COLUMNS = ("source", *_CONTENT, "received_ms")
_COLUMNS = ("transaction_id", "revision", *LEGACY_COLUMNS)


@dataclass(frozen=True, slots=True)
class Legacy:
    """The first legacy decision of a transaction; `decision` indexes LEGACY_DECISIONS."""

    source: str
    decision: int
    score: float | None
    rules: tuple[str, ...]
    ruleset_version: str | None
    decided_ms: int | None
    received_ms: int


def record(connection: Connection, rows: LegacyRows) -> int:
    """Keep decisions that differ from those known of their transaction; return how many."""
    contents = list(
        zip(
            rows.decision.tolist(),
            numbers(rows.score),
            [json_text(list(names)) for names in rows.rules],
            rows.ruleset_version,
            numbers(rows.decided_ms, -1),
            strict=True,
        )
    )
    kept = 0
    for _ in range(_ATTEMPTS):
        known = _known(connection, rows.transaction_id)
        fresh = []
        for transaction_id, content in zip(rows.transaction_id, contents, strict=True):
            revisions = known.setdefault(transaction_id, [])
            if content not in revisions:
                fresh.append(
                    (transaction_id, len(revisions), rows.source, *content, rows.received_ms)
                )
                revisions.append(content)
        fresh.sort(key=lambda row: row[:2])
        columns = dict(zip(_COLUMNS, map(list, zip(*fresh, strict=True)), strict=False))
        written = bulk.append_new(connection, legacy_decisions, columns)
        kept += written
        if written == len(fresh):
            return kept
        # Another partition wrote a decision of the same transaction meanwhile: number anew.
    raise LedgerUnavailable("legacy_decisions", f"numbers still taken after {_ATTEMPTS} attempts")


def first_of(connection: Connection, transaction_ids: Sequence[str]) -> dict[str, Legacy]:
    """Return the first legacy decision of each transaction that has one."""
    c = legacy_decisions.c
    found = connection.execute(
        select(c.transaction_id, *(c[name] for name in LEGACY_COLUMNS)).where(
            bulk.among(connection, c.transaction_id, transaction_ids), c.revision == 0
        )
    )
    return {row[0]: decision for row in found if (decision := legacy_of(row[1:])) is not None}


def legacy_of(values: Sequence[Any]) -> Legacy | None:
    """Return the decision whose LEGACY_COLUMNS are given; None where a join found none."""
    source, decision, score, rules, ruleset_version, decided_ms, received_ms = values
    if source is None:
        return None
    return Legacy(
        source=source,
        decision=decision,
        score=score,
        rules=tuple(from_json(rules)),
        ruleset_version=ruleset_version,
        decided_ms=decided_ms,
        received_ms=received_ms,
    )


def _known(
    connection: Connection, transaction_ids: Sequence[str]
) -> dict[str, list[tuple[Any, ...]]]:
    c = legacy_decisions.c
    found = connection.execute(
        select(c.transaction_id, *(c[name] for name in _CONTENT))
        .where(bulk.among(connection, c.transaction_id, transaction_ids))
        .order_by(c.transaction_id, c.revision)
    )
    known: dict[str, list[tuple[Any, ...]]] = {}
    for transaction_id, *content in found:
        known.setdefault(transaction_id, []).append(tuple(content))
    return known
