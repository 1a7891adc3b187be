"""The demo once it is live: payments come, Penumbra follows, and buttons break it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from loadtest.demo.board import Board
from loadtest.demo.disturbing import PATIENCE_MS, WORKER, Disturbing
from loadtest.demo.reconciliation import Reconciliation
from loadtest.demo.replaying import STREAM
from loadtest.feed import Feed
from loadtest.system import wait_for

if TYPE_CHECKING:
    from threading import Event

    from loadtest.demo.bank import Bank
    from loadtest.demo.control import Control
    from loadtest.system import System

STEP_S = 0.25
PATIENCE_S = 120.0


def start_worker(system: System, stop: Event) -> None:
    """Start a worker and wait until it reads the stream."""
    before = system.ledger.owner(STREAM)
    system.start(WORKER, "worker")

    def reads() -> bool:
        system.check_alive()
        return stop.is_set() or system.ledger.owner(STREAM) not in {before, None}

    wait_for(reads, "the worker", timeout_s=PATIENCE_S)


def live(system: System, bank: Bank, control: Control, stop: Event, until_s: float) -> None:
    """Follow the live stream until told to stop, or until `until_s` (monotonic seconds).

    What occurred while the past was replayed comes first, all at once; lanes and buttons are
    there once that is caught up.
    """
    found = Reconciliation(system.ledger, STREAM)
    refused_before = system.ledger.counter(STREAM, "dead_letters")
    garbage = Feed(system.address)
    garbage.meet(STREAM)
    disturbing = Disturbing(system, garbage, time.time)
    board: Board | None = None
    backlog = 0
    bank.go_live()
    while not stop.wait(STEP_S) and time.monotonic() < until_s:
        system.check_alive()
        for sent in bank.sent():
            found.add(sent)
            if board is not None:
                board.add(sent)
        found.look()
        now_ms = time.time_ns() // 1_000_000
        waiting = found.waiting(now_ms, PATIENCE_MS)
        if board is None:
            backlog = backlog or found.sent
            board = Board() if 0 < backlog <= found.recorded else None
            continue
        refused = system.ledger.counter(STREAM, "dead_letters") - refused_before
        for kind in control.asked():
            disturbing.begin(kind, refused)
        disturbing.look(waiting, refused)
        board.look(now_ms, waiting)
        control.show(board.document(disturbing.past, found, refused, now_ms))
    garbage.close()
