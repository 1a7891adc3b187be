"""The ledger read from outside, in SQL over its documented tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


COUNTERS = (
    "consumed",
    "scored",
    "unscored",
    "duplicates",
    "not_scored",
    "kept",
    "dead_letters",
    "late",
    "misrouted",
    "unknown_fields",
    "exempted_ids",
    "warmed",
)


@dataclass(frozen=True, slots=True, eq=False)
class Streamed:
    """Scored rows of a stream: ids, stored full vectors (n, W), champion log-odds, flags."""

    transaction_id: list[str]
    features: NDArray[np.float32]
    log_odds: NDArray[np.float64]
    flagged: NDArray[np.bool_]


class LedgerView:
    """Short reads of a ledger that others write."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url)

    def counter(self, stream: str, name: str) -> int:
        """Return one counter summed over a stream's partitions; 0 before the ledger exists."""
        return int(self.counters(stream).get(name, 0))

    def counters(self, stream: str) -> Mapping[str, int]:
        """Return all counters summed over a stream's partitions."""
        sums = ", ".join(f"COALESCE(SUM({name}), 0) AS {name}" for name in COUNTERS)
        try:
            row = self._one(f"SELECT {sums} FROM partitions WHERE stream = :s", s=stream)
        except OperationalError:
            return {}
        return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's own way to a dict

    def pending_alerts(self) -> int:
        """Return how many alerts have no explanation."""
        return int(
            self._one(
                "SELECT COUNT(*) FROM alerts a LEFT JOIN explanations e USING (alert_id) "
                "WHERE e.alert_id IS NULL"
            )[0]
        )

    def flags(self) -> int:
        """Return how many alerts there are, explained or not."""
        return int(self._one("SELECT COUNT(*) FROM alerts")[0])

    def drawn(self, stream: str) -> list[str]:
        """Return the transaction ids of a stream that were drawn for review."""
        rows = self._all("SELECT transaction_id FROM review_sample WHERE stream = :s", s=stream)
        return [str(row[0]) for row in rows]

    def labels(self, source: str) -> int:
        """Return how many labels of a source there are."""
        return int(self._one("SELECT COUNT(*) FROM labels WHERE source = :s", s=source)[0])

    def explained_by_risk(self, since_ms: int) -> bool:
        """Return whether what was explained since then was riskier than what still waits."""
        row = self._one(
            "SELECT (SELECT MIN(a.risk) FROM explanations e JOIN alerts a USING (alert_id) "
            "WHERE e.created_ms > :s), (SELECT MAX(risk) FROM alerts "
            "WHERE pending AND leased_until_ms IS NULL)",
            s=since_ms,
        )
        return row[0] is None or row[1] is None or row[0] >= row[1]

    def unpublished(self) -> int:
        """Return how many explained alerts and accepted rows are not marked as published."""
        alerts = self._one("SELECT COUNT(*) FROM explanations WHERE NOT published")[0]
        behind = self._one(
            "SELECT COALESCE(SUM(p.next_sequence - COALESCE(m.through, 0)), 0) FROM partitions p "
            "LEFT JOIN published m ON m.stream = p.stream AND m.partition = p.partition "
            "AND m.topic = 'penumbra.decisions' WHERE p.stream = 'transactions'"
        )[0]
        return int(alerts) + int(behind)

    def streamed(self, stream: str) -> Streamed:
        """Return every scored row of a stream."""
        rows = self._all(
            "SELECT t.transaction_id, t.features, s.log_odds, s.flagged FROM transactions t "
            "JOIN scores s ON s.stream = t.stream AND s.partition = t.partition "
            "AND s.sequence = t.sequence WHERE t.stream = :s AND s.role = 'champion'",
            s=stream,
        )
        ids, blobs, log_odds, flagged = zip(*rows, strict=True) if rows else ((), (), (), ())
        width = len(blobs[0]) // 4 if blobs else 0
        return Streamed(
            list(ids),
            np.frombuffer(b"".join(blobs), np.float32).reshape(len(blobs), width),
            np.array(log_odds, np.float64),
            np.array(flagged, bool),
        )

    def alerts(self) -> list[tuple[float, dict[str, Any] | None]]:
        """Return (log_odds, explanation) of every alert, None where it has none."""
        return [
            (log_odds, msgspec.json.decode(body) if body is not None else None)
            for log_odds, body in self._all(
                "SELECT a.log_odds, e.body FROM alerts a LEFT JOIN explanations e USING (alert_id)"
            )
        ]

    def dead_letters(self) -> list[tuple[str, int, bytes]]:
        """Return (reason, offset, masked payload) of every dead letter, in order."""
        return [
            (row[0], row[1], row[2])
            for row in self._all('SELECT reason, "offset", payload FROM dead_letters ORDER BY id')
        ]

    def owner(self, stream: str) -> str | None:
        """Return which process reads a stream's partition 0; None for nobody."""
        found = self._all(
            'SELECT owner FROM partitions WHERE stream = :s AND "partition" = 0', s=stream
        )
        return found[0][0] if found else None

    def end(self, stream: str) -> int:
        """Return the sequence after the last row of a stream's partition 0."""
        found = self._one(
            "SELECT COALESCE(MAX(sequence), -1) + 1 FROM transactions "
            'WHERE stream = :s AND "partition" = 0',
            s=stream,
        )
        return int(found[0])

    def recorded(self, stream: str, sequence: int) -> list[tuple[int, str, int]]:
        """Return (sequence, id, champion's scores) from `sequence` on, in partition 0."""
        return [
            tuple(row)
            for row in self._all(
                "SELECT t.sequence, t.transaction_id, (SELECT COUNT(*) FROM scores s "
                'WHERE s.stream = t.stream AND s."partition" = t."partition" '
                "AND s.sequence = t.sequence AND s.role = 'champion') "
                'FROM transactions t WHERE t.stream = :s AND t."partition" = 0 '
                "AND t.sequence >= :sequence ORDER BY t.sequence",
                s=stream,
                sequence=sequence,
            )
        ]

    def seals(self) -> tuple[int, int]:
        """Return how many seals there are, and how many are incomplete."""
        row = self._one("SELECT COUNT(*), COALESCE(SUM(NOT complete), 0) FROM seals")
        return int(row[0]), int(row[1])

    def _one(self, statement: str, **values: Any) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(text(statement), values).one()

    def _all(self, statement: str, **values: Any) -> Any:
        with self._engine.connect() as connection:
            return connection.execute(text(statement), values).all()
