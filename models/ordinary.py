"""Whether a defrauded payment was ordinary: one that its customer might have made.

A fraud tells of its merchant only where it does not tell of its customer. Far above what the
customer pays, or soon after such a payment, a card was stolen and any merchant would have
done; an ordinary payment points to the merchant. All numbers are integers, so that a query in
the ledger and the offline replay come to the same answer.
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

OLDEST_MS, RECENT_MS = 44 * 86_400_000, 14 * 86_400_000
"""The customer's usual payments are those of a month that ended a fortnight before: payments of
the fortnight itself may be the same thief's."""


def ordinary(
    amount: NDArray[np.int64],
    payments: NDArray[np.int64],
    spent: NDArray[np.int64],
    highest: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Return which payments (n,) are ordinary, from amounts in minor units, negative if unknown.

    `payments` and `spent` are how many the customer had made from `OLDEST_MS` to `RECENT_MS`
    before, and their sum; `highest` is the highest amount since. Out of character is more than
    twice their mean, and anything within a fortnight of a payment of more than 3 times it: a
    stolen card is not used once. Without such a past nothing speaks against a payment.
    """
    plain: NDArray[np.bool_] = (payments == 0) | (
        (amount * payments <= 2 * spent) & (highest * payments <= 3 * spent)
    )
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
    payments, spent, highest = np.zeros((3, len(rows)), np.int64)
    occurred_ms = transactions.occurred_ms[mine]
    _past(customer[mine], occurred_ms, amount, place[rows], payments, spent, highest)
    return ordinary(transactions.reporting_minor[rows], payments, spent, highest)


@kernel
def _past(
    customer: NDArray[np.uint64],
    occurred_ms: NDArray[np.int64],
    amount: NDArray[np.int64],
    places: NDArray[np.int64],
    payments: NDArray[np.int64],
    spent: NDArray[np.int64],
    highest: NDArray[np.int64],
) -> None:
    """Look at what lies before each place; rows are grouped by customer.

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
        since, recent = occurred_ms[here] - OLDEST_MS, occurred_ms[here] - RECENT_MS
        at = here - 1
        while at >= 0 and customer[at] == customer[here] and newest[at] >= since:
            if amount[at] >= 0 and occurred_ms[at] > recent:
                highest[number] = max(highest[number], amount[at])
            elif amount[at] >= 0 and occurred_ms[at] >= since:
                payments[number] += 1
                spent[number] += amount[at]
            at -= 1
