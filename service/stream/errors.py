"""What can go wrong between Penumbra and the broker.

PenumbraError
└── StreamError
    ├── BrokerUnavailable   nothing answers at the address, or it stopped answering
    ├── AccessRefused       the broker answers and says no
    ├── TopicMissing        a topic that must exist does not
    ├── TopicRefused        an attempt to publish where a shadow must not
    ├── OffsetOutOfRange    the broker does not hold the offset that comes next
    ├── UnreadableRecord    the client cannot decode what the broker holds
    ├── DeliveryFailed      records were not acknowledged
    └── BrokerNotStarted    the embedded broker did not come up
"""

from models.errors import PenumbraError


class StreamError(PenumbraError):
    """Anything wrong with the broker, its topics or the records in them."""


class BrokerUnavailable(StreamError):
    """No broker answers. Retried a bounded number of times before it is raised."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(
            f"no Kafka broker answers at {address} ({why}); start one with `penumbra broker` "
            "or set PENUMBRA_KAFKA_BOOTSTRAP_SERVERS to the address of yours"
        )
        self.address = address


class AccessRefused(StreamError):
    """The broker refuses this client: credentials, certificates or ACLs."""

    def __init__(self, address: str, why: str) -> None:
        super().__init__(
            f"the Kafka broker at {address} refuses access ({why}); check "
            "PENUMBRA_KAFKA_SECURITY_PROTOCOL, the PENUMBRA_KAFKA_SASL_* and PENUMBRA_KAFKA_SSL_* "
            "settings, and the broker's ACLs"
        )


class TopicMissing(StreamError):
    """A topic does not exist. Penumbra never lets a broker create one by accident."""

    def __init__(self, topic: str, address: str) -> None:
        super().__init__(
            f"topic {topic} does not exist at {address}; create it with the partitions it needs, "
            "or correct the PENUMBRA_TOPIC_* setting that names it"
        )
        self.topic = topic


class TopicRefused(StreamError):
    """Something tried to publish outside Penumbra's own topics. Nothing was sent."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"refused to publish to topic {topic}: a shadow writes to penumbra.* and fraud-labels "
            "only; name an output topic penumbra.something"
        )
        self.topic = topic


class OffsetOutOfRange(StreamError):
    """The next offset to read is not there: expired, or the topic was shortened."""

    def __init__(
        self, topic: str, partition: int, offset: int, *, earliest: int | None, end: int | None
    ) -> None:
        held = f"it holds {_shown(earliest)} to {_shown(end)}"
        super().__init__(
            f"offset {offset} of {topic}[{partition}] is not at the broker ({held}); restore the "
            "records or raise the topic's retention; Penumbra does not skip what it has not read"
        )
        self.topic, self.partition, self.offset = topic, partition, offset
        self.earliest, self.end = earliest, end


class UnreadableRecord(StreamError):
    """The Kafka client cannot decode a record batch."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(
            f"a record batch of {where} cannot be read ({why}); install the codec it is "
            "compressed with, or read with PENUMBRA_KAFKA_CLIENT=confluent"
        )


class DeliveryFailed(StreamError):
    """Some records were not acknowledged. Send all since the last good flush again."""

    def __init__(self, topic: str, failed: int, sent: int, why: str) -> None:
        super().__init__(
            f"{failed} of {sent} records to {topic} were not acknowledged ({why}); they are kept "
            "and sent again once the broker answers"
        )
        self.topic, self.failed = topic, failed


class BrokerNotStarted(StreamError):
    """The embedded broker is not installed, or ended before it answered."""


def _shown(offset: int | None) -> str:
    return "?" if offset is None else str(offset)
