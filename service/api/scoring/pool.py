"""Threads that score, so that the event loop only waits; and a limit to how many wait."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from service.api.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MOST_WAITING = 256
"""Requests beyond these are told at once to come again, in place of waiting for ever longer."""


class ScoringPool:
    """Runs scoring calls in threads of their own, apart from those that serve reads."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="penumbra-score")
        self._waiting = 0

    async def run(self, call: Callable[[], T]) -> T:
        """Return what `call` returns. Raises Problem (503) when too many wait.

        A client that goes away does not stop what it began: the records are answered when asked
        for again.
        """
        if self._waiting >= MOST_WAITING:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "busy",
                "Busy",
                f"{MOST_WAITING} scoring requests wait already; send this one again shortly, or "
                "send transactions in batches",
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let what has begun finish."""
        self._threads.shutdown(wait=True, cancel_futures=True)
