"""Settings in kafka-python's words, bounded connection attempts, errors in Penumbra's words."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import kafka.errors as kafka_errors
from kafka.net.compat import KafkaNetClient

from service.retrying import attempts
from service.settings import Settings
from service.stream.errors import AccessRefused, BrokerUnavailable, UnreadableRecord

Client = TypeVar("Client")

_REFUSALS = (
    kafka_errors.AuthorizationError,
    kafka_errors.SaslAuthenticationFailedError,
    kafka_errors.UnsupportedSaslMechanismError,
    kafka_errors.IllegalSaslStateError,
)
_SILENCE = (kafka_errors.RetriableError, kafka_errors.BrokerNotAvailableError, OSError)
_UNREADABLE = (kafka_errors.UnsupportedCodecError, kafka_errors.CorruptRecordError)


def client_options(settings: Settings) -> dict[str, Any]:
    """Return what every kafka-python client is built with: addresses, TLS, login."""
    quiet()
    options: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers.split(","),
        "bootstrap_timeout_ms": int(settings.connect_timeout_s * 1000),
        "client_id": "penumbra",
        "security_protocol": settings.kafka_security_protocol,
        "reconnect_backoff_max_ms": 1000,
        "ssl_cafile": _path(settings.kafka_ssl_ca_file),
        "ssl_certfile": _path(settings.kafka_ssl_certificate_file),
        "ssl_keyfile": _path(settings.kafka_ssl_key_file),
        "sasl_mechanism": settings.kafka_sasl_mechanism,
        "sasl_plain_username": settings.kafka_sasl_username,
    }
    if settings.kafka_ssl_key_password is not None:
        options["ssl_password"] = settings.kafka_ssl_key_password.get_secret_value()
    if settings.kafka_sasl_password is not None:
        options["sasl_plain_password"] = settings.kafka_sasl_password.get_secret_value()
    return options


def connected(settings: Settings, build: Callable[[], Client]) -> Client:
    """Return the client `build` makes, trying `connect_attempts` times.

    Raises BrokerUnavailable or AccessRefused, one line each.
    """
    address = settings.kafka_bootstrap_servers
    for attempt in attempts(BrokerUnavailable, limit=settings.connect_attempts):
        with attempt, told_plainly(address):
            return build()
    raise BrokerUnavailable(address, "not tried")


def making_no_topics(**options: Any) -> Any:
    """Build the network side of a client, for its option `kafka_client`: it makes no topic.

    kafka-python (3.0.12) has a setting for that, and does not hand it on to what asks the broker.
    """
    network = KafkaNetClient(**options)
    network._manager.cluster.config["allow_auto_create_topics"] = False  # noqa: SLF001
    return network


@contextmanager
def told_plainly(address: str) -> Iterator[None]:
    """Turn kafka-python's errors into Penumbra's."""
    try:
        yield
    except _REFUSALS as error:
        raise AccessRefused(address, _why(error)) from error
    except _UNREADABLE as error:
        raise UnreadableRecord(address, _why(error)) from error
    except _SILENCE as error:
        raise BrokerUnavailable(address, _why(error)) from error


def quiet() -> None:
    """Keep kafka-python's own log out of ours, unless someone set its level on purpose.

    What matters in it comes back as an error; the rest repeats itself every retry.
    """
    log = logging.getLogger("kafka")
    if log.level == logging.NOTSET:
        log.setLevel(logging.CRITICAL)


def _path(path: object) -> str | None:
    return None if path is None else str(path)


def _why(error: BaseException) -> str:
    text = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {text}"[:200] if text else type(error).__name__
