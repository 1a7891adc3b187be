"""Workers of one group over a ledger and a broker in memory, driven round by round."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from builders.api import payment
from builders.pipeline import LABELS, NOW_MS, STREAM, counters, lineup_of, settings_of

from service.ledger import Ledger
from service.stream.memory import MemoryBroker, MemoryConsumer
from service.stream.ports import Outgoing
from service.worker import Worker

PATIENCE_S = 90.0


class Crew:
    """A ledger, a broker in memory, and workers of one group."""

    def __init__(self, ledger: Ledger, folder: Path, partitions: int = 2, **given: Any) -> None:
        self.ledger = ledger
        self.broker = MemoryBroker()
        self.broker.ensure({STREAM: partitions, LABELS: 1})
        self.lineup = lineup_of(folder, **given)
        self.settings = settings_of(
            folder, **{"idle_after_s": 0.05, "seal_wait_s": 600, "batch_size": 4} | given
        )

    def worker(self, owner: str = "one") -> tuple[Worker, MemoryConsumer]:
        """Join the group."""
        consumer = MemoryConsumer(self.broker)
        worker = Worker(
            self.settings,
            self.ledger,
            self.lineup,
            consumer,
            owner=owner,
            clock=lambda: NOW_MS,
        )
        consumer.subscribe(worker.topics, worker._assigned, worker._revoked)
        return worker, consumer

    def send(self, number: int, *, hour: int = 10, partition: int = 0) -> None:
        """Produce one payment."""
        one = payment(f"t{number}", occurred_at=f"2026-07-01T{hour:02d}:00:00Z")
        self.broker.append(
            STREAM, Outgoing(b"customer", json.dumps(one).encode(), partition=partition)
        )

    def consumed(self) -> int:
        """Return how many payments the ledger accounts for."""
        return counters(self.ledger).get("consumed", 0)


def rounds(true: Callable[[], bool], *workers: Worker) -> None:
    """Let workers go round until a condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        for worker in workers:
            worker.round()
