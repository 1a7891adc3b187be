"""The relay as a process, and on a real broker."""

import json
import time
from collections.abc import Callable
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from builders.pipeline import rows_of
from builders.relays import Stage, drain, stage_of_ten
from plugins.stream import build_rig

from service.ledger import Ledger
from service.relay import Relay, RelayProcess
from service.settings import Settings
from service.stream.connect import open_producer
from service.stream.ports import Topics


@pytest.fixture
def stage(ledger: Ledger, tmp_path: Path) -> Stage:
    """Give a ledger with ten payments, of which some are flagged, and two dead letters."""
    return stage_of_ten(ledger, tmp_path)


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
