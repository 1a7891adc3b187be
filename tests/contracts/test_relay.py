"""The relay: what it publishes, in which order, and what it does again after a failure."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from builders.api import payment
from builders.pipeline import STREAM, lineup_of, rows_of
from builders.relays import Refusing, Stage, drain, stage_of_ten
from builders.streams import START_S, payments
from plugins.bundles import make_bundle

from models.features import full_names
from models.whatif.search import Past
from service.explaining import Explaining, ExplanationInexact, Flags
from service.ledger import Ledger
from service.stream.errors import DeliveryFailed


@pytest.fixture
def stage(ledger: Ledger, tmp_path: Path) -> Stage:
    """Give a ledger with ten payments, of which some are flagged, and two dead letters."""
    return stage_of_ten(ledger, tmp_path)


def test_a_champion_kept_as_challenger_still_explains_its_flags(tmp_path: Path) -> None:
    """What was flagged before a bundle was rolled is explained after it, by the bundle it was."""
    old = make_bundle(tmp_path / "old", name="old", threshold=1.0)
    lineup = lineup_of(tmp_path, challengers=[old])
    explaining = Explaining.of(lineup)
    assert set(explaining.bundles) == {
        lineup.champion.bundle.bundle_id,
        lineup.challengers[0].bundle.bundle_id,
    }
    vector = np.ones((1, len(full_names(()))), np.float32)
    flags = Flags(vector, payments([START_S]), Past(payments([]), np.zeros(0, np.int64)))
    bodies, _ = explaining.bodies(lineup.challengers[0].bundle.bundle_id, flags)
    assert json.loads(bodies[0])["bundle_id"].startswith("old-")


def test_decisions_are_published_in_order_under_their_customers_key(stage: Stage) -> None:
    """One record a scored payment, none for a refund."""
    drain(stage.relay())
    found = stage.read("decisions")
    bodies = [json.loads(record.value or b"") for record in found]
    assert [body["transaction_id"] for body in bodies] == [f"t{n}" for n in range(10)]
    assert [record.key for record in found] == [body["customer_id"].encode() for body in bodies]
    assert all(body["status"] == "scored" for body in bodies)
    assert all(body["disagreement"] in {"both", "shadow_only", "legacy_only", "neither"}
               for body in bodies)  # fmt: skip
    assert len({body["decision_id"] for body in bodies}) == 10


def test_alerts_are_published_with_their_explanation_only(stage: Stage) -> None:
    """One record a flag of the champion; its parts add up to the log-odds."""
    drain(stage.relay())
    flagged = [b for r in stage.read("decisions") if (b := json.loads(r.value or b""))["flagged"]]
    alerts = [json.loads(record.value or b"") for record in stage.read("alerts")]
    assert 0 < len(flagged) < 10
    assert {a["transaction_id"] for a in alerts} == {b["transaction_id"] for b in flagged}
    for alert in alerts:
        parts = alert["explanation"]["contributions"]
        total = alert["explanation"]["base_value"] + sum(p["contribution"] for p in parts)
        assert total == pytest.approx(alert["log_odds"], abs=1e-4)
        assert alert["explanation"]["reasons"]


def test_dead_letters_carry_whence_and_why(stage: Stage) -> None:
    """The bytes are the record's own, card numbers masked."""
    drain(stage.relay())
    letters = stage.read("dead-letters")
    headers = [dict(letter.headers) for letter in letters]
    assert [h["reason"] for h in headers] == [b"malformed_json", b"tombstone"]
    assert [h["source_offset"] for h in headers] == [b"4", b"11"]
    assert {h["source_topic"] for h in headers} == {STREAM.encode()}
    assert {h["source_partition"] for h in headers} == {b"0"}
    assert all(h["error"] for h in headers)
    assert letters[0].value == b'{"card": "411111******1111"'
    assert not any("cut_from" in h for h in headers)


def test_what_follows_a_lost_mark_is_sent_again_byte_for_byte(stage: Stage) -> None:
    """A relay that died after the broker's answer and before its mark changes nothing."""
    failing = stage.relay(Refusing(stage.broker, "penumbra.decisions"))
    with pytest.raises(DeliveryFailed):
        drain(failing)
    first = [record[:3] for record in stage.read("decisions")]
    drain(stage.relay())
    again = [record[1:3] for record in stage.read("decisions")][len(first) :]
    assert len(first) == 10
    assert again == [record[1:] for record in first]


