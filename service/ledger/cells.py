"""The cells of a rollup: what is counted together, and how it is packed, added and unpacked.

A cell is a combination of risk score, flag, outcome, legacy decision and truth. It holds how
many payments, their amount, and how much of that was returned by reversals and refunds. Only
cells that hold something are kept, so that a day of a partition is a few thousand of them.

A blob of cells is replaced whole by each commit. That is cheaper than an upsert a cell: one
write of some 50 kB instead of a thousand of some 50 bytes, and ten million decisions are read
back as arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RISKS, FLAGS, OUTCOMES, LEGACIES, TRUTHS = 1001, 2, 2, 5, 3
PER_RISK = FLAGS * OUTCOMES * LEGACIES * TRUTHS

CELL = np.dtype([("code", "<u4"), ("count", "<i4"), ("amount", "<i8"), ("returned", "<i8")])
"""One cell as stored: 24 bytes. A count may be negative: what a lane moved from another's sum."""


def codes(
    risk: NDArray[np.int64],
    flagged: NDArray[np.bool_],
    declined: NDArray[np.bool_],
    legacy: NDArray[np.int64],
    truth: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return the code of each row's cell.

    `risk` is -1 to 999, `legacy` -1 to 3 (LEGACY_DECISIONS), `truth` -1, 0 or 1 (1 is fraud).
    """
    code = (risk.astype(np.int64) + 1) * FLAGS + flagged
    code = code * OUTCOMES + declined
    return (code * LEGACIES + (legacy + 1)) * TRUTHS + (truth + 1)


def summed(
    code: NDArray[np.int64],
    count: NDArray[np.int64],
    amount: NDArray[np.int64],
    returned: NDArray[np.int64],
) -> NDArray[np.void]:
    """Return rows added up by code, ascending, without cells that hold nothing."""
    if not len(code):
        return np.empty(0, CELL)
    order = np.argsort(code, kind="stable")
    code = code[order]
    starts = np.flatnonzero(np.append(True, code[1:] != code[:-1]))
    cells = np.empty(len(starts), CELL)
    cells["code"] = code[starts]
    cells["count"] = np.add.reduceat(count[order], starts)
    cells["amount"] = np.add.reduceat(amount[order], starts)
    cells["returned"] = np.add.reduceat(returned[order], starts)
    holding = (cells["count"] != 0) | (cells["amount"] != 0) | (cells["returned"] != 0)
    kept: NDArray[np.void] = cells[holding]
    return kept


def added(parts: Sequence[NDArray[np.void]]) -> NDArray[np.void]:
    """Return the sum of several arrays of cells."""
    every = np.concatenate([np.empty(0, CELL), *parts])
    return summed(
        every["code"].astype(np.int64),
        every["count"].astype(np.int64),
        every["amount"],
        every["returned"],
    )


def packed(cells: NDArray[np.void]) -> bytes:
    """Return cells as stored."""
    return cells.tobytes()


def unpacked(blob: bytes) -> NDArray[np.void]:
    """Return the cells of a blob; nothing is copied."""
    return np.frombuffer(blob, CELL)
