"""A ledger's database, clock and two kinds of transaction: what all its sides share."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from service.ledger import migrate
from service.ledger.connection import Connections

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection


def wall_clock_ms() -> int:
    """Return the time of the machine, UTC epoch milliseconds."""
    return time.time_ns() // 1_000_000


class Opened:
    """An open database. Safe to share between threads, not between forked processes."""

    def __init__(self, connections: Connections, clock: Callable[[], int]) -> None:
        self._connections = connections
        self._clock = clock
        self.where = connections.where

    @classmethod
    def open(cls, url: str, *, clock: Callable[[], int] = wall_clock_ms) -> Self:
        """Open a ledger, creating or upgrading its schema; `clock` returns epoch milliseconds.

        Raises LedgerRefused for a database it cannot use, LedgerUnavailable for one that does
        not answer.
        """
        connections = Connections(url)
        try:
            migrate.upgrade(connections)
        except BaseException:
            connections.close()
            raise
        return cls(connections, clock)

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    def begin(self) -> AbstractContextManager[Connection]:
        """Return a writing transaction: committed at the end of its block, unless it raises."""
        return self._connections.write()

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a transaction for a short read."""
        return self._connections.read()
