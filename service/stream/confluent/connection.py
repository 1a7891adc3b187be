"""Settings in librdkafka's words."""

import logging
from typing import Any

from confluent_kafka import KafkaError, KafkaException

from service.settings import Settings
from service.stream.errors import AccessRefused, BrokerUnavailable, StreamError, UnreadableRecord

_REFUSALS = {
    KafkaError._AUTHENTICATION,  # noqa: SLF001  (librdkafka's own codes are spelt so)
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
_UNREADABLE = {
    KafkaError._BAD_MSG,  # noqa: SLF001
    KafkaError._BAD_COMPRESSION,  # noqa: SLF001
}
_SILENT = logging.getLogger("penumbra.librdkafka")
_SILENT.setLevel(logging.CRITICAL)


def client_options(settings: Settings) -> dict[str, Any]:
    """Return what every librdkafka client is built with: addresses, TLS, login."""
    given = {
        "bootstrap.servers": settings.kafka_bootstrap_servers,
        "client.id": "penumbra",
        "security.protocol": settings.kafka_security_protocol,
        "reconnect.backoff.max.ms": 1000,
        "ssl.ca.location": settings.kafka_ssl_ca_file,
        "ssl.certificate.location": settings.kafka_ssl_certificate_file,
        "ssl.key.location": settings.kafka_ssl_key_file,
        "ssl.key.password": _plain(settings.kafka_ssl_key_password),
        "sasl.mechanism": settings.kafka_sasl_mechanism,
        "sasl.username": settings.kafka_sasl_username,
        "sasl.password": _plain(settings.kafka_sasl_password),
        "logger": _SILENT,
    }
    return {
        name: str(value) if name.endswith("location") else value
        for name, value in given.items()
        if value is not None
    }


def in_our_words(error: KafkaError | KafkaException, address: str) -> StreamError:
    """Return the error the port promises for one of librdkafka's."""
    cause = error.args[0] if isinstance(error, KafkaException) else error
    why = f"{cause.name()}: {cause.str()}"[:200]
    if cause.code() in _REFUSALS:
        return AccessRefused(address, why)
    if cause.code() in _UNREADABLE:
        return UnreadableRecord(address, why)
    return BrokerUnavailable(address, why)


def _plain(secret: Any) -> str | None:
    return None if secret is None else str(secret.get_secret_value())
