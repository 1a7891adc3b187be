"""Erasing a customer: out of the ledger, and out of the snapshots of their partitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.errors import BadInput

if TYPE_CHECKING:
    from service.ledger import Ledger
    from service.ledger.erasing import Erasure
    from service.snapshots import Snapshots


def erase_customer(
    ledger: Ledger, snapshots: Snapshots, customer_id: str, *, reference: str | None = None
) -> Erasure:
    """Take a customer out of everything that is kept. Raises BadInput where nothing is.

    Snapshots without the customer are written first and take their place in the transaction
    that erases, so whenever this is interrupted a worker restores either all or nothing of
    them; what was replaced is removed last. Run again, it removes what an interrupted run left.
    """
    places = ledger.places_of(customer_id)
    instead = snapshots.without(customer_id, places)
    done = ledger.erase(customer_id, reference=reference, instead=instead)
    snapshots.sweep(places or [(one.stream, one.partition) for one in ledger.progress()])
    if done is None:
        raise BadInput(
            f"the ledger {ledger.where} has nothing of a customer {customer_id!r}; nothing is "
            "erased. See that the id is the one in your transactions"
        )
    return done
