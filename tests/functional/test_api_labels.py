"""Labels by HTTP: checked, stamped, sent; and watermarks that promise no earlier one follows."""

import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from builders.api import Api, api
from builders.waiting import wait_for
from plugins.bundles import make_bundle

from models.instants import parse_instant
from models.labels import Label
from service.api.label_line import LabelLine
from service.ingest import label_commit
from service.settings import Settings
from service.stream.errors import BrokerUnavailable
from service.stream.memory import MemoryBroker, MemoryProducer
from service.stream.ports import Outgoing
from service.stream.shadow import ShadowProducer

TOPIC = "fraud-labels"
PARTITIONS = 3


class Clock:
    """A clock that tests set, also backwards."""

    def __init__(self) -> None:
        self.now_ms = 1_785_600_000_000

    def __call__(self) -> int:
        """Return the time."""
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
def broker() -> MemoryBroker:
    """Give a broker with a label topic."""
    made = MemoryBroker()
    made.ensure({TOPIC: PARTITIONS})
    return made


@pytest.fixture
def served(tmp_path: Path, broker: MemoryBroker, clock: Clock) -> Iterator[Api]:
    """Give an API at that broker, by that clock."""
    bundle = make_bundle(tmp_path / "bundle")
    with api(
        f"sqlite:///{tmp_path}/ledger.db",
        tmp_path,
        bundle,
        broker=broker,
        clock=clock,
        batch_size=5,
    ) as running:
        yield running


def label(transaction_id: str = "t1", **changed: Any) -> dict[str, Any]:
    """Return a label as JSON would say it."""
    return {
        "transaction_id": transaction_id,
        "is_fraud": True,
        "source": "chargeback",
        "labelled_at": "2026-07-30T08:00:00+02:00",
    } | changed


def sent(broker: MemoryBroker) -> list[tuple[bytes | None, dict[str, Any]]]:
    """Return (key, value) of every record of the topic, a partition after the other."""
    return [
        (record.key, msgspec.json.decode(record.value or b""))
        for records in broker.log(TOPIC).records
        for record in records
    ]


def test_a_label_goes_to_the_topic_under_its_transactions_key(
    served: Api, broker: MemoryBroker
) -> None:
    """202 with its id; `known_at` is Penumbra's, and the worker's ingest takes it as it is."""
    answered = served.client.post("/v1/labels", json=label(fraud_type="scam", label_id="mine"))
    assert (answered.status_code, answered.json()) == (202, {"label_ids": ["mine"]})
    [(key, value)] = sent(broker)
    assert key == b"t1"
    assert value == label(fraud_type="scam", label_id="mine", known_at="2026-08-01T16:00:00.000Z")


def test_what_was_posted_ends_up_as_the_worker_would_keep_it(
    served: Api, broker: MemoryBroker
) -> None:
    """The bytes pass the worker's own check and become a row."""
    served.client.post("/v1/labels", json=[label("t1"), label("t2", is_fraud=False)])
    ledger = served.ledger
    for number, records in enumerate(broker.log(TOPIC).records):
        if records:
            lease = ledger.acquire(TOPIC, number, identity="labels", owner="worker")
            ledger.commit(lease, label_commit(lease, records, now_ms=1, trust_known_at=True))
    total = ledger.coverage().total
    assert (total["kept"], total["dead_letters"]) == (2, 0)


def test_a_label_without_an_id_gets_the_same_one_again(served: Api) -> None:
    """So that posting it twice changes nothing; another content has another."""
    ids = [
        served.client.post("/v1/labels", json=one).json()["label_ids"][0]
        for one in (label(), label(), label(is_fraud=False))
    ]
    assert ids[0] == ids[1] != ids[2]


def test_known_at_never_goes_back(served: Api, broker: MemoryBroker, clock: Clock) -> None:
    """Not even when the machine's clock does."""
    for step_ms in (0, 5_000, -60_000, 1_000):
        clock.now_ms += step_ms
        served.client.post("/v1/labels", json=label())
    moments = [parse_instant(value["known_at"]) for _, value in sent(broker)]
    assert moments == [1_785_600_000_000] + [1_785_600_005_000] * 3


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (label(source="hearsay"), "source"),
        (label(labelled_at="2026-07-30T08:00:00"), "offset"),
        (label(known_at="2026-07-30T08:00:00Z"), "known_at"),
        (label("4111111111111111"), "card number"),
        (label("a\0b"), "U+0000"),
        ([label(), label(is_fraud="yes")], "label 1"),
        ([], "empty"),
        ("label", "object"),
    ],
)
def test_a_label_that_ingest_would_refuse_is_refused_at_once(
    served: Api, broker: MemoryBroker, body: Any, said: str
) -> None:
    """With all of its request, each wrong one named; nothing goes out."""
    answered = served.client.post("/v1/labels", json=body)
    assert answered.status_code == 422
    assert said in answered.json()["detail"]
    assert sent(broker) == []


