"""How the simulated bank's process ends, as the demo sees it."""

from multiprocessing.connection import Connection
from typing import Any

import pytest

from loadtest.demo.bank import END, LIVE, Bank


class Process:
    """A bank that goes when it is told anything, as the real one does when it is live."""

    exitcode = 0

    def __init__(self, line: Connection) -> None:
        self.line = line
        self.told: list[Any] = []

    def join(self, timeout_s: float | None = None) -> None:
        """Hear everything, then leave the line."""
        assert timeout_s
        while self.line.poll():
            self.told.append(self.line.recv())
        self.line.close()

    def is_alive(self) -> bool:
        """Say that it went."""
        return False


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_live_bank_is_told_to_end_and_its_reader_ends_in_order() -> None:
    """The line is not closed under whoever listens at it."""
    nothing: Any = None  # no process is started with it
    bank = Bank(nothing)
    process: Any = Process(bank._theirs)
    bank._process = process
    bank.go_live()
    bank.__exit__()
    assert process.told == [LIVE, END]
    assert not bank._listening.is_alive()
    assert bank._line.closed
