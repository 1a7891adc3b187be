"""When most of what comes in cannot be read, the input is wrong, not a record: stop."""

from __future__ import annotations

from collections import deque

from models.errors import PenumbraError


class TooManyDeadLetters(PenumbraError):
    """The share of refused records is over the limit."""

    def __init__(self, stream: str, share: float, window: int) -> None:
        super().__init__(
            f"{share:.0%} of the last {window} records of {stream} were refused; see "
            "`penumbra dead-letters`, mend the producer or the mapping, or raise "
            "PENUMBRA_DEAD_LETTER_LIMIT"
        )


class PoisonGauge:
    """The share of dead letters over the latest `window` records, all streams together."""

    def __init__(self, limit: float, window: int) -> None:
        self._limit = limit
        self._window = window
        self._batches: deque[tuple[int, int]] = deque()
        self._records = 0
        self._bad = 0

    def add(self, records: int, bad: int, stream: str) -> None:
        """Count a batch. Raises TooManyDeadLetters once a full window is over the limit."""
        if not records:
            return
        self._batches.append((records, bad))
        self._records += records
        self._bad += bad
        while self._records - self._batches[0][0] >= self._window:
            old_records, old_bad = self._batches.popleft()
            self._records -= old_records
            self._bad -= old_bad
        share = self._bad / self._records
        if self._records >= self._window and share > self._limit:
            raise TooManyDeadLetters(stream, share, self._records)
