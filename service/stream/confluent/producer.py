"""Publishing through confluent-kafka."""

from collections.abc import Iterable
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer

from service.settings import Settings
from service.stream.confluent.connection import client_options
from service.stream.errors import DeliveryFailed
from service.stream.kafka_python.producer import OVERHEAD_BYTES
from service.stream.kafka_python.topics import KafkaPythonTopics
from service.stream.ports import Outgoing

_ROOM_S = 0.05


class ConfluentProducer:
    """Idempotent, acknowledged by all in-sync replicas, in order a partition.

    It goes anywhere: the service wraps it in a `ShadowProducer`.
    """

    def __init__(self, settings: Settings) -> None:
        self._topics = KafkaPythonTopics(settings)
        self._known: set[str] = set()
        self._topic = ""
        self._sent = 0
        self._failures: list[str] = []
        self._client: Any = Producer(
            {
                **client_options(settings),
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 5,
                "partitioner": "murmur2_random",
                "message.max.bytes": settings.max_record_bytes + OVERHEAD_BYTES,
                "queue.buffering.max.messages": 200_000,
                "allow.auto.create.topics": False,
                "delivery.report.only.error": True,
                "on_delivery": self._failed,
            }
        )

    def send_many(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Hand records over. Raises TopicMissing; other failures show at `flush`."""
        if topic not in self._known:
            self._topics.describe(topic)
            self._known.add(topic)
        self._topic = topic
        for record in records:
            self._sent += 1
            try:
                self._send(topic, record)
            except BufferError:
                self._make_room()
                self._send(topic, record)
            except KafkaException as error:
                self._sent -= 1
                raise DeliveryFailed(topic, 1, 1, error.args[0].name()) from error
        self._client.poll(0)

    def flush(self, timeout_s: float) -> None:
        """Wait for every acknowledgement. Raises DeliveryFailed."""
        waiting = int(self._client.flush(timeout_s))
        sent, self._sent = self._sent, 0
        failures, self._failures = self._failures, []
        if waiting or failures:
            self._known.clear()
            why = failures[0] if failures else "no answer in time"
            raise DeliveryFailed(self._topic, waiting + len(failures), sent, why)

    def close(self) -> None:
        """Send what is left, for at most five seconds."""
        self._client.flush(5)
        self._topics.close()

    def _send(self, topic: str, record: Outgoing) -> None:
        options: dict[str, Any] = {}
        if record.partition is not None:
            options["partition"] = record.partition
        if record.headers:
            options["headers"] = list(record.headers)
        self._client.produce(topic, record.value, record.key, **options)

    def _make_room(self) -> None:
        """Wait until the client has sent some of what it holds."""
        before = len(self._client)
        while len(self._client) > before // 2:
            self._client.poll(_ROOM_S)

    def _failed(self, error: KafkaError | None, _: Any) -> None:
        if error is not None:
            self._failures.append(error.name())
