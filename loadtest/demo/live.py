"""The demo once it is live: payments come, Penumbra follows, and buttons break it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from loadtest.demo.board import PATIENCE_MS, Board
from loadtest.demo.disturbing import WORKER, Disturbing
from loadtest.demo.reconciliation import Reconciliation
from loadtest.demo.replaying import STREAM
from loadtest.feed import Feed

if TYPE_CHECKING:
    from threading import Event

    from loadtest.demo.bank import Bank
    from loadtest.demo.control import Control
    from loadtest.system import System

STEP_S = 0.25


def live(system: System, bank: Bank, control: Control, stop: Event, until_s: float) -> None:
    """Follow the live stream until told to stop, or until `until_s` (monotonic seconds)."""
    found = Reconciliation(system.ledger, STREAM)
    refused_before = system.ledger.counter(STREAM, "dead_letters")
    board = Board(clock_ms())
    garbage = Feed(system.address)
    garbage.meet(STREAM)
    disturbing = Disturbing(system, garbage, time.time)
    system.start(WORKER, "worker")
    bank.go_live()
    while not stop.wait(STEP_S) and time.monotonic() < until_s:
        system.check_alive()
        for sent in bank.sent():
            found.add(sent)
            board.add(sent)
        found.look()
        waiting = found.waiting(clock_ms(), PATIENCE_MS)
        refused = system.ledger.counter(STREAM, "dead_letters") - refused_before
        for kind in control.asked():
            disturbing.begin(kind, refused)
        disturbing.look(waiting, refused)
        board.look(clock_ms(), waiting)
        control.show(board.document(disturbing.past, found, refused, clock_ms()))
    garbage.close()


def clock_ms() -> int:
    """Return the time, UTC epoch milliseconds."""
    return time.time_ns() // 1_000_000
