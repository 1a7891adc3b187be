"""Topics through kafka-python's admin client."""

from collections.abc import Mapping
from typing import Any

import kafka.errors as kafka_errors
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from service.settings import Settings
from service.stream.errors import TopicMissing
from service.stream.kafka_python.connection import client_options, connected, told_plainly
from service.stream.ports import Topic

_UNKNOWN_TOPIC = 3


class KafkaPythonTopics:
    """Looks at topics, and makes those that are absent. Asking never creates one."""

    def __init__(self, settings: Settings) -> None:
        self._address = settings.kafka_bootstrap_servers
        self._admin: Any = connected(settings, lambda: KafkaAdminClient(**client_options(settings)))

    def describe(self, topic: str) -> Topic:
        """Ask the broker. Raises TopicMissing."""
        with told_plainly(self._address):
            answer = self._admin.describe_topics([topic])[0]
        code = answer["error_code"]
        if code == _UNKNOWN_TOPIC or not answer["partitions"]:
            raise TopicMissing(topic, self._address)
        with told_plainly(self._address):
            if code:
                raise kafka_errors.for_code(code)(topic)
        return Topic(topic, len(answer["partitions"]), str(answer["topic_id"] or topic))

    def ensure(self, partitions: Mapping[str, int]) -> dict[str, Topic]:
        """Create the topics that are absent; describe them all."""
        described = {}
        for topic, count in partitions.items():
            try:
                described[topic] = self.describe(topic)
            except TopicMissing:
                self._create(topic, count)
                described[topic] = self.describe(topic)
        return described

    def _create(self, topic: str, count: int) -> None:
        """Create one, with the broker's own replication; another process may be first."""
        try:
            with told_plainly(self._address):
                self._admin.create_topics([NewTopic(topic, count, -1)])
                self._admin.wait_for_topics([topic])
        except kafka_errors.TopicAlreadyExistsError:
            return

    def close(self) -> None:
        """Let go of the connection."""
        self._admin.close()
