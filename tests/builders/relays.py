"""A ledger, a broker in memory, and relays between them, some of which are refused."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from builders.api import payment
from builders.pipeline import Driver, lineup_of, settings_of

from service.explaining import Explaining
from service.ledger import Ledger
from service.relay import Relay
from service.stream.errors import DeliveryFailed
from service.stream.memory import MemoryBroker, MemoryProducer
from service.stream.ports import Outgoing, Record
from service.stream.shadow import ShadowProducer

OUTPUTS = dict.fromkeys(
    (f"penumbra.{name}" for name in ("decisions", "alerts", "dead-letters", "recommendations")), 1
)
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


def stage_of_ten(ledger: Ledger, folder: Path) -> Stage:
    """Return a stage with ten payments, of which some are flagged, and two dead letters."""
    made = Stage(ledger, folder)
    said: list[bytes | None] = [
        json.dumps(payment(f"t{n}", customer_id=f"c{n % 3}", amount_minor=10 ** (n % 5))).encode()
        for n in range(10)
    ]
    said.insert(4, b'{"card": "4111111111111111"')
    said.append(None)
    said.append(json.dumps(payment("r", type="refund")).encode())
    made.driver.take(said, size=5)
    return made
