"""Customers as they were just before some payments, to ask what another payment would have been.

The kernel itself answers, so all that follows from a change follows as it would have: a lower
amount moves every ratio and sum, another hour every share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.history.columns import MERCHANT_AMOUNT_RATIO, MERCHANT_FRAUDS_1D, WIDTH
from models.history.histories import IDLE_DAYS
from models.history.kernel import walk
from models.history.payments import Payments, payments
from models.history.state import kept, new_state
from models.merchants import Merchants
from models.money import EXPONENTS
from models.slots import find, indexed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.transaction import Transactions

SEALED = slice(MERCHANT_FRAUDS_1D, MERCHANT_AMOUNT_RATIO + 1)
"""Columns that come from the merchant table, which is not rehearsed."""


class Rehearsal:
    """The histories of n payments' customers, each as of just before its payment."""

    def __init__(
        self, past: Transactions, of: NDArray[np.int64], count: int, reporting_currency: str
    ) -> None:
        """`past` are transactions of scored types in stream order; row i is of payment `of[i]`.

        A customer who made several of the payments has a history for each of them.
        """
        self._major = 10.0 ** -EXPONENTS[reporting_currency]
        self._nothing = Merchants()
        state = new_state(count + 1)
        index = indexed(state.key[:0], count + 1)
        view = payments(past)._replace(customer=(of + 1).astype(np.uint64))
        self._walk(state, index, view, np.zeros((0, WIDTH), np.float32))
        slots = [find(index, np.uint64(number + 1)) for number in range(count)]
        self._slot = np.array(slots, np.int64)
        self._state = state

    def features(self, asked: Payments, of: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return what the kernel makes of `asked` (m rows) in place of payments `of` (m,).

        Columns of the merchant table are those of a merchant nothing is known of.
        """
        out = np.zeros((len(of), WIDTH), np.float32)
        have = np.flatnonzero(self._slot[of] >= 0)
        state = kept(self._state, self._slot[of[have]])
        number = np.arange(1, len(of) + 1, dtype=np.uint64)
        state.key[: len(have)] = number[have]
        index = indexed(state.key[: len(have)], len(of) + 1)
        # A customer without a past gets a slot of their own; no customer at all stays none.
        known = np.where(asked.customer == 0, np.uint64(0), number)
        self._walk(state, index, asked._replace(customer=known), out)
        return out

    def _walk(self, state: object, index: object, rows: Payments, out: NDArray[np.float32]) -> None:
        late = np.zeros(len(rows.customer), bool)
        nothing = self._nothing
        walk(
            state, index, nothing.state, nothing.index, rows, self._major, IDLE_DAYS * 86400, out,
            late,
        )  # fmt: skip