@pytest.mark.parametrize("name", ["decisions", "alerts", "dead-letters"])
def test_what_was_not_acknowledged_is_not_marked(stage: Stage, name: str) -> None:
    """The mark stays; what the others need goes on."""
    refusing = Refusing(stage.broker, f"penumbra.{name}", times=3)
    for _ in range(3):
        with pytest.raises(DeliveryFailed):
            drain(stage.relay(refusing))
    marks = stage.ledger.published(STREAM, 0)
    assert f"penumbra.{name}" not in marks
    assert len(stage.ledger.unpublished_alerts(10)) == (0 if name != "alerts" else _alerts(stage))
    drain(stage.relay(refusing))
    assert not stage.relay().step()


def _alerts(stage: Stage) -> int:
    return len(rows_of(stage.ledger, "alerts", "alert_id"))


def test_nothing_is_sent_twice_without_need(stage: Stage) -> None:
    """Relay after relay, each record once; later payments follow."""
    for _ in range(3):
        drain(stage.relay())
    stage.driver.take([json.dumps(payment("later")).encode()])
    drain(stage.relay())
    assert len(stage.read("decisions")) == 11
    assert len(stage.read("dead-letters")) == 2
    assert len(stage.read("alerts")) == _alerts(stage)


def test_what_comes_while_it_publishes_is_marked_with_what_was_sent(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch committed between two looks at the ledger is not sent a second time."""
    before = stage.ledger.progress()
    stage.driver.take([json.dumps(payment("meanwhile")).encode()])
    monkeypatch.setattr(stage.ledger, "progress", lambda: before)
    stage.relay().step()
    monkeypatch.undo()
    drain(stage.relay())
    assert len(stage.read("decisions")) == 11


def test_partitions_of_another_owner_are_theirs_to_publish(stage: Stage) -> None:
    """Explanations are anybody's: whoever is free makes them."""
    relay = stage.relay(owner="somebody else")
    drain(relay)
    assert stage.read("decisions") == stage.read("dead-letters") == []
    assert len(stage.read("alerts")) == _alerts(stage)


def test_it_publishes_to_its_own_topics_and_nowhere_else(stage: Stage) -> None:
    """Also where the payment company's topics are at hand."""
    others = ["transactions", "legacy-decisions", "fraud-labels"]
    stage.broker.ensure(dict.fromkeys(others, 1))
    drain(stage.relay())
    assert all(stage.broker.logs[name].records == [[]] for name in others)


def test_a_dead_letter_larger_than_its_topic_takes_is_cut_and_says_so(
    ledger: Ledger, tmp_path: Path
) -> None:
    """It would be refused for ever, and everything behind it with it; the ledger has it whole."""
    stage = Stage(ledger, tmp_path, max_record_bytes=500)
    stage.driver.take([b"x" * 900, json.dumps(payment("t0")).encode()])
    drain(stage.relay())
    letter = stage.read("dead-letters")[0]
    assert letter.value == b"x" * 500
    assert dict(letter.headers)["cut_from"] == b"900"
    assert len(ledger.dead_letters()[0].payload) == 900


def test_one_inexact_explanation_holds_no_other_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays pending and invisible; those leased with it are explained."""
    real = stage.explaining.bodies
    worst: dict[str, bytes] = {}

    def bodies(bundle_id: str, flags: Flags) -> Any:
        worst.setdefault("one", flags.vectors[0].tobytes())
        if any(vector.tobytes() == worst["one"] for vector in flags.vectors):
            raise ExplanationInexact("contributions miss the log-odds by 1")
        return real(bundle_id, flags)

    monkeypatch.setattr(stage.explaining, "bodies", bodies)
    drain(stage.relay())
    assert len(stage.read("alerts")) == _alerts(stage) - 1 > 0
    assert len(stage.ledger.alerts().alerts.alert_id) == _alerts(stage) - 1


def test_explanations_are_made_while_nothing_can_be_published(stage: Stage) -> None:
    """A broker that refuses delays what is published, not what is shown."""
    with pytest.raises(DeliveryFailed):
        drain(stage.relay(Refusing(stage.broker, "penumbra.decisions", times=99)))
    assert len(stage.ledger.unpublished_alerts(100)) + len(stage.read("alerts")) >= _alerts(stage)
    assert len(stage.ledger.alerts().alerts) > 0


def test_a_published_alert_is_what_the_ledger_says(stage: Stage) -> None:
    """Built from rows alone: the same bytes whoever sends it."""
    drain(stage.relay())
    sent = {json.loads(r.value or b"")["alert_id"]: r.value for r in stage.read("alerts")}
    for alert_id, value in sent.items():
        assert stage.ledger.alert(alert_id) is not None
        assert msgspec.json.encode(msgspec.json.decode(value or b"")) == value
