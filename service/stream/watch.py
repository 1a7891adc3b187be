"""Notices that a topic is no longer the topic it was."""

import time
from collections.abc import Hashable, Iterable

from service.stream.errors import BrokerUnavailable, TopicMissing
from service.stream.ports import Topics

_LOOK_AGAIN_S = 5.0

METADATA_MS = 30_000
"""How soon partitions that a topic was given are noticed: seals wait until somebody reads them."""


class TopicWatch:
    """Compares the identities of topics whenever the connection to the broker is another.

    Kafka clients fetch by a topic's name, so a broker that lost its memory goes unnoticed: the
    old offset in the new log may even exist. That cannot happen behind an open connection. What
    can, a topic deleted and made again on a living cluster, is noticed within five seconds.
    """

    def __init__(self, topics: Topics, *, patience_s: float) -> None:
        self._topics = topics
        self._patience_s = patience_s
        self._identities: dict[str, str] = {}
        self._link: Hashable = None
        self._well_at = self._looked_at = time.monotonic()

    def start(self, topics: Iterable[str]) -> None:
        """Remember the topics as they are now. Raises TopicMissing, BrokerUnavailable."""
        self._identities = {topic: self._topics.describe(topic).identity for topic in topics}

    def replaced(self, link: Hashable, *, anything_read: bool) -> set[str] | None:
        """Return the topics that are not what they were; None while that cannot be known.

        `link` stands for the open connections: None when there is none, another value when any
        of them is another. What was read while the answer is None must not be handed out.

        Raises BrokerUnavailable or TopicMissing once that lasts longer than the patience.
        """
        now = time.monotonic()
        if link is not None and link == self._link:
            self._well_at = now
            if not anything_read or now - self._looked_at < _LOOK_AGAIN_S:
                return set()
        try:
            found = {topic: self._topics.describe(topic).identity for topic in self._identities}
        except (BrokerUnavailable, TopicMissing):
            self._link = None
            if now - self._well_at > self._patience_s:
                raise
            return None
        replaced = {topic for topic, was in self._identities.items() if found[topic] != was}
        self._identities, self._link = found, link
        self._well_at = self._looked_at = now
        return replaced
