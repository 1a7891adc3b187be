"""What a commit adds to the sums: its own payments, and what it tells of payments already there.

A payment is counted once, by the commit that writes it, with whatever is known by then. What
becomes known later moves it: taken away as it was counted, added as it is now.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from models.transaction import REFUND, REVERSAL
from service.ledger import bulk
from service.ledger.columns import array_of, objects
from service.ledger.decisions import same_place
from service.ledger.facts import Facts, ruleset_of
from service.ledger.legacy import first_of
from service.ledger.tables import legacy_decisions, scores, transactions
from service.ledger.truth import truths_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Connection

    from service.ledger.rows import Commit, TransactionRows

_RETURNS = (REVERSAL, REFUND)
_RETURNED = (
    "SELECT original_transaction_id, sum(reporting_minor) FROM transactions "
    "WHERE original_transaction_id {among} AND original_transaction_id IS NOT NULL "
    f"AND type IN {_RETURNS} GROUP BY original_transaction_id"
)
Told = tuple[int, str | None]
"""A legacy decision and its ruleset's version."""


@dataclass(slots=True)
class Changed:
    """What was known before of payments of which something else is known now."""

    untold: set[str] = field(default_factory=set)
    truth: dict[str, int] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """The payments concerned."""
        return sorted(self.untold | self.truth.keys() | self.returned.keys())


def counted(connection: Connection, batch: Commit, told: Mapping[str, Told]) -> list[Facts]:
    """Return the facts of a batch's own payments: one set of columns a bundle."""
    rows = batch.transactions
    if rows is None or not batch.scores:
        return []
    ids = rows.transactions.transaction_id.tolist()
    if len(told) < len(ids):
        earlier = first_of(connection, [one for one in ids if one not in told])
        told = dict(told) | {i: (g.decision, g.ruleset_version) for i, g in earlier.items()}
    truths = truths_of(connection, ids)
    returned = returned_of(connection, ids)
    known = [told.get(one) for one in ids]
    legacy = np.array([-1 if one is None else one[0] for one in known], np.int64)
    ruleset = objects(
        [ruleset_of(one is not None, None if one is None else one[1]) for one in known]
    )
    truth = np.array([truths.get(one, -1) for one in ids], np.int64)
    minor = rows.transactions.reporting_minor
    amount = np.maximum(minor, 0)
    back = np.array([returned.get(one, 0) for one in ids], np.int64)
    facts = []
    for one in batch.scores:
        at, n = one.row, len(one.row)
        facts.append(
            Facts(
                occurred_ms=rows.transactions.occurred_ms[at],
                bundle_id=np.full(n, one.bundle_id, object),
                role=np.full(n, one.role, object),
                ruleset=ruleset[at],
                risk=one.risk.astype(np.int64),
                flagged=one.flagged,
                outcome=rows.transactions.outcome[at].astype(np.int64),
                legacy=legacy[at],
                truth=truth[at],
                amount=amount[at],
                returned=np.minimum(back[at], amount[at]),
                priced=minor[at] >= 0,
                channel=rows.transactions.channel[at].astype(np.int64),
                mcc=rows.transactions.mcc[at].astype(np.int64),
                country=rows.transactions.country[at],
                history_days=_history_days(rows)[at],
                groups=_groups(rows)[at],
            )
        )
    return facts


def _history_days(rows: TransactionRows) -> NDArray[np.int64]:
    if rows.history_days is None:
        return np.full(len(rows), -1, np.int64)
    return rows.history_days.astype(np.int64)


def _groups(rows: TransactionRows) -> NDArray[np.object_]:
    return np.full(len(rows), None, object) if rows.groups is None else objects(rows.groups)


def returned_of(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Return what reversals and refunds gave back of these payments, reporting minor units."""
    found = bulk.by_ids(connection, _RETURNED, ids)
    return {original: int(minor) for original, minor in found if minor is not None}


def returns_in(rows: TransactionRows) -> dict[str, int]:
    """Return what a batch itself gives back of which payments."""
    t = rows.transactions
    some = np.isin(t.type, _RETURNS) & (t.original_transaction_id != None)  # noqa: E711
    back: dict[str, int] = {}
    for row in np.flatnonzero(some).tolist():
        original = t.original_transaction_id[row]
        back[original] = back.get(original, 0) + max(int(t.reporting_minor[row]), 0)
    return back


def moved(connection: Connection, changed: Changed) -> tuple[Facts, Facts]:
    """Return facts of the payments concerned: as they were counted, and as they are now."""
    ids = changed.ids
    now, names = facts_where(connection, bulk.among(connection, transactions.c.transaction_id, ids))
    was = {name: getattr(now, name).copy() for name in ("legacy", "ruleset", "truth", "returned")}
    for row, one in enumerate(names):
        if one in changed.untold:
            was["legacy"][row], was["ruleset"][row] = -1, ruleset_of(False, None)
        was["truth"][row] = changed.truth.get(one, was["truth"][row])
        was["returned"][row] = min(changed.returned.get(one, was["returned"][row]), now.amount[row])
    return replace(now, **was), now


def facts_where(connection: Connection, condition: ColumnElement[bool]) -> tuple[Facts, list[str]]:
    """Return the facts of the scored rows that meet a condition, and their transaction ids."""
    t, s, g = transactions.c, scores.c, legacy_decisions.c
    first = (g.transaction_id == t.transaction_id) & (g.revision == 0)
    found = bulk.fetch(
        connection,
        select(
            t.transaction_id, t.occurred_ms, t.reporting_minor, t.outcome, t.channel, t.mcc,
            t.country, t.history_days, t.declared_groups, s.bundle_id, s.role, s.risk, s.flagged,
            g.decision, g.ruleset_version,
        )
        .select_from(
            transactions.join(scores, same_place(scores, transactions)).outerjoin(
                legacy_decisions, first
            )
        )
        .where(condition),
    )  # fmt: skip
    columns: list[Any] = list(zip(*found, strict=True)) or [()] * 15
    ids = list(columns[0])
    distinct = sorted(set(ids))
    truths, returned = truths_of(connection, distinct), returned_of(connection, distinct)
    minor = array_of(columns[2], np.int64, -1)
    amount = np.maximum(minor, 0)
    back = np.array([returned.get(one, 0) for one in ids], np.int64)
    facts = Facts(
        occurred_ms=array_of(columns[1], np.int64),
        bundle_id=objects(columns[9]),
        role=objects(columns[10]),
        ruleset=objects(
            [
                ruleset_of(decision is not None, version)
                for decision, version in zip(columns[13], columns[14], strict=True)
            ]
        ),
        risk=array_of(columns[11], np.int64, -1),
        flagged=array_of(columns[12], np.bool_),
        outcome=array_of(columns[3], np.int64, -1),
        legacy=array_of(columns[13], np.int64, -1),
        truth=np.array([truths.get(one, -1) for one in ids], np.int64),
        amount=amount,
        returned=np.minimum(back, amount),
        priced=minor >= 0,
        channel=array_of(columns[4], np.int64, -1),
        mcc=array_of(columns[5], np.int64, -1),
        country=objects(columns[6]),
        history_days=array_of(columns[7], np.int64, -1),
        groups=objects(columns[8]),
    )
    return facts, ids
