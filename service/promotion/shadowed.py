"""The payments of a window as every bundle in shadow scored them, read from the ledger.

Chunks are read by the partitions' own order, each a short read. Only payments that have a score
row of the asked bundle count: what was never to be scored is no part of a comparison.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import column as sql
from sqlalchemy import select, table

from models.comparison.censoring import independent
from models.comparison.paired import LABEL_SOURCES, UNKNOWN, Paired, paired
from models.decide import LEGACY_POSITIVE
from models.hashing import keys
from models.transaction import CHANNELS, LEGACY_DECISIONS
from service.ledger import bulk
from service.ledger.columns import array_of, blob_to_vector, objects
from service.ledger.facts import AGE_EDGES, AMOUNT_EDGES, MISSING, bands, stopped
from service.ledger.tables import legacy_decisions, scores, transactions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from service.ledger import Ledger

CHUNK = 20_000
_TRUTHS = table("truths", sql("transaction_id"), sql("is_fraud"), sql("source"))
_PAYMENT = {
    "stream": transactions.c.stream,
    "partition": transactions.c.partition,
    "sequence": transactions.c.sequence,
    "transaction_id": transactions.c.transaction_id,
    "occurred_ms": transactions.c.occurred_ms,
    "customer_id": transactions.c.customer_id,
    "amount": transactions.c.reporting_minor,
    "outcome": transactions.c.outcome,
    "channel": transactions.c.channel,
    "mcc": transactions.c.mcc,
    "country": transactions.c.country,
    "history_days": transactions.c.history_days,
    "groups": transactions.c.declared_groups,
    "legacy": legacy_decisions.c.decision,
    "ruleset": legacy_decisions.c.ruleset_version,
}
_READ = (*_PAYMENT, "truth", "source")
_ID = list(_PAYMENT).index("transaction_id")


@dataclass(frozen=True, slots=True, eq=False)
class Shadowed:
    """n payments and b bundles, `bundle_ids` in the order of the columns.

    `legacy` is a code of LEGACY_DECISIONS, -1 while unknown; `source` one of LABEL_SOURCES.
    `log_odds` (n, b) is NaN where a bundle gave no score. `features` (m, F) are the vectors of
    some rows, evenly spread.
    """

    bundle_ids: tuple[str, ...]
    occurred_ms: NDArray[np.int64]
    customer: NDArray[np.int64]
    amount: NDArray[np.int64]
    outcome: NDArray[np.int64]
    legacy: NDArray[np.int64]
    ruleset: NDArray[np.object_]
    truth: NDArray[np.int64]
    source: NDArray[np.int64]
    channel: NDArray[np.int64]
    mcc: NDArray[np.int64]
    country: NDArray[np.object_]
    history_days: NDArray[np.int64]
    groups: NDArray[np.object_]
    log_odds: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    features: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.occurred_ms)

    def between(self, begin_ms: int, end_ms: int) -> NDArray[np.bool_]:
        """Return which payments occurred from `begin_ms` on and before `end_ms`, (n,)."""
        return (self.occurred_ms >= begin_ms) & (self.occurred_ms < end_ms)

    def scored(self, bundle_id: str) -> NDArray[np.bool_]:
        """Return which payments a bundle gave a score, (n,)."""
        return np.isfinite(self.log_odds[:, self.bundle_ids.index(bundle_id)])

    def against_legacy(self, bundle_id: str, *, positive: str, mature_before_ms: int) -> Paired:
        """Return the paired rows of one bundle; unscored payments are not among them.

        Labels that came because somebody flagged are not among the truth (`independent`).
        """
        at = self.bundle_ids.index(bundle_id)
        calls = [LEGACY_DECISIONS.index(name) for name in LEGACY_POSITIVE[positive]]
        legacy = np.where(self.legacy == UNKNOWN, UNKNOWN, np.isin(self.legacy, calls))
        rows = paired(
            occurred_ms=self.occurred_ms,
            customer=self.customer,
            amount=self.amount,
            legacy=legacy,
            flagged=self.flagged[:, at],
            truth=self.truth,
            log_odds=self.log_odds[:, at],
            declined=stopped(self.outcome, self.legacy),
            mature=self.occurred_ms < mature_before_ms,
            source=self.source,
        )
        return independent(rows.take(self.scored(bundle_id)))

    def members(self, kind: str) -> NDArray[np.object_]:
        """Return the name of each payment's segment, (n,); a declared group by its own name."""
        if kind == "country":
            return np.where(self.country == None, MISSING, self.country)  # noqa: E711
        if kind in {"channel", "mcc", "amount", "customer_age"}:
            values = getattr(self, "history_days" if kind == "customer_age" else kind)
            used, at = np.unique(values, return_inverse=True)
            return objects([_member(kind, value) for value in used.tolist()])[at]
        stated = [json.loads(one) if one else {} for one in self.groups.tolist()]
        return objects([one.get(kind, MISSING) for one in stated])


def _member(kind: str, value: int) -> str:
    """Return the name of the segment that a value lies in."""
    if value < 0:
        return MISSING
    if kind == "channel":
        return CHANNELS[value]
    if kind == "mcc":
        return f"{value:04d}"
    edges = AMOUNT_EDGES if kind == "amount" else AGE_EDGES
    return bands(edges)[int(np.searchsorted(edges, value, "right"))][0]


