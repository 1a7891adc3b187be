"""The relay as a process, and on a real broker."""

import json
import time
from collections.abc import Callable, Iterable
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from builders.api import payment
from builders.pipeline import Driver, lineup_of, rows_of, settings_of
from plugins.stream import build_rig

from service.explaining import Explaining
from service.ledger import Ledger
from service.relay import Relay, RelayProcess
from service.settings import Settings
from service.stream.connect import open_producer
from service.stream.errors import DeliveryFailed
from service.stream.memory import MemoryBroker, MemoryProducer
from service.stream.ports import Outgoing, Record, Topics
from service.stream.shadow import ShadowProducer

OUTPUTS = {"penumbra.decisions": 1, "penumbra.alerts": 1, "penumbra.dead-letters": 1}
CARD = "4111111111111111"


class Refusing(MemoryProducer):
    """A producer whose broker does not acknowledge what goes to one topic, some times."""

    def __init__(self, broker: MemoryBroker, topic: str, times: int = 1) -> None:
        super().__init__(broker)
        self._topic, self.times = topic, times
        self._sent = False

    def send_many(self, topic: str, records: Iterable[Outgoing]) -> None:
        """Append, as far as the broker is concerned."""
        super().send_many(topic, records)
        self._sent = topic == self._topic

    def flush(self, timeout_s: float) -> None:
        """Raise DeliveryFailed: whether the records arrived is unknown."""
        super().flush(timeout_s)
        if self._sent and self.times:
            self.times -= 1
            raise DeliveryFailed(self._topic, 1, 1, "TimeoutError")


class Stage:
    """A ledger with a partition, a broker in memory, and relays between them."""

    def __init__(self, ledger: Ledger, folder: Path, **given: Any) -> None:
        self.ledger = ledger
        self.broker = MemoryBroker()
        self.broker.ensure(OUTPUTS)
        self.lineup = lineup_of(folder)
        self.settings = settings_of(folder, **given)
        self.driver = Driver(ledger, self.lineup)
        self.explaining = Explaining.of(self.lineup)

    def relay(self, producer: MemoryProducer | None = None, owner: str = "test") -> Relay:
        """Return a relay of an owner."""
        inner = producer or MemoryProducer(self.broker)
        return Relay(self.ledger, self.explaining, ShadowProducer(inner), self.settings, owner)

    def read(self, name: str) -> list[Record]:
        """Return what was published to penumbra.NAME."""
        return self.broker.logs[f"penumbra.{name}"].records[0]


def drain(relay: Relay) -> None:
    """Let a relay do all there is."""
    while relay.step():
        pass


@pytest.fixture
def stage(ledger: Ledger, tmp_path: Path) -> Stage:
    """Give a ledger with ten payments, of which some are flagged, and two dead letters."""
    made = Stage(ledger, tmp_path)
    said: list[bytes | None] = [
        json.dumps(payment(f"t{n}", customer_id=f"c{n % 3}", amount_minor=10 ** (n % 5))).encode()
        for n in range(10)
    ]
    said.insert(4, b'{"card": "4111111111111111"')
    said.append(None)
    said.append(json.dumps(payment("r", type="refund")).encode())
    made.driver.take(said, size=5)
    return made


def test_a_relay_that_dies_at_once_is_started_again_ever_more_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not at every round of the worker, which would do nothing but start it."""
    now = [1000.0]
    starts = []
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    class Dead:
        exitcode = 7

        def __init__(self, **_: Any) -> None:
            starts.append(now[0])

        def start(self) -> None:
            """Die."""

        def is_alive(self) -> bool:
            return False

        def join(self, _: float) -> None:
            """Be gone."""

    child = RelayProcess(Settings.load(), "test")
    monkeypatch.setattr(get_context("spawn").__class__, "Process", Dead)
    for _ in range(3000):
        child.keep_running()
        now[0] += 0.1
    child.close()
    gaps = [round(after - before) for before, after in pairwise(starts)]
    assert len(starts) < 12
    assert gaps == sorted(gaps)
    assert max(gaps) <= 61


def test_on_a_real_broker_what_is_published_arrives(
    stage: Stage,
    broker_settings: Settings,
    topics: Topics,
    new_topic: Callable[..., str],
    request: pytest.FixtureRequest,
) -> None:
    """Decisions, alerts and dead letters, with their keys and headers."""
    names = {name: new_topic(prefix=f"penumbra.{name}") for name in ("d", "a", "l")}
    stage.settings = broker_settings.model_copy(
        update={
            "topic_decisions": names["d"],
            "topic_alerts": names["a"],
            "topic_dead_letters": names["l"],
        }
    )
    producer = open_producer(stage.settings)
    request.addfinalizer(producer.close)
    drain(Relay(stage.ledger, stage.explaining, producer, stage.settings, "test"))
    rig = build_rig("kafka_python", broker_settings, topics)
    request.addfinalizer(rig.close)
    reader = rig.member().join(*names.values())
    reader.poll_until(lambda: reader.total() == 12 + _alerts(stage), "all that was published")
    decisions, letters = (reader.read[names[name], 0] for name in "dl")
    assert [json.loads(r.value or b"")["transaction_id"] for r in decisions] == [
        f"t{n}" for n in range(10)
    ]
    assert decisions[0].key == b"c0"
    assert dict(letters[0].headers)["reason"] == b"malformed_json"
    assert len(reader.read[names["a"], 0]) == _alerts(stage)


def _alerts(stage: Stage) -> int:
    return len(rows_of(stage.ledger, "alerts", "alert_id"))
