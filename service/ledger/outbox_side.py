"""What publishers and explainers ask of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.ledger import alerts, outbox, pasts
from service.ledger.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from models.whatif.search import Past
    from service.ledger.alerts import ExplainedAlerts, ExplanationRows, PendingAlerts
    from service.ledger.decisions import Decisions
    from service.ledger.outbox import DeadLetter


class OutboxSide(Opened):
    """Publish decisions, dead letters and alerts; explain pending alerts."""

    def published(self, stream: str, partition: int) -> dict[str, int]:
        """Return by topic the first sequence (or dead letter id) not marked as published."""
        with self.reading() as connection:
            return outbox.marks(connection, stream, partition)

    def mark_published(self, stream: str, partition: int, topic: str, through: int) -> None:
        """Note that everything before `through` is published; a mark never goes back."""
        with self.begin() as connection:
            outbox.mark(connection, stream, partition, topic, through)

    def unpublished_decisions(
        self, stream: str, partition: int, through: int, limit: int
    ) -> Decisions:
        """Return the champion's decisions from sequence `through` on, in order."""
        with self.reading() as connection:
            return outbox.unpublished_decisions(connection, stream, partition, through, limit)

    def unpublished_dead_letters(
        self, stream: str, partition: int, through: int, limit: int
    ) -> list[DeadLetter]:
        """Return a partition's dead letters from id `through` on, in order."""
        with self.reading() as connection:
            return outbox.unpublished_dead_letters(connection, stream, partition, through, limit)

    def lease_alerts(
        self, owner: str, now_ms: int, lease_ms: int, limit: int, *, bundles: Sequence[str]
    ) -> PendingAlerts:
        """Lease pending alerts, highest risk first; each goes to one explainer at a time.

        Those of `bundles` only: an explainer without the bundle must not hold them.
        One not explained when its lease ends, at `now_ms + lease_ms`, is leased again.
        """
        with self.reading() as connection:
            # Explainers ask often; to find nothing must not hold up the worker's commits.
            if not alerts.any_free(connection, now_ms, bundles):
                return alerts.NOTHING_PENDING
        with self.begin() as connection:
            return alerts.lease(connection, owner, now_ms, lease_ms, limit, bundles)

    def alert_inputs(
        self, alert_ids: Sequence[str], *, pending_only: bool = False
    ) -> PendingAlerts:
        """Return what these alerts are explained from; those not yet explained, if asked."""
        with self.reading() as connection:
            return alerts.inputs(connection, alert_ids, pending_only=pending_only)

    def pasts(self, of: Decisions) -> Past:
        """Return what the customers of these payments did before each of them."""
        with self.reading() as connection:
            return pasts.before(connection, of)

    def save_explanations(self, rows: ExplanationRows) -> int:
        """Make alerts visible; the first explanation of each stays. Return how many were new."""
        with self.begin() as connection:
            return alerts.save(connection, rows)

    def unpublished_alerts(self, limit: int) -> ExplainedAlerts:
        """Return explained alerts not marked as published, oldest first."""
        with self.reading() as connection:
            return alerts.unpublished(connection, limit)

    def mark_alerts_published(self, alert_ids: Sequence[str]) -> None:
        """Note that alerts were published."""
        with self.begin() as connection:
            alerts.mark_published(connection, alert_ids)
