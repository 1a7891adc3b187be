"""Opens the clients the settings ask for."""

from service.settings import Settings
from service.stream.errors import StreamError
from service.stream.ports import Consumer, Topics
from service.stream.shadow import ShadowProducer


def open_consumer(settings: Settings) -> Consumer:
    """Connect a consumer. Raises BrokerUnavailable, AccessRefused."""
    if settings.kafka_client == "confluent":
        _need_confluent()
        from service.stream.confluent.consumer import ConfluentConsumer  # noqa: PLC0415

        return ConfluentConsumer(settings)
    from service.stream.kafka_python.consumer import KafkaPythonConsumer  # noqa: PLC0415

    return KafkaPythonConsumer(settings)


def open_producer(settings: Settings) -> ShadowProducer:
    """Connect a producer that refuses every topic but Penumbra's own."""
    if settings.kafka_client == "confluent":
        _need_confluent()
        from service.stream.confluent.producer import ConfluentProducer  # noqa: PLC0415

        return ShadowProducer(ConfluentProducer(settings))
    from service.stream.kafka_python.producer import KafkaPythonProducer  # noqa: PLC0415

    return ShadowProducer(KafkaPythonProducer(settings))


def open_topics(settings: Settings) -> Topics:
    """Connect to look at topics and make them."""
    from service.stream.kafka_python.topics import KafkaPythonTopics  # noqa: PLC0415

    return KafkaPythonTopics(settings)


def _need_confluent() -> None:
    try:
        import confluent_kafka  # noqa: F401, PLC0415
    except ModuleNotFoundError as error:
        raise StreamError(
            "PENUMBRA_KAFKA_CLIENT=confluent needs confluent-kafka; "
            "install it with `pip install 'penumbra[confluent]'`, or use kafka_python"
        ) from error
