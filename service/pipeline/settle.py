"""Exactly once: which records of a batch are new, which repeat, which contradict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.content import content_keys
from models.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from models.transaction import Transactions


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """`new` rows are accepted; `duplicates` repeat an accepted one; the others conflict."""

    new: NDArray[np.bool_]
    content_key: NDArray[np.uint64]
    duplicates: int
    conflicts: list[Rejection]


def settle(rows: Transactions, record: NDArray[np.int64], known: Mapping[str, int]) -> Settled:
    """Compare rows with each other and with what the ledger knows.

    `known` maps ids to signed content keys. The first of several equal ids is the accepted one.
    """
    content = content_keys(rows)
    ids = rows.transaction_id.tolist()
    new = np.ones(len(rows), bool)
    if not known and len(set(ids)) == len(ids):
        return Settled(new, content, 0, [])
    accepted = dict(known)
    duplicates = 0
    conflicts = []
    for row, (transaction_id, key) in enumerate(
        zip(ids, content.view(np.int64).tolist(), strict=True)
    ):
        if transaction_id not in accepted:
            accepted[transaction_id] = key
            continue
        new[row] = False
        if accepted[transaction_id] == key:
            duplicates += 1
        else:
            conflicts.append(
                Rejection(
                    int(record[row]),
                    Reason.CONFLICT,
                    f"transaction {transaction_id!r} was accepted before with other content",
                )
            )
    return Settled(new, content, duplicates, conflicts)
