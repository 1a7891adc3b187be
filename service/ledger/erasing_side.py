"""What erasing a customer asks of the ledger."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

from service.ledger import erasing
from service.ledger.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from service.ledger.erasing import Erasure
    from service.ledger.snapshots import Snapshot


class ErasingSide(Opened):
    """Take out what names or describes a customer; tell when that was."""

    def places_of(self, customer_id: str) -> list[tuple[str, int]]:
        """Return the (stream, partition) pairs that hold rows of a customer."""
        with self.reading() as connection:
            return erasing.places(connection, customer_id)

    def erase(
        self, customer_id: str, *, reference: str | None, instead: Mapping[Snapshot, Snapshot]
    ) -> Erasure | None:
        """Erase a customer in one transaction; `instead` are snapshots without them.

        Return None where there is nothing of them.
        """
        with self.begin() as connection:
            return erasing.erase(
                connection,
                customer_id,
                token=token_hex(8),
                reference=reference,
                instead=instead,
                now_ms=self._clock(),
            )

    def erased_at(self, customer_id: str | None) -> int | None:
        """Return when the customer behind a stand-in was erased (epoch ms), None for others."""
        with self.reading() as connection:
            return erasing.erased_at(connection, customer_id)
