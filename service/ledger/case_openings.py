"""Cases a day at any threshold, as a sum.

Flags of a customer that follow each other within the case window are one case. So a payment of
risk r opens a case at exactly those thresholds that are at most r and above m, the highest risk
among the customer's payments in the window before it. Adding one at r and taking one away at m
therefore makes the number of cases at a threshold the sum of all openings from it upwards.

Only payments of at least CASE_FLOOR count: risk scores follow the logarithm of the share of
genuine payments above them, so that it leaves about one in fifty, and nobody reviews more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from service.ledger import bulk
from service.ledger.cells import summed
from service.ledger.facts import CASE_CUT, DAY_MS, NOT_TOLD, Key, Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

CASE_FLOOR = 200
_SAME = "{0}.stream = {1}.stream AND {0}.partition = {1}.partition AND {0}.sequence = {1}.sequence"
_OPENINGS = f"""
SELECT s.bundle_id, s.role, t.occurred_ms, s.risk, (
    SELECT max(rated.risk) FROM transactions AS earlier
    JOIN scores AS rated ON {_SAME.format("rated", "earlier")}
    WHERE earlier.customer_id = t.customer_id
    AND earlier.occurred_ms > t.occurred_ms - ? AND earlier.occurred_ms <= t.occurred_ms + ?
    AND earlier.stream = t.stream AND earlier.partition = t.partition
    AND earlier.sequence < t.sequence AND rated.bundle_id = s.bundle_id
    AND rated.risk >= {CASE_FLOOR})
FROM scores AS s JOIN transactions AS t ON {_SAME.format("t", "s")}
WHERE s.risk >= {CASE_FLOOR} AND {{condition}}
"""


def openings(
    connection: Connection, condition: str, given: Sequence[Any], window_ms: int
) -> list[tuple[Key, Part]]:
    """Return the openings of the scored payments that meet a condition, as parts of sums.

    "Before" is in the order in which a partition accepted payments; a late one looks back
    from its own time. `condition` is SQL over `t` (transactions) and `s` (scores) with its
    parameters.
    """
    found = bulk.rows(
        connection, _OPENINGS.format(condition=condition), (window_ms, window_ms, *given)
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
