"""A system under test: the product's own commands as processes, in a folder of their own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

from loadtest.ledger_view import LedgerView
from models.errors import PenumbraError

if TYPE_CHECKING:
    from collections.abc import Callable

STEADY_S = 5.0
PENUMBRA = (sys.executable, "-m", "service")


class ProcessEnded(PenumbraError):
    """A process of the system failed, or ended by itself."""


class System:
    """Broker, workers and ledger under one folder. Ends everything it started."""

    def __init__(self, folder: Path, **settings: str) -> None:
        if folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        self.folder = folder
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.env = os.environ | {
            "PENUMBRA_VAR_DIR": str(folder),
            "PENUMBRA_KAFKA_BOOTSTRAP_SERVERS": self.address,
            "PENUMBRA_SESSION_TIMEOUT_MS": "3000",
            "PENUMBRA_HEARTBEAT_INTERVAL_MS": "1000",
            "PENUMBRA_LABEL_CLOCK": "record",
            "PENUMBRA_SEAL_WAIT_S": "120",
            "PENUMBRA_IDLE_AFTER_S": "5",
            "PENUMBRA_SNAPSHOT_EVERY_S": "5",
            **{f"PENUMBRA_{name.upper()}": value for name, value in settings.items()},
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in reversed(list(self._processes)):
            self.stop(name)

    @property
    def ledger(self) -> LedgerView:
        """The system's ledger, read from outside."""
        return LedgerView(f"sqlite:///{self.folder / 'penumbra.db'}")

    def run(self, *arguments: str) -> str:
        """Run a command to its end and return what it printed. Raises if it fails."""
        done = subprocess.run(  # noqa: S603 - our own command
            [*PENUMBRA, *arguments], env=self.env, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise ProcessEnded(f"penumbra {' '.join(arguments)}: {done.stderr[-2000:]}")
        return done.stdout.strip()

    def start(self, name: str, *arguments: str) -> None:
        """Start a command in the background; its output goes to NAME.log in the folder.

        It leads a group of its own: Ctrl-C reaches only us, who stop everything in order.
        """
        log = (self.folder / f"{name}.log").open("ab")
        self._processes[name] = subprocess.Popen(  # noqa: S603 - our own command
            [*PENUMBRA, *arguments], env=self.env, stdout=log, stderr=log, process_group=0
        )
        log.close()

    def start_broker(self) -> None:
        """Start the embedded broker, empty, and wait until it listens."""
        self.start("broker", "broker", "--port", str(self.port))
        wait_for(lambda: _listens(self.port), "the broker", timeout_s=30)

    def kill(self, name: str) -> None:
        """End a process as a power cut would."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def pause(self, name: str) -> None:
        """Let a process and its children hang until `resume`."""
        os.killpg(self._processes[name].pid, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a process that hangs go on."""
        os.killpg(self._processes[name].pid, signal.SIGCONT)

    def stop(self, name: str, timeout_s: float = 30) -> None:
        """End a process politely."""
        process = self._processes.pop(name)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGCONT)  # one that hangs would not hear
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def memory_mb(self, name: str) -> float:
        """Return the resident memory of a process and of those it started."""
        return sum(_resident_mb(pid) for pid in _family(self._processes[name].pid))

    def cpu_s(self, name: str) -> float:
        """Return the processor time that a process has used, without those it started."""
        fields = (
            Path(f"/proc/{self._processes[name].pid}/stat").read_text().rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def is_running(self, name: str) -> bool:
        """Whether a process started by `start` has not ended."""
        return self._processes[name].poll() is None

    def check_ended_well(self, name: str) -> None:
        """Forget a process that has ended. Raises ProcessEnded with its last words if it failed."""
        process = self._processes.pop(name)
        if process.wait():
            words = (self.folder / f"{name}.log").read_text()[-2000:]
            raise ProcessEnded(f"{name} ended with {process.returncode}: {words}")

    def check_alive(self) -> None:
        """Raise ProcessEnded with its last words if a process has ended by itself."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                words = (self.folder / f"{name}.log").read_text()[-2000:]
                raise ProcessEnded(f"{name} ended with {process.returncode}: {words}")

    def wait_consumed(self, stream: str, records: int, timeout_s: float = 900) -> None:
        """Wait until the ledger accounts for so many records of a stream."""

        def there() -> bool:
            self.check_alive()
            return self.ledger.counter(stream, "consumed") >= records

        wait_for(there, f"{records:,} records of {stream}", timeout_s=timeout_s)

    def settled(self, stream: str) -> int:
        """Return how many records of a stream are accounted for, once that grows no more."""
        steady_since = time.monotonic()
        consumed = self.ledger.counter(stream, "consumed")

        def steady() -> bool:
            nonlocal consumed, steady_since
            now = self.ledger.counter(stream, "consumed")
            if now != consumed:
                consumed, steady_since = now, time.monotonic()
            return time.monotonic() - steady_since > STEADY_S

        wait_for(steady, f"{stream} to settle", timeout_s=120)
        return consumed

    def wait_explained(self, timeout_s: float = 900) -> None:
        """Wait until no alert is pending and everything is published."""

        def done() -> bool:
            self.check_alive()
            return self.ledger.pending_alerts() == 0 and self.ledger.unpublished() == 0

        wait_for(done, "explanations and the outbox", timeout_s=timeout_s)


def wait_for(there: Callable[[], bool], what: str, *, timeout_s: float) -> None:
    """Wait for a condition. Raises TimeoutError naming it."""
    deadline = time.monotonic() + timeout_s
    while not there():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:.0f} s for {what}")
        time.sleep(0.2)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _family(pid: int) -> list[int]:
    """Return a process and all below it, from Linux's own files."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _family(int(child))
    return found


def _resident_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.5).close()
    except OSError:
        return False
    return True
