"""No broker, or one that says no: one line, after a bounded number of attempts."""

import socket
import time
from collections.abc import Iterator

import pytest
from plugins.stream import PATIENCE_S

from service.broker import EmbeddedBroker
from service.settings import Settings
from service.stream.connect import open_consumer, open_producer, open_topics
from service.stream.errors import BrokerUnavailable, StreamError
from service.stream.ports import Consumer


@pytest.fixture
def nobody() -> Iterator[str]:
    """Give an address at which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


@pytest.mark.parametrize("client", ["kafka_python", "confluent"])
@pytest.mark.parametrize("opened", [open_consumer, open_producer, open_topics])
def test_no_broker_is_one_line_with_its_address_and_the_way_out(
    nobody: str, client: str, opened: object, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two attempts of half a second with a line between, then an error."""
    settings = Settings.load(
        kafka_bootstrap_servers=nobody,
        kafka_client=client,
        connect_attempts=2,
        connect_timeout_s=0.5,
    )
    started = time.monotonic()
    with pytest.raises(BrokerUnavailable, match=rf"{nobody}.*penumbra broker") as refused:
        opened(settings)  # type: ignore[operator]
    assert time.monotonic() - started < 10
    assert "\n" not in str(refused.value)
    said = "".join(capfd.readouterr())
    assert said.count("\n") == 1, "one retry, one line; nothing of the client library's own"
    assert nobody in said


@pytest.mark.parametrize("client", ["kafka_python", "confluent"])
def test_a_broker_that_stays_silent_ends_the_worker(
    own_broker: EmbeddedBroker, client: str
) -> None:
    """After `broker_timeout_s` without an answer `poll` says so; before, it waits in peace."""
    settings = Settings.load(
        **own_broker.settings(),
        kafka_client=client,
        broker_timeout_s=1.0,
        connect_timeout_s=0.5,
        connect_attempts=1,
    )
    topics = open_topics(settings)
    topics.ensure({"transactions": 1})
    topics.close()
    consumer = open_consumer(settings)
    consumer.subscribe(["transactions"], lambda _: None, lambda _: None)
    deadline = time.monotonic() + PATIENCE_S
    while not consumer.assignment():
        assert time.monotonic() < deadline
        consumer.poll(0.1, 10)
    own_broker.stop()
    with pytest.raises(StreamError, match="no Kafka broker answers"):
        poll_until(deadline, consumer)
    own_broker.start()
    consumer.close()


def poll_until(deadline: float, consumer: Consumer) -> None:
    """Poll in vain."""
    while time.monotonic() < deadline:
        consumer.poll(0.1, 10)


def test_a_missing_client_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for confluent without it installed is answered with the command that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "confluent_kafka", None)
    with pytest.raises(StreamError, match=r"pip install 'penumbra\[confluent\]'"):
        open_consumer(Settings.load(kafka_client="confluent"))
