"""What is true of a payment by its labels: the newest that no other supersedes.

The view `truths` says the same in SQL, for people; a test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.ledger import bulk
from service.ledger.reads import existing
from service.ledger.rollups import fence
from service.ledger.tables import labels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

CHUNK = 20_000


_NAMES = ("transaction_id", "known_ms", "labelled_ms", "label_id", "is_fraud", "supersedes")
LABEL = tuple(labels.c[name] for name in _NAMES)
"""What to select for `standing`, before any columns of one's own."""
_OF_PAYMENTS = f"SELECT {', '.join(_NAMES)} FROM labels WHERE transaction_id {{among}}"


def standing(rows: Sequence[tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """Return the row that counts of each transaction; all its labels must be given."""
    told: dict[str, list[tuple[Any, ...]]] = {}
    for row in rows:
        told.setdefault(row[0], []).append(row)
    found = {}
    for transaction_id, several in told.items():
        newest = several[0]
        if len(several) > 1 or newest[5] is not None:
            gone = {row[5] for row in several}
            left = [row for row in several if row[3] not in gone]
            if not left:
                continue
            newest = max(left, key=lambda row: row[1:4])
        found[transaction_id] = newest
    return found


def truths_of(connection: Connection, transaction_ids: Sequence[str]) -> dict[str, bool]:
    """Return whether each labelled transaction was fraud, as the labels are now."""
    found = bulk.by_ids(connection, _OF_PAYMENTS, transaction_ids)
    return {one: bool(row[4]) for one, row in standing(found).items()}


def record(connection: Connection, columns: Mapping[str, Any]) -> tuple[int, dict[str, int]]:
    """Keep labels not known yet; return how many, and what was true before where that changed.

    Of accepted transactions only: 1 fraud, 0 genuine, -1 not known. Nobody else may add to the
    sums meanwhile (`rollups.fence`).
    """
    fence(connection, alone=True)
    asked = [
        one
        for some in _chunks(sorted(set(columns["transaction_id"])))
        for one in existing(connection, some)
    ]
    before = _all_truths(connection, asked)
    kept = bulk.append_new(connection, labels, columns)
    after = _all_truths(connection, asked)
    return kept, {
        one: int(before.get(one, -1)) for one in asked if before.get(one) != after.get(one)
    }


def _all_truths(connection: Connection, ids: Sequence[str]) -> dict[str, bool]:
    found: dict[str, bool] = {}
    for some in _chunks(ids):
        found |= truths_of(connection, some)
    return found


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
