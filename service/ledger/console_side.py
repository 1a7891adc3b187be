"""What the console asks of the ledger about cases and the people who work on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.ledger import audit, case_about, case_reads, case_work, filing
from service.ledger.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from service.ledger.audit import By, Entry
    from service.ledger.case_about import Disposition, Linked, Note, Truth
    from service.ledger.case_reads import Asked, Case, Totals

DAY_MS = 86_400_000


class ConsoleSide(Opened):
    """Cases: filed, read, worked on; and the log of who did what."""

    def file_alerts(self, window_ms: int, limit: int = 500) -> int:
        """Put explained alerts into cases; return how many there were."""
        with self.reading() as connection:
            # Asked often; to find nothing must not hold up the worker's commits.
            if not filing.any_unfiled(connection):
                return 0
        with self.begin() as connection:
            return filing.file_alerts(connection, window_ms, limit, self._clock())

    def cases(self, asked: Asked, viewer: str, *, offset: int = 0, limit: int = 50) -> list[Case]:
        """Return a page of the queue."""
        now_ms = self._clock()
        with self.reading() as connection:
            return case_reads.queue(connection, asked, viewer, now_ms, offset=offset, limit=limit)

    def case_ids(self, asked: Asked, viewer: str, *, limit: int = 1000) -> list[str]:
        """Return the ids of the queue's first cases."""
        with self.reading() as connection:
            return case_reads.queue_ids(connection, asked, viewer, self._clock(), limit)

    def case_count(self, asked: Asked, viewer: str) -> int:
        """Return how long the queue is."""
        with self.reading() as connection:
            return case_reads.queue_count(connection, asked, viewer, self._clock())

    def case_totals(self, viewer: str) -> Totals:
        """Return the tiles over the queue; today began at midnight UTC."""
        now_ms = self._clock()
        with self.reading() as connection:
            return case_reads.totals(connection, viewer, now_ms, now_ms - now_ms % DAY_MS)

    def case(self, case_id: str) -> Case | None:
        """Return a case, None if there is none of this id."""
        with self.reading() as connection:
            return case_reads.one_case(connection, case_id)

    def case_of_alert(self, alert_id: str) -> str | None:
        """Return the id of the case an alert is in."""
        with self.reading() as connection:
            return case_reads.case_id_of_alert(connection, alert_id)

    def alerts_of_case(self, case_id: str) -> list[str]:
        """Return the ids of a case's alerts, in the order they were filed."""
        with self.reading() as connection:
            return case_reads.alerts_of(connection, case_id)

    def linked_cases(self, case: Case) -> list[Linked]:
        """Return cases of the customer and those that share something with this one."""
        with self.reading() as connection:
            return case_about.linked(connection, case)

    def notes(self, case_id: str) -> list[Note]:
        """Return what was written about a case, oldest first."""
        with self.reading() as connection:
            return case_about.notes_of(connection, case_id)

    def dispositions_of_case(self, case_id: str) -> dict[str, Disposition]:
        """Return what was said last of each alert of a case."""
        with self.reading() as connection:
            return case_work.newest_by_alert(connection, case_id)

    def truths(self, transaction_ids: Sequence[str]) -> dict[str, Truth]:
        """Return what the newest labels say, by transaction id."""
        with self.reading() as connection:
            return case_about.truths_of(connection, transaction_ids)

    def decision(self, decision_id: str) -> list[Disposition]:
        """Return what a decision said of each alert it was about."""
        with self.reading() as connection:
            return case_work.of_decision(connection, decision_id)

    def claim(self, case_id: str, by: By, claim_ms: int) -> Case:
        """Claim a case, or prolong the claim. Raises CaseRefused, CaseUnknown."""
        with self.begin() as connection:
            return case_work.claim(connection, case_id, by, self._clock(), claim_ms)

    def work_on_case(self, step: Callable[..., None], case_id: str, by: By, **how: Any) -> None:
        """Do one thing of `case_work` to a case. Raises CaseRefused, CaseUnknown."""
        with self.begin() as connection:
            step(connection, case_id, by, now_ms=self._clock(), **how)

    def undo(self, decision_id: str, by: By, claim_ms: int) -> list[str]:
        """Take a decision back; return the cases it was of. Raises CaseRefused, CaseUnknown."""
        with self.begin() as connection:
            return case_work.undo(connection, decision_id, by, self._clock(), claim_ms)

    def note_action(self, by: By, action: str, **about: str | None) -> None:
        """Add an entry to the audit log."""
        with self.begin() as connection:
            audit.note(connection, by, action, self._clock(), **about)

    def audit_page(
        self, *, before_id: int | None = None, limit: int = 100, where: Mapping[str, str]
    ) -> list[Entry]:
        """Return entries of the audit log, newest first."""
        with self.reading() as connection:
            return audit.page(connection, before_id=before_id, limit=limit, where=where)

    def history_of_case(self, case_id: str, without: Sequence[str] = ()) -> list[Entry]:
        """Return what was done with a case, oldest first, without some actions."""
        with self.reading() as connection:
            return audit.of_case(connection, case_id, without)
