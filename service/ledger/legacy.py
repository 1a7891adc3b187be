"""Decisions of the legacy rules: the first is the one compared, later different ones are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from service.ledger import bulk
from service.ledger.columns import from_json, json_text, numbers
from service.ledger.tables import legacy_decisions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from service.ledger.rows import LegacyRows

TOPIC = "topic"
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


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of recording decisions: how many were kept, and what is compared.

    `first` holds (decision, ruleset_version) of the first decision of every transaction that
    was told of, `fresh` which of these transactions had none before.
    """

    kept: int
    first: Mapping[str, tuple[int, str | None]]
    fresh: Collection[str]


def record(connection: Connection, rows: LegacyRows) -> Recorded:
    """Keep decisions that differ from those known of their transaction.

    Nobody else may record decisions of the same transactions meanwhile (`rollups.fence`).
    """
    contents = zip(
        rows.decision.tolist(),
        numbers(rows.score),
        [json_text(list(names)) for names in rows.rules],
        rows.ruleset_version,
        numbers(rows.decided_ms, -1),
        strict=True,
    )
    known = _known(connection, rows.transaction_id)
    before = set(known)
    fresh = []
    for transaction_id, content in zip(rows.transaction_id, contents, strict=True):
        revisions = known.setdefault(transaction_id, [])
        if content not in revisions:
            fresh.append((transaction_id, len(revisions), rows.source, *content, rows.received_ms))
            revisions.append(content)
    fresh.sort(key=lambda row: row[:2])
    columns = dict(zip(_COLUMNS, map(list, zip(*fresh, strict=True)), strict=False))
    bulk.append(connection, legacy_decisions, columns)
    first = {one: (found[0][0], found[0][3]) for one, found in known.items()}
    return Recorded(len(fresh), first, first.keys() - before)


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
