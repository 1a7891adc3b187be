"""Whether a defrauded payment was ordinary: of an amount that its customer used to pay.

A fraud tells of its merchant only where it does not tell of its customer. Far above what the
customer pays, a card was stolen and any merchant would have done; an ordinary amount points
to the merchant. All numbers are integers, so that a query in the ledger and the offline
replay come to the same answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.hashing import NOBODY, keys
from models.kernels import kernel
from models.transaction import AUTHORISATION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.transaction import Transactions

OLDEST_MS, NEWEST_MS = 44 * 86_400_000, 14 * 86_400_000
"""How long before it the customer's payments are looked at: a month of them, and none of the
latest two weeks, which may be the same thief's."""
TIMES, IN = 5, 2
"""Beyond five halves of the customer's mean payment an amount is not ordinary."""


def ordinary(
    amount: NDArray[np.int64], payments: NDArray[np.int64], spent: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which amounts (n,) are ordinary, in minor units; negative where unknown.

    `payments` and `spent` are how many the customer had made from `OLDEST_MS` to `NEWEST_MS`
    before, and their sum. Without a past, or without an amount, nothing speaks against it.
    """
    plain: NDArray[np.bool_] = (IN * amount * payments <= TIMES * spent) | (payments == 0)
    return plain


def ordinary_payments(transactions: Transactions, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of some payments (m,) are ordinary; transactions are in stream order."""
    customer = keys(transactions.customer_id)
    concerned = np.isin(customer, customer[rows]) & (customer != NOBODY)
    mine = np.flatnonzero(concerned)
    mine = mine[np.argsort(customer[mine], kind="stable")]
    place = np.full(len(transactions), -1, np.int64)
    place[mine] = np.arange(len(mine))
    amount = transactions.reporting_minor[mine]
    amount = np.where(transactions.type[mine] == AUTHORISATION, amount, -1)
    payments, spent = np.zeros(len(rows), np.int64), np.zeros(len(rows), np.int64)
    _past(customer[mine], transactions.occurred_ms[mine], amount, place[rows], payments, spent)
    return ordinary(transactions.reporting_minor[rows], payments, spent)


@kernel
def _past(
    customer: NDArray[np.uint64],
    occurred_ms: NDArray[np.int64],
    amount: NDArray[np.int64],
    places: NDArray[np.int64],
    payments: NDArray[np.int64],
    spent: NDArray[np.int64],
) -> None:
    """Count what lies long enough before each place; rows are grouped by customer.

    A late row may stand behind a later one: looking back ends where none earlier is young enough.
    """
    newest = occurred_ms.copy()
    for at in range(1, len(newest)):
        if customer[at] == customer[at - 1]:
            newest[at] = max(newest[at], newest[at - 1])
    for number in range(len(places)):
        here = places[number]
        if here < 0:
            continue
        since, until = occurred_ms[here] - OLDEST_MS, occurred_ms[here] - NEWEST_MS
        at = here - 1
        while at >= 0 and customer[at] == customer[here] and newest[at] >= since:
            if amount[at] >= 0 and since <= occurred_ms[at] <= until:
                payments[number] += 1
                spent[number] += amount[at]
            at -= 1
