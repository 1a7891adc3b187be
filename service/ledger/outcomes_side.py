"""What delivery asks of the ledger: labels, hand-offs and posts that are due."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.ledger import external, outcomes
from service.ledger.case_about import dispositions_of
from service.ledger.case_tables import dispositions
from service.ledger.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.ledger.audit import By
    from service.ledger.case_about import Disposition
    from service.ledger.external import Outcome, Taken
    from service.ledger.outcomes import Delivery


class OutcomesSide(Opened):
    """Dispositions and deliveries on their way out, and outcomes that other tools send in."""

    def due_dispositions(self, limit: int) -> list[Disposition]:
        """Return dispositions that count by now and are not sent yet."""
        with self.reading() as connection:
            return outcomes.due_dispositions(connection, self._clock(), limit)

    def mark_sent(self, ids: Sequence[str], handoffs: Sequence[tuple[str, str]]) -> None:
        """Note dispositions as sent, and queue hand-offs: (channel, disposition id)."""
        with self.begin() as connection:
            outcomes.mark_sent(connection, ids, handoffs, self._clock())

    def disposition(self, disposition_id: str) -> Disposition | None:
        """Return a disposition, None if there is none of this id."""
        with self.reading() as connection:
            found = dispositions_of(connection, dispositions.c.disposition_id == disposition_id)
        return found[0] if found else None

    def queue_alerts(self, limit: int) -> int:
        """Queue alerts filed since the last call for the webhook; return how many."""
        with self.begin() as connection:
            return outcomes.queue_alerts(connection, self._clock(), limit)

    def due_deliveries(self, limit: int) -> list[Delivery]:
        """Return what is to be delivered by now."""
        with self.reading() as connection:
            return outcomes.due_deliveries(connection, self._clock(), limit)

    def note_delivery(self, one: Delivery, *, state: str, due_ms: int, error: str | None) -> None:
        """Note what became of an attempt."""
        with self.begin() as connection:
            outcomes.note_delivery(
                connection, one, state=state, now_ms=self._clock(), due_ms=due_ms, error=error
            )

    def delivery_counts(self) -> Mapping[tuple[str, str], int]:
        """Return how many deliveries there are by (channel, state)."""
        with self.reading() as connection:
            return outcomes.delivery_counts(connection)

    def retry_deliveries(self) -> int:
        """Try again what was given up; return how many."""
        with self.begin() as connection:
            return outcomes.retry(connection, self._clock())

    def waiting_labels(self) -> int:
        """Return how many dispositions count by now and have not reached the label topic."""
        with self.reading() as connection:
            return outcomes.waiting_labels(connection, self._clock())

    def take_outcomes(self, given: Sequence[Outcome], by: By, window_ms: int) -> list[Taken]:
        """Take in what other tools decided, all or nothing. Raises CaseUnknown."""
        with self.begin() as connection:
            return external.take(connection, given, by, self._clock(), window_ms)
