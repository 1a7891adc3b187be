"""Feeding a running system: transactions, labels and watermarks in order of event time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import TopicAlreadyExistsError

from models.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HOUR_MS = 3_600_000
LIVE_TOPICS = ("transactions", "fraud-labels", "legacy-decisions")


@dataclass(frozen=True, slots=True, eq=False)
class Messages:
    """Records of one topic in the order in which they are delivered, and when (epoch ms)."""

    key: Sequence[bytes]
    value: Sequence[bytes]
    at_ms: NDArray[np.int64]

    def between(self, start: int, end: int) -> Messages:
        """Return the messages numbered `start` to `end`."""
        return Messages(self.key[start:end], self.value[start:end], self.at_ms[start:end])


def create_topics(bootstrap: str, partitions: int) -> None:
    """Create the live topics, as a payment company would; those that exist stay."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    for name in LIVE_TOPICS:
        count = partitions if name == "transactions" else 1
        try:
            admin.create_topics([NewTopic(name, count, 1)])
        except TopicAlreadyExistsError:
            continue
    admin.close()


class Feed:
    """A producer into the live topics: what the payment company runs, not Penumbra."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = KafkaProducer(
            bootstrap_servers=bootstrap, linger_ms=20, batch_size=256 * 1024, acks="all"
        )

    def send(self, transactions: Messages, labels: Messages) -> int:
        """Send both, hour by hour: labels, the watermark, then transactions. Return how many.

        Labels are ordered by when they become known.
        """
        if not len(transactions.at_ms):
            return 0
        reached = np.maximum.accumulate(transactions.at_ms // HOUR_MS)
        hours, starts = np.unique(reached, return_index=True)
        ends = [*starts[1:], len(reached)]
        label = 0
        for hour, start, end in zip(hours, starts, ends, strict=True):
            while label < len(labels.at_ms) and labels.at_ms[label] < hour * HOUR_MS:
                self._producer.send(
                    "fraud-labels", key=labels.key[label], value=labels.value[label]
                )
                label += 1
            self.watermark(int(hour) * HOUR_MS)
            for row in range(start, end):
                self._producer.send(
                    "transactions", key=transactions.key[row], value=transactions.value[row]
                )
        self._producer.flush()
        return len(transactions.at_ms)

    def meet(self, topic: str) -> None:
        """Get to know a topic's partitions, so that nothing sent later has to wait for that."""
        self._producer.partitions_for(topic)

    def send_now(self, transactions: Messages) -> None:
        """Send transactions as they come."""
        for key, value in zip(transactions.key, transactions.value, strict=True):
            self._producer.send("transactions", key=key, value=value)

    def send_raw(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        """Send one record as it is."""
        self._producer.send(topic, key=key, value=value)

    def watermark(self, at_ms: int) -> None:
        """Promise that no later label has an earlier `known_at`."""
        mark = msgspec.json.encode({"watermark": format_instant(at_ms)})
        for partition in self._producer.partitions_for("fraud-labels"):
            self._producer.send("fraud-labels", value=mark, partition=partition)

    def flush(self) -> None:
        """Wait until the broker has everything."""
        self._producer.flush()

    def close(self) -> None:
        """Send what is left and disconnect."""
        self._producer.close()
