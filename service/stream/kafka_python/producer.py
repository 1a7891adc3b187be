"""Publishing through kafka-python."""

import time
from collections.abc import Iterable
from typing import Any

import kafka.errors as kafka_errors
from kafka import KafkaProducer

from service.settings import Settings
from service.stream.errors import DeliveryFailed
from service.stream.kafka_python.connection import (
    client_options,
    connected,
    making_no_topics,
    told_plainly,
)
from service.stream.kafka_python.topics import KafkaPythonTopics
from service.stream.ports import Outgoing

OVERHEAD_BYTES = 48_576
"""Room for key, headers and framing: 1,000,000 bytes of value then meet Kafka's 1 MiB default."""


class KafkaPythonProducer:
    """Idempotent, acknowledged by all in-sync replicas, in order a partition.

    It goes anywhere: the service wraps it in a `ShadowProducer`.
    """

    def __init__(self, settings: Settings) -> None:
        self._address = settings.kafka_bootstrap_servers
        self._topics = KafkaPythonTopics(settings)
        self._known: set[str] = set()
        self._waiting: list[tuple[str, Any]] = []
        self._client: Any = connected(
            settings,
            lambda: KafkaProducer(
                **client_options(settings),
                acks="all",
                enable_idempotence=True,
                linger_ms=5,
                batch_size=256 * 1024,
                max_request_size=settings.max_record_bytes + OVERHEAD_BYTES,
                max_block_ms=int(settings.connect_timeout_s * 1000),
                metrics_enabled=False,
                kafka_client=making_no_topics,
            ),
        )

    def send_many(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Hand records over. Raises TopicMissing; other failures show at `flush`."""
        if topic not in self._known:
            self._topics.describe(topic)
            self._known.add(topic)
        send, waiting = self._client.send, self._waiting
        with told_plainly(self._address):
            for key, value, headers, partition in records:
                try:
                    future = send(
                        topic, value=value, key=key, headers=list(headers), partition=partition
                    )
                except kafka_errors.MessageSizeTooLargeError as error:
                    raise DeliveryFailed(topic, 1, 1, str(error)) from error
                waiting.append((topic, future))

    def flush(self, timeout_s: float) -> None:
        """Wait for every acknowledgement. Raises DeliveryFailed."""
        deadline = time.monotonic() + timeout_s
        sent, self._waiting = self._waiting, []
        late: BaseException | None = None
        try:
            self._client.flush(timeout=max(0.0, deadline - time.monotonic()))
        except kafka_errors.KafkaTimeoutError as error:
            late = error
        failed = [(topic, future) for topic, future in sent if not future.succeeded()]
        if failed:
            topic, first = failed[0]
            why = first.exception if first.is_done else late
            self._known.clear()
            raise DeliveryFailed(topic, len(failed), len(sent), type(why).__name__)

    def close(self) -> None:
        """Send what is left, for at most five seconds."""
        self._client.close(timeout=5)
        self._topics.close()
