"""Three ways to break Penumbra while payments go on, and when each is over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtest.feed import Feed
    from loadtest.system import System

HANG_S = 8.0
PATIENCE_MS = 1_000
"""A payment waits for Penumbra if its score takes longer than this."""
SETTLE_MS = 2_500
"""A disturbance shows in what waits only after a moment."""
GARBAGE = 300
WORKER = "worker"
_PAYMENT = (
    b'{"transaction_id":"garbage","occurred_at":"2026-03-01T10:00:00+01:00","customer_id":"c",'
    b'"merchant_id":"m","amount_minor":100,"currency":"EUR"}'
)


class Kind(StrEnum):
    """What is done to Penumbra."""

    KILL = "kill"
    GARBAGE = "garbage"
    HANG = "hang"


@dataclass(slots=True)
class Disturbance:
    """One of them: when it began, and up to when everything was caught up again (epoch ms)."""

    kind: Kind
    begun_ms: int
    over_ms: int | None = None


class Disturbing:
    """Does one thing at a time to a system. Called from one thread. `clock`: epoch seconds."""

    def __init__(self, system: System, feed: Feed, clock: Callable[[], float]) -> None:
        self._system = system
        self._feed = feed
        self._clock = clock
        self._resume_at: float | None = None
        self._refused_before = 0
        self.past: list[Disturbance] = []

    @property
    def _now_ms(self) -> int:
        return round(self._clock() * 1000)

    @property
    def running(self) -> Disturbance | None:
        """What is not over yet."""
        return self.past[-1] if self.past and self.past[-1].over_ms is None else None

    def begin(self, kind: Kind, refused: int) -> None:
        """Do it; `refused` counts the dead letters so far. Nothing while another is not over."""
        if self.running is not None:
            return
        self.past.append(Disturbance(kind, self._now_ms))
        self._refused_before = refused
        if kind is Kind.KILL:
            self._system.kill(WORKER)
            self._system.start(WORKER, "worker")
        elif kind is Kind.HANG:
            self._system.pause(WORKER)
            self._resume_at = self._clock() + HANG_S
        else:
            for key, value in garbage(np.random.default_rng(self._now_ms), GARBAGE):
                self._feed.send_raw("transactions", key, value)
            self._feed.flush()

    def look(self, waiting: int, refused: int) -> None:
        """Go on with what was begun; it is over once nothing waits for Penumbra any more."""
        running = self.running
        if self._resume_at is not None and self._clock() >= self._resume_at:
            self._system.resume(WORKER)
            self._resume_at = None
        if running is None or self._resume_at is not None:
            return
        unread = running.kind is Kind.GARBAGE and refused - self._refused_before < GARBAGE
        acted = self._now_ms - running.begun_ms > SETTLE_MS
        if acted and not waiting and not unread:
            # What is not waiting yet may still be under way.
            running.over_ms = self._now_ms - PATIENCE_MS


def garbage(rng: np.random.Generator, count: int) -> list[tuple[bytes | None, bytes | None]]:
    """Return keys and values of records that are no payments, each bad in one of six ways."""
    made: list[tuple[bytes | None, bytes | None]] = []
    for number in range(count):
        cut = int(rng.integers(1, len(_PAYMENT) - 1))
        ways = (
            (b"c", _PAYMENT[:cut]),  # cut off
            (b"c", rng.bytes(200)),  # noise
            (b"c", None),  # empty
            (b"c", _PAYMENT.replace(b":100,", b':"much",')),  # a word for an amount
            (b"c", _PAYMENT.replace(b'"EUR"', b'"XXZ"')),  # a currency there is not
            (rng.bytes(8).hex().encode(), _PAYMENT),  # the key of another customer
        )
        made.append(ways[number % len(ways)])
    return made
