"""The simulated bank, a process of its own: its past, and its live payments as they occur.

Nothing of Penumbra runs here and nothing here waits for Penumbra: payments are decided by the
bank's rules, and a copy is handed to a producer that sends it in the background.
"""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Self

import polars as pl

from loadtest.demo.live_path import LivePath
from loadtest.demo.queued import taken
from loadtest.demo.reviewing import Reviewing
from loadtest.feed import Feed
from loadtest.simulator import LiveStream, SimulationConfig, demo_config
from loadtest.simulator.files import write_rates
from loadtest.system import ProcessEnded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

    from loadtest.demo.live_path import Sent
    from loadtest.simulator import Chunk

STEP_S = 0.1
LIVE, END = "live", "end"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate and where to: `rate` in payments a second, `broker` host:port.

    `days` are scored; before them a quarter as many become histories.
    """

    seed: int
    days: int
    customers: int
    rate: float
    folder: Path
    broker: str

    @property
    def warm_days(self) -> int:
        """Days before those that are scored."""
        return self.days // 4

    @property
    def config(self) -> SimulationConfig:
        """The portfolio to simulate; what is new in it appears among the days that are scored."""
        usual = demo_config(self.seed)
        return replace(
            usual,
            days=self.warm_days + self.days,
            novel_from={name: self.warm_days + day for name, day in usual.novel_from.items()},
            customers=self.customers,
            merchants=usual.merchants * self.customers // usual.customers,
        )


@dataclass(frozen=True, slots=True)
class Past:
    """The simulated past on disk; `score_from` is the first day that is not history only.

    From `compare_from` on both systems are compared: on the days between, thresholds are fixed.
    """

    transactions: Path
    labels: Path
    rates: Path
    rows: int
    score_from: str
    compare_from: str


class Bank:
    """The bank's process, as the demo sees it: `with Bank(plan) as bank: …`."""

    def __init__(self, plan: Plan) -> None:
        context = get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=run, args=(theirs, plan), daemon=True)
        self._theirs = theirs
        self._sent: SimpleQueue[Sent] = SimpleQueue()
        self._listening = Thread(target=self._listen, name="bank", daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()  # so that the line ends when the process does
        return self

    def __exit__(self, *_: object) -> None:
        """End the process. Live it stops when it is told anything, before when the line is closed.

        The line stays open as long as somebody listens at it: closed under a reader it breaks.
        """
        if self._listening.is_alive():
            with suppress(OSError):
                self._line.send(END)
        else:
            self._line.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        if self._listening.is_alive():
            self._listening.join()
        self._line.close()

    def past(self, day_done: Callable[[], None]) -> Past:
        """Wait for the past to be written; `day_done` is called after each day.

        Raises ProcessEnded if the bank's process ended.
        """
        try:
            while not isinstance(found := self._line.recv(), Past):
                day_done()
        except EOFError:
            raise ProcessEnded(f"the bank ended with {self._process.exitcode}") from None
        return found

    def review(self, drawn: Sequence[str]) -> int:
        """Let it find out what the declined ones among drawn payments were, and say so as labels.

        Returns how many labels it sent. Only before `go_live`.
        """
        self._line.send(drawn)
        return int(self._line.recv())

    def go_live(self) -> None:
        """Let it take payments."""
        self._line.send(LIVE)
        self._listening.start()

    def sent(self) -> list[Sent]:
        """Return what was decided and handed over since the last call, in that order."""
        if not self._process.is_alive():
            raise ProcessEnded(f"the bank ended with {self._process.exitcode}")
        return taken(self._sent)

    def _listen(self) -> None:
        """Read what the bank tells as it is told: the bank must never wait for a reader."""
        try:
            while True:
                self._sent.put(self._line.recv())
        except (EOFError, OSError):
            return


def run(line: Connection, plan: Plan) -> None:
    """Be the bank: write the past, review what is asked for, then live until the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the demo's to handle
    path, reviewing = LivePath(), Reviewing()
    stream = LiveStream(plan.config, clock=time.time, rate=plan.rate, decide=path.decide)
    try:
        line.send(_write_past(stream, plan, reviewing, lambda: line.send("a day")))
        feed = Feed(plan.broker)
        feed.meet("transactions")
        while (asked := line.recv()) != LIVE:
            line.send(reviewing.send(asked, feed, time.time_ns() // 1_000_000))
        while not line.poll(STEP_S):
            line.send(path.pass_on(stream.poll(), feed))
        feed.close()
    except (EOFError, BrokenPipeError):
        return  # the demo is gone


def _write_past(
    stream: LiveStream, plan: Plan, reviewing: Reviewing, day_done: Callable[[], None]
) -> Past:
    chunks: list[Chunk] = []
    for chunk in stream.history():
        chunks.append(chunk)
        reviewing.learn(chunk)
        day_done()
    transactions = pl.concat([chunk.transactions for chunk in chunks])
    folder = plan.folder
    paths = folder / "past.parquet", folder / "past.labels.parquet", folder / "rates.csv"
    transactions.write_parquet(paths[0])
    pl.concat([chunk.labels for chunk in chunks]).write_parquet(paths[1])
    write_rates(stream.config, paths[2])
    days = [str(chunk.day) for chunk in chunks]
    fixed = plan.warm_days + plan.days // 3
    return Past(*paths, len(transactions), days[plan.warm_days], days[fixed])
