"""Answers that are dear to make, kept for a while: whoever turns a page asks for them again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

DEAR_S = 0.5
"""Processor time from which an answer is kept, seconds."""
TIMES = 20
"""It is kept for so many times as long: making it takes a twentieth of a core at most."""
MOST = 16


@dataclass(frozen=True, slots=True)
class Made:
    """An answer, the moment it is of (seconds since 1970), and until when it is kept."""

    answer: Any
    at_s: float
    until_s: float


class Kept:
    """The newest answers by what was asked. One is made at a time: two would take twice as long."""

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        spent: Callable[[], float] = time.thread_time,
    ) -> None:
        self._clock, self._spent = clock, spent
        self._made: dict[Hashable, Made] = {}
        self._making = Lock()

    def has(self, asked: Hashable) -> bool:
        """Tell whether the answer to what is asked is there and needs no making."""
        return self._fresh(asked) is not None

    def of(self, asked: Hashable, make: Callable[[], Any]) -> Made:
        """Return the answer to what is asked, made anew where none is kept."""
        with self._making:
            if (found := self._fresh(asked)) is not None:
                return found
            at_s, begun = self._clock(), self._spent()
            answer = make()
            took_s = self._spent() - begun
            made = Made(answer, at_s, self._clock() + TIMES * took_s)
            self._made.pop(asked, None)
            if took_s >= DEAR_S:
                self._made[asked] = made
            while len(self._made) > MOST:
                del self._made[next(iter(self._made))]
            return made

    def _fresh(self, asked: Hashable) -> Made | None:
        found = self._made.get(asked)
        return found if found is not None and self._clock() < found.until_s else None