def read_shadowed(
    ledger: Ledger, bundle_id: str, begin_ms: int, end_ms: int, *, vectors: int
) -> Shadowed:
    """Read the payments of a window that a bundle was to score, with about `vectors` of features.

    Other bundles that scored any of them come along. Raises LedgerUnavailable.
    """
    rows: list[tuple[Any, ...]] = []
    said: dict[str, list[tuple[int, float | None, bool]]] = {}
    blobs: list[bytes] = []
    every = _every(ledger, vectors)
    for chunk, judged in _chunks(ledger, bundle_id, begin_ms, end_ms):
        numbered = {row[:3]: len(rows) + at for at, row in enumerate(chunk)}
        for *place, name, log_odds, flagged in judged:
            row = numbered.get(tuple(place))
            if row is not None:
                said.setdefault(name, []).append((row, log_odds, bool(flagged)))
        blobs += _vectors(ledger, chunk[::every])
        rows += chunk
    return _shadowed(bundle_id, rows, said, blobs)


def _every(ledger: Ledger, vectors: int) -> int:
    total = sum(state.next_sequence for state in ledger.progress())
    return max(1, total // max(vectors, 1))


def _chunks(
    ledger: Ledger, bundle_id: str, begin_ms: int, end_ms: int
) -> Iterator[tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]]:
    """Yield payments with what is known of them, and all bundles' scores of the same places."""
    for state in ledger.progress():
        for first in range(0, state.next_sequence, CHUNK):
            place = (state.stream, state.partition, first)
            with ledger.reading() as connection:
                found = _payments(connection, place, bundle_id, begin_ms, end_ms)
                if found:
                    yield found, _scores(connection, place)


def _payments(
    connection: Connection, place: tuple[str, int, int], bundle_id: str, begin_ms: int, end_ms: int
) -> list[tuple[Any, ...]]:
    t, s, g = transactions.c, scores.c, legacy_decisions.c
    stream, partition, first = place
    query = (
        select(*_PAYMENT.values())
        .select_from(
            transactions.join(
                scores,
                (s.stream == t.stream) & (s.partition == t.partition)
                & (s.sequence == t.sequence) & (s.bundle_id == bundle_id),
            ).outerjoin(
                legacy_decisions, (g.transaction_id == t.transaction_id) & (g.revision == 0)
            )
        )
        .where(
            t.stream == stream, t.partition == partition,
            t.sequence >= first, t.sequence < first + CHUNK,
            t.occurred_ms >= begin_ms, t.occurred_ms < end_ms,
        )
        .order_by(t.sequence)
    )  # fmt: skip
    found = bulk.fetch(connection, query)
    truths = _truths(connection, [row[_ID] for row in found])
    return [(*row, *truths.get(row[_ID], (UNKNOWN, UNKNOWN))) for row in found]


def _truths(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return truth and source of what is labelled, by the view that says which label stands."""
    if not ids:
        return {}
    c = _TRUTHS.c
    query = select(c.transaction_id, c.is_fraud, c.source).where(
        bulk.among(connection, c.transaction_id, ids)
    )
    return {
        row[0]: (int(bool(row[1])), LABEL_SOURCES.index(row[2]))
        for row in connection.execute(query)
    }


def _scores(connection: Connection, place: tuple[str, int, int]) -> list[tuple[Any, ...]]:
    c = scores.c
    stream, partition, first = place
    query = select(c.stream, c.partition, c.sequence, c.bundle_id, c.log_odds, c.flagged).where(
        c.stream == stream,
        c.partition == partition,
        c.sequence >= first,
        c.sequence < first + CHUNK,
    )
    return bulk.fetch(connection, query)


def _vectors(ledger: Ledger, rows: Sequence[tuple[Any, ...]]) -> list[bytes]:
    c = transactions.c
    with ledger.reading() as connection:
        query = select(c.features).where(
            bulk.among(connection, c.transaction_id, [row[_ID] for row in rows])
        )
        return [bytes(row[0]) for row in connection.execute(query) if row[0] is not None]


def _shadowed(
    bundle_id: str,
    rows: list[tuple[Any, ...]],
    said: dict[str, list[tuple[int, float | None, bool]]],
    blobs: list[bytes],
) -> Shadowed:
    column = dict(zip(_READ, zip(*rows, strict=True), strict=True)) if rows else {}
    names = (bundle_id, *sorted(set(said) - {bundle_id}))
    log_odds = np.full((len(rows), len(names)), np.nan)
    flagged = np.zeros((len(rows), len(names)), bool)
    for at, name in enumerate(names):
        for row, value, flag in said.get(name, ()):
            log_odds[row, at] = np.nan if value is None else value
            flagged[row, at] = flag

    def numbers(name: str) -> NDArray[np.int64]:
        return array_of(column.get(name, ()), np.int64, UNKNOWN)

    def texts(name: str) -> NDArray[np.object_]:
        return objects(column.get(name, ()))

    return Shadowed(
        bundle_ids=names,
        occurred_ms=numbers("occurred_ms"),
        customer=_customers(texts("customer_id")),
        amount=numbers("amount"),
        outcome=numbers("outcome"),
        legacy=numbers("legacy"),
        ruleset=texts("ruleset"),
        truth=numbers("truth"),
        source=numbers("source"),
        channel=numbers("channel"),
        mcc=numbers("mcc"),
        country=texts("country"),
        history_days=numbers("history_days"),
        groups=texts("groups"),
        log_odds=log_odds,
        flagged=flagged,
        features=np.stack([blob_to_vector(blob) for blob in blobs])
        if blobs
        else np.zeros((0, 0), np.float32),
    )


def _customers(ids: NDArray[np.object_]) -> NDArray[np.int64]:
    """Return a code for each customer; every payment without one is a customer of its own."""
    code = keys(ids).view(np.int64) if len(ids) else np.zeros(0, np.int64)
    alone = np.flatnonzero(ids == None)  # noqa: E711 - elementwise
    code[alone] = -1 - alone
    return np.unique(code, return_inverse=True)[1].astype(np.int64)
