"""What is asked of the ledger about champions, evidence and signatures.

Acts that must read and write under one lock are in service/promotion/acts.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.ledger import audit, promotion
from service.ledger.opened import Opened

if TYPE_CHECKING:
    from service.ledger.audit import By
    from service.ledger.promotion import PackFacts, Promotion, Signature, SignerEvent


class PromotionSide(Opened):
    """Who is champion, and why."""

    def newest_promotion(self) -> Promotion | None:
        """Return the newest change of champion, None while the first champion leads."""
        with self.reading() as connection:
            return promotion.newest(connection)

    def promotions(self, number: int = 0, limit: int | None = None) -> list[Promotion]:
        """Return changes of champion from this number on, in order."""
        with self.reading() as connection:
            return promotion.promotions_from(connection, number, limit)

    def packs(self, bundle_id: str | None = None) -> list[PackFacts]:
        """Return the evidence packs of a bundle, or all, in the order they were built."""
        with self.reading() as connection:
            return promotion.packs(connection, bundle_id)

    def record_pack(self, by: By, **facts: Any) -> PackFacts:
        """Record that a pack was built: all fields of PackFacts but `number` and `built_ms`."""
        with self.begin() as connection:
            promotion.alone(connection)
            now_ms = self._clock()
            found = promotion.add_pack(connection, facts, now_ms)
            said = f"pack {found.pack_sha256} about {found.bundle_id}: {found.verdict}"
            audit.note(connection, by, "build evidence", now_ms, detail=said)
            return found

    def signatures(self, pack_sha256: str) -> list[Signature]:
        """Return the signatures of a pack, in order."""
        with self.reading() as connection:
            return promotion.signatures_of(connection, pack_sha256)

    def signer_events(self) -> list[SignerEvent]:
        """Return everything that happened to signers, in order."""
        with self.reading() as connection:
            return promotion.signer_events(connection)
