"""What the API, the console and operators ask of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from service.ledger import (
    alert_queue,
    days,
    newest,
    operations,
    outbox,
    progress,
    rollups,
    sample,
)
from service.ledger.facts import RISK_CUT
from service.ledger.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

    from service.ledger.alert_queue import AlertDetail, AlertPage, Status, Timeline
    from service.ledger.newest import Seen
    from service.ledger.operations import Pace
    from service.ledger.outbox import DeadLetter
    from service.ledger.progress import Coverage, PartitionState
    from service.ledger.rollups import Sums


class ReaderSide(Opened):
    """Short reads for people."""

    def coverage(self) -> Coverage:
        """Return what became of everything consumed."""
        with self.reading() as connection:
            return progress.coverage(connection)

    def sums(
        self,
        cut: str,
        *,
        first_day: int,
        last_day: int,
        bundle_id: str | None = None,
        role: str | None = None,
    ) -> Sums:
        """Return sums of days, both included; see `facts` for the cuts."""
        with self.reading() as connection:
            return rollups.read(
                connection,
                cut,
                first_day=first_day,
                last_day=last_day,
                bundle_id=bundle_id,
                role=role,
            )

    def window(
        self, first_day: int, last_day: int, *, without: Sequence[str]
    ) -> tuple[Sums, dict[tuple[int, str], int]]:
        """Return the champions' sums by risk, and what became of what was consumed, by day.

        Both of one moment, so that they add up while payments come in. `without` names streams.
        """
        with self.reading() as connection:
            return (
                rollups.read(
                    connection,
                    RISK_CUT,
                    first_day=first_day,
                    last_day=last_day,
                    role="champion",
                ),
                days.by_day(connection, first_day, last_day, without),
            )

    def first_and_last_day(self) -> tuple[int, int] | None:
        """Return the days, since the epoch, of the oldest and newest sums; None without any."""
        with self.reading() as connection:
            return rollups.span(connection)

    def review_sample(
        self, *, cursor: tuple[str, int, int] | None = None, limit: int = 50
    ) -> Sequence[Row[Any]]:
        """Return drawn payments without a label after a place; see `sample.unlabelled`."""
        with self.reading() as connection:
            return sample.unlabelled(connection, cursor, limit)

    def newest(self, limit: int = 12) -> list[Seen]:
        """Return the payments that came in last, with what both sides said of them."""
        with self.reading() as connection:
            return newest.newest(connection, limit)

    def alerts(
        self,
        *,
        cursor: tuple[int, str] | None = None,
        limit: int = 50,
        min_risk: int = 0,
        status: Status | None = None,
    ) -> AlertPage:
        """Return explained alerts, newest first; `cursor` is that of the page before."""
        with self.reading() as connection:
            return alert_queue.page(
                connection, cursor=cursor, limit=limit, min_risk=min_risk, status=status
            )

    def alert(self, alert_id: str) -> AlertDetail | None:
        """Return one explained alert with its transaction, None if there is none."""
        with self.reading() as connection:
            return alert_queue.one(connection, alert_id)

    def timeline(
        self, customer_id: str, *, before_ms: int | None = None, limit: int = 100
    ) -> Timeline:
        """Return the newest transactions of a customer, before `before_ms` if given."""
        with self.reading() as connection:
            return alert_queue.timeline(connection, customer_id, before_ms=before_ms, limit=limit)

    def dead_letters(self, *, after_id: int = 0, limit: int = 100) -> list[DeadLetter]:
        """Return dead letters with greater ids than `after_id`, in order."""
        with self.reading() as connection:
            return outbox.all_dead_letters(connection, after_id, limit)

    def dead_letter_reasons(self) -> list[tuple[str, str, int]]:
        """Return (stream, reason, how many) of the dead letters not sent in again."""
        with self.reading() as connection:
            return operations.dead_letter_reasons(connection)

    def dead_letter_page(
        self, *, before_id: int | None = None, limit: int = 50, reason: str | None = None
    ) -> list[DeadLetter]:
        """Return dead letters, newest first."""
        with self.reading() as connection:
            return operations.dead_letter_page(
                connection, before_id=before_id, limit=limit, reason=reason
            )

    def dead_letters_by_id(self, ids: Sequence[int]) -> list[DeadLetter]:
        """Return these dead letters, in order."""
        with self.reading() as connection:
            return operations.dead_letters_by_id(connection, ids)

    def paces(self, states: Sequence[PartitionState]) -> list[Pace]:
        """Return how the newest rows of each partition were scored."""
        with self.reading() as connection:
            return [operations.pace(connection, state, self._clock()) for state in states]

    def explaining_ms(self) -> tuple[int, ...] | None:
        """Return percentiles (50, 95, 99) of the time from a flag to its explanation."""
        with self.reading() as connection:
            return operations.explaining_ms(connection)

    def mark_redriven(self, ids: Sequence[int]) -> None:
        """Note that dead letters were sent in again."""
        with self.begin() as connection:
            outbox.mark_redriven(connection, ids, self._clock())
