"""What one thread leaves for another."""

from __future__ import annotations

from queue import Empty
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from queue import SimpleQueue

T = TypeVar("T")


def taken(queue: SimpleQueue[T]) -> list[T]:
    """Return everything a queue holds by now, in order; the queue is empty then."""
    found: list[T] = []
    while True:
        try:
            found.append(queue.get_nowait())
        except Empty:
            return found
