"""Cases a day at any threshold, as a sum.

Flags of a customer that follow each other within the case window are one case. So a payment of
risk r opens a case at exactly those thresholds that are at most r and above m, the highest risk
among the customer's payments in the window before it. Adding one at r and taking one away at m
therefore makes the number of cases at a threshold the sum of all openings from it upwards.

Only payments of at least CASE_FLOOR count: risk scores follow the logarithm of the share of
genuine payments above them, so that it leaves about one in fifty, and nobody reviews more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import and_, func, select

from service.ledger import bulk
from service.ledger.cells import summed
from service.ledger.decisions import same_place
from service.ledger.facts import CASE_CUT, DAY_MS, NOT_TOLD, Key, Part
from service.ledger.tables import scores, transactions

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

CASE_FLOOR = 200


def openings(
    connection: Connection, condition: ColumnElement[bool], window_ms: int
) -> list[tuple[Key, Part]]:
    """Return the openings of the scored payments that meet a condition, as parts of sums.

    "Before" is in the order in which a partition accepted payments; a late one looks back
    from its own time. `condition` is over `transactions` and `scores`.
    """
    before, rated = transactions.alias("before"), scores.alias("rated")
    highest = (
        select(func.max(rated.c.risk))
        .select_from(before.join(rated, same_place(before, rated)))
        .where(
            before.c.customer_id == transactions.c.customer_id,
            before.c.occurred_ms > transactions.c.occurred_ms - window_ms,
            before.c.occurred_ms <= transactions.c.occurred_ms + window_ms,
            before.c.stream == transactions.c.stream,
            before.c.partition == transactions.c.partition,
            before.c.sequence < transactions.c.sequence,
            rated.c.bundle_id == scores.c.bundle_id,
            rated.c.risk >= CASE_FLOOR,
        )
        .correlate(transactions, scores)
        .scalar_subquery()
    )
    found = bulk.fetch(
        connection,
        select(
            scores.c.bundle_id, scores.c.role, transactions.c.occurred_ms, scores.c.risk, highest
        )
        .select_from(transactions.join(scores, same_place(scores, transactions)))
        .where(and_(scores.c.risk >= CASE_FLOOR, condition)),
    )
    by_key: dict[Key, list[tuple[int, int, int]]] = {}
    for bundle_id, role, occurred_ms, risk, earlier in found:
        key = Key(CASE_CUT, bundle_id, role, occurred_ms // DAY_MS, NOT_TOLD)
        rows = by_key.setdefault(key, [])
        if earlier is None:
            rows.append((risk, 1, occurred_ms))
        elif earlier < risk:
            rows += [(risk, 1, occurred_ms), (earlier, -1, occurred_ms)]
    return [(key, _part(rows)) for key, rows in by_key.items() if rows]


def _part(rows: list[tuple[int, int, int]]) -> Part:
    columns = np.array(rows, np.int64)
    nothing = np.zeros(len(rows), np.int64)
    cells = summed(columns[:, 0], columns[:, 1], nothing, nothing)
    return Part(int(columns[:, 2].min()), int(columns[:, 2].max()), (), cells)
