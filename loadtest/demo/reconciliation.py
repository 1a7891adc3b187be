"""What the bank handed over against what the ledger holds: waiting, lost, doubled."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadtest.demo.live_path import Sent
    from loadtest.ledger_view import LedgerView


class Reconciliation:
    """Live transactions by id. The topic has one partition, so their order is kept.

    A transaction is lost once a later one is in the ledger and it is not; doubled if the ledger
    has it, or the champion's score of it, more than once.
    """

    def __init__(self, ledger: LedgerView, stream: str) -> None:
        self._ledger = ledger
        self._stream = stream
        self._next = ledger.end(stream)
        self._sent_ms: dict[str, int] = {}
        self._order: list[str] = []
        self._recorded: set[str] = set()
        self._seen_through = 0
        self.doubled = 0

    def add(self, sent: Sent) -> None:
        """Take in what the bank handed over."""
        for name, at_ms in zip(sent.transaction_id, sent.at_ms.tolist(), strict=True):
            self._sent_ms[name] = at_ms
            self._order.append(name)

    def look(self) -> None:
        """Read what came into the ledger since the last look."""
        for sequence, name, scores in self._ledger.recorded(self._stream, self._next):
            self._next = sequence + 1
            self.doubled += (name in self._recorded) + max(scores - 1, 0)
            self._recorded.add(name)
        while (
            self._seen_through < len(self._order)
            and self._order[self._seen_through] in self._recorded
        ):
            self._seen_through += 1

    @property
    def sent(self) -> int:
        """How many the bank handed over."""
        return len(self._order)

    @property
    def recorded(self) -> int:
        """How many of them are in the ledger."""
        return sum(name in self._recorded for name in self._order[self._seen_through :]) + (
            self._seen_through
        )

    @property
    def lost(self) -> int:
        """How many are not in the ledger although a later one is."""
        open_ = [name in self._recorded for name in self._order[self._seen_through :]]
        last = max((place for place, there in enumerate(open_) if there), default=-1)
        return open_[: last + 1].count(False)

    @property
    def unknown(self) -> int:
        """How many are in the ledger that the bank has not told of (yet)."""
        return len(self._recorded) - self.recorded

    def waiting(self, now_ms: int, patience_ms: int) -> int:
        """Return how many were handed over more than `patience_ms` ago and are not recorded."""
        return sum(
            now_ms - self._sent_ms[name] > patience_ms and name not in self._recorded
            for name in self._order[self._seen_through :]
        )

    def between(self, since_ms: int, until_ms: int) -> tuple[int, int]:
        """Return how many were handed over in a span of time, and how many of them are recorded."""
        names = [n for n, at_ms in self._sent_ms.items() if since_ms <= at_ms <= until_ms]
        return len(names), sum(name in self._recorded for name in names)