def test_an_id_declared_as_numeric_may_look_like_a_card_number(
    tmp_path: Path, broker: MemoryBroker
) -> None:
    """One numeric id in twenty-five does; those of declared fields are taken."""
    bundle = make_bundle(tmp_path / "bundle")
    formats = {"transaction_id": "numeric"}
    with api(
        f"sqlite:///{tmp_path}/ledger.db", tmp_path, bundle, broker=broker, id_formats=formats
    ) as served:
        number = "4111111111111111"
        assert served.client.post("/v1/labels", json=label(number)).status_code == 202
        refused = served.client.post("/v1/labels", json=label(label_id=number))
        assert refused.status_code == 422
        assert number not in refused.text


def test_too_many_labels_at_once_are_refused(served: Api, broker: MemoryBroker) -> None:
    """The answer says how many may come."""
    answered = served.client.post("/v1/labels", json=[label(f"t{n}") for n in range(6)])
    assert answered.status_code == 413
    assert sent(broker) == []


def test_without_a_broker_labels_are_not_taken(tmp_path: Path) -> None:
    """503, so that the sender keeps them; everything else goes on."""
    bundle = make_bundle(tmp_path / "bundle")
    with api(f"sqlite:///{tmp_path}/ledger.db", tmp_path, bundle) as served:
        answered = served.client.post("/v1/labels", json=label())
        assert answered.status_code == 503
        assert answered.json()["type"] == "urn:penumbra:problem:broker-unavailable"
        assert served.client.get("/v1/coverage").status_code == 200


def test_watermarks_go_to_every_partition_and_hold_their_promise(
    served: Api, broker: MemoryBroker
) -> None:
    """After a watermark no label is known earlier, however they interleave."""
    line = LabelLine(
        served.parts.settings.model_copy(update={"label_watermark_s": 0.002}),
        lambda: time.time_ns() // 1_000_000,
        producer=lambda _: ShadowProducer(MemoryProducer(broker)),
        topics=lambda _: broker,
    )
    line.start()
    labels = [Label(f"t{n}", True, "sample", "2026-07-30T08:00:00Z", f"l{n}") for n in range(40)]
    for one in labels:
        line.send([one])
    wait_for(lambda: all(len(records) > 20 for records in broker.log(TOPIC).records), "watermarks")
    line.close()
    found = 0
    for records in broker.log(TOPIC).records:
        values = [msgspec.json.decode(record.value or b"") for record in records]
        moments = [one.get("watermark") or one["known_at"] for one in values]
        assert all(before <= after for before, after in pairwise(moments))
        found += sum("known_at" in one for one in values)
    assert found == len(labels)


def test_the_line_outlives_its_broker(tmp_path: Path) -> None:
    """Watermarks stop while it is away and begin again; posting meanwhile fails at once."""
    away = True
    broker = MemoryBroker()
    broker.ensure({TOPIC: 1})

    class Fickle(MemoryProducer):
        def send_many(self, topic: str, records: Any) -> None:
            if away:
                raise BrokerUnavailable("memory", "test")
            super().send_many(topic, records)

    line = LabelLine(
        Settings.load(var_dir=tmp_path, label_watermark_s=0.002),
        lambda: 0,
        producer=lambda _: ShadowProducer(Fickle(broker)),
        topics=lambda _: broker,
    )
    line.start()
    with pytest.raises(BrokerUnavailable):
        line.send([Label("t", True, "sample", "2026-07-30T08:00:00Z", "l")])
    away = False
    wait_for(lambda: len(broker.log(TOPIC).records[0]) > 2, "three records")
    assert line.reachable
    line.close()


def test_a_replay_of_history_gets_no_watermark_from_the_wall_clock(
    tmp_path: Path, broker: MemoryBroker
) -> None:
    """With times of records, today's watermark would make every old label late."""
    broker.append(TOPIC, Outgoing(None, b"{}"))
    asked: list[str] = []

    def topics(_: Settings) -> MemoryBroker:
        asked.append("topics")
        return broker

    line = LabelLine(
        Settings.load(var_dir=tmp_path, label_watermark_s=0.001, label_clock="record"),
        lambda: 0,
        producer=lambda _: ShadowProducer(MemoryProducer(broker)),
        topics=topics,
    )
    line.start()
    wait_for(lambda: line.reachable, "the broker to be reachable")
    line.close()
    assert asked == ["topics"]
    assert len(sent(broker)) == 1
