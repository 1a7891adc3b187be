"""The wall between the shadow and what is live.

Penumbra publishes to its own topics and to the label topic, and to nothing else. The check sits
in front of every producer the service can open, before anything reaches the network.
"""

import re
from collections.abc import Iterable

from service.stream.errors import TopicRefused
from service.stream.ports import Outgoing, Producer

_OWN_TOPIC = re.compile(r"penumbra\.[A-Za-z0-9._-]{1,200}|fraud-labels")


def is_shadow_topic(topic: str) -> bool:
    """Whether Penumbra may publish there: `penumbra.*` or `fraud-labels`."""
    return _OWN_TOPIC.fullmatch(topic) is not None


class ShadowProducer:
    """A producer that refuses every topic that is not Penumbra's own."""

    def __init__(self, inner: Producer) -> None:
        self._inner = inner

    def send_many(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Send, or raise TopicRefused before the client has seen a single record."""
        if not is_shadow_topic(topic):
            raise TopicRefused(topic)
        self._inner.send_many(topic, records)

    def flush(self, timeout_s: float) -> None:
        """Wait for acknowledgements; see `Producer.flush`."""
        self._inner.flush(timeout_s)

    def close(self) -> None:
        """Close the producer inside."""
        self._inner.close()
