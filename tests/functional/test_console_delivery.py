"""What leaves the ledger after a decision: labels, hand-offs, signed posts; and what comes in."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from builders.api import payment
from builders.console import Console, console

from models.instants import format_instant
from service.cases.delivery import Delivery
from service.cases.webhook import DeliveryFailed, post
from service.stream.errors import BrokerUnavailable, StreamError

SECRET = "a secret of the tests"  # noqa: S105 - made up here
FRAUD = {"disposition": "confirmed_fraud", "reason_code": "card_stolen"}


class Receiver:
    """Another tool's end of a webhook: fails as often as it is told, keeps what it is sent."""

    def __init__(self) -> None:
        self.failing = 0
        self.got: list[dict[str, Any]] = []
        self.deliveries: list[str] = []

    def __call__(self, url: str, body: bytes, *, delivery: str, **_: Any) -> None:
        """Take a post, or fail."""
        assert url == "https://tool.example/hook"
        self.deliveries.append(delivery)
        if self.failing:
            self.failing -= 1
            raise DeliveryFailed("answered 503")
        self.got.append(json.loads(body))


@pytest.fixture
def receiver() -> Receiver:
    """Give the other tool."""
    return Receiver()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Console]:
    """Give a console with a webhook and three cases."""
    given: dict[str, Any] = {"webhook_url": "https://tool.example/hook", "webhook_secret": SECRET}
    with console(tmp_path, customers=3, webhook_attempts=4, **given) as started:
        yield started


def delivery(running: Console, receiver: Receiver) -> Delivery:
    """Return a delivery as `penumbra serve` has one."""
    parts = running.api.parts
    return Delivery(parts.ledger, parts.settings, parts.labels, post=receiver)


def outcome(running: Console, *outcomes: dict[str, Any]) -> dict[str, Any]:
    """Post outcomes as another tool does."""
    answered = running.api.client.post("/v1/dispositions", json=list(outcomes))
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


def test_a_confirmed_fraud_that_only_the_shadow_saw_is_handed_off(
    running: Console, receiver: Receiver
) -> None:
    """To the topic and to the webhook, with the alert; one that the rules declined is not."""
    approved, declined, _ = running.cases()
    with running.api.ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE legacy_decisions SET decision = 0")
        found = running.api.ledger.alert(declined.riskiest)
        assert found is not None
        connection.exec_driver_sql(
            "UPDATE legacy_decisions SET decision = 3 WHERE transaction_id = "
            f"'{found.transaction.transaction_id[0]}'"
        )
    outcome(running, *({"alert_id": one.riskiest, **FRAUD} for one in (approved, declined)))
    delivery(running, receiver).step()
    handed = running.published("penumbra.handoff")
    assert [one["alert"]["alert_id"] for one in handed] == [approved.riskiest]
    assert handed[0]["type"] == "handoff"
    assert handed[0]["fraud_type"] == "third_party"
    assert handed[0]["alert"]["explanation"]["reasons"]
    assert [one["type"] for one in receiver.got] == ["handoff"]
    assert receiver.got[0] == handed[0]
    delivery(running, receiver).step()
    assert len(running.published("penumbra.handoff")) == len(receiver.got) == 1


def test_alerts_are_posted_from_when_the_webhook_was_set(
    running: Console, receiver: Receiver
) -> None:
    """Not the whole past; each once, tried again later and later, and given up at last."""
    sender = delivery(running, receiver)
    sender.step()
    assert receiver.got == []
    moment = format_instant(running.clock() - 1000)
    running.api.score(payment("new", customer_id="new", amount_minor=90_000, occurred_at=moment))
    running.api.ledger.file_alerts(86_400_000)
    receiver.failing = 2
    sender.step()
    sender.step()
    assert (len(receiver.deliveries), receiver.got) == (1, [])
    running.clock.pass_s(1)
    sender.step()
    running.clock.pass_s(1)
    sender.step()
    assert len(receiver.deliveries) == 2
    running.clock.pass_s(1)
    sender.step()
    assert [one["alert"]["transaction_id"] for one in receiver.got] == ["new"]
    assert len(set(receiver.deliveries)) == 1
    receiver.failing = 99
    running.api.score(
        payment("other", customer_id="other", amount_minor=90_000, occurred_at=moment)
    )
    running.api.ledger.file_alerts(86_400_000)
    for _ in range(8):
        sender.step()
        running.clock.pass_s(10)
    assert running.api.ledger.delivery_counts()["webhook", "given_up"] == 1
    receiver.failing = 0
    running.person("adam").post("/operations/retry")
    sender.step()
    assert len(receiver.got) == 2


def test_labels_wait_for_a_broker_that_is_away_and_posts_do_not(
    running: Console, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost; the operations page says what waits."""
    outcome(running, {"alert_id": running.cases()[0].riskiest, **FRAUD})
    labels = running.api.parts.labels
    with monkeypatch.context() as patch:

        def away(*_: Any) -> None:
            raise BrokerUnavailable("nowhere", "away")

        patch.setattr(labels, "send", away)
        with pytest.raises(StreamError):
            delivery(running, receiver).step()
        assert running.api.ledger.waiting_labels() == 1
    delivery(running, receiver).step()
    assert running.api.ledger.waiting_labels() == 0
    assert len(running.published("fraud-labels")) == 1


def test_a_post_is_signed_with_its_time(tmp_path: Path) -> None:
    """As the documentation says to check it; a redirect is not followed, an error is an error."""
    got: list[tuple[dict[str, str], bytes]] = []
    statuses = [200, 302, 500]

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((dict(self.headers), body))
            self.send_response(statuses[len(got) - 1])
            self.send_header("Location", str(tmp_path))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/"
    given: dict[str, Any] = {"secret": SECRET, "delivery": "alert:a", "seconds": 77, "timeout_s": 5}
    try:
        post(url, b'{"type":"alert"}', **given)
        for _ in range(2):
            with pytest.raises(DeliveryFailed):
                post(url, b"{}", **given)
    finally:
        server.shutdown()
        server.server_close()
    headers, body = got[0]
    expected = hmac.new(SECRET.encode(), b"77." + body, hashlib.sha256).hexdigest()
    assert headers["Penumbra-Signature"] == f"t=77,v1={expected}"
    assert headers["Penumbra-Delivery"] == "alert:a"
    with pytest.raises(DeliveryFailed, match="not answered"):
        post(url, b"{}", **given)


def test_outcomes_of_another_tool_are_taken_once_and_decide_the_case(running: Console) -> None:
    """By alert or by transaction, with the other tool's case; the same again is nothing new."""
    case = running.cases()[0]
    flags = running.api.ledger.alerts_of_case(case.case_id)
    assert len(flags) == 2
    given = [
        {"alert_id": flags[0], "external_case_id": "J-7", "decided_by": "joe", **FRAUD},
        {"transaction_id": "t000-4", "disposition": "false_positive", "reason_code": "own_code"},
    ]
    first = outcome(running, given[0])
    assert running.case(case.case_id).status == "open"
    second = outcome(running, *given)
    assert [one["new"] for one in first["results"]] == [True]
    assert [one["new"] for one in second["results"]] == [False, True]
    decided = running.case(case.case_id)
    assert (decided.status, decided.disposition) == ("decided", "confirmed_fraud")
    said = running.api.ledger.dispositions_of_case(case.case_id)
    assert said[flags[0]].external_case_id == "J-7"
    assert said[flags[0]].decided_by == "joe"
    assert running.actions().count("outcome") == 2


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"alert_id": "none", **FRAUD}, 404),
        ({"alert_id": "a", "transaction_id": "t", **FRAUD}, 422),
        (FRAUD, 422),
        ({"alert_id": "a", "disposition": "perhaps", "reason_code": "x"}, 422),
        ({"alert_id": "a", **FRAUD, "disposition": "undetermined", "fraud_type": "scam"}, 422),
        ({"alert_id": "a", "decided_at": "yesterday noon, local", **FRAUD}, 422),
        ({"alert_id": "a\u0000", **FRAUD}, 404),
    ],
)  # fmt: skip
def test_all_outcomes_of_a_request_are_taken_or_none(
    running: Console, wrong: dict[str, Any], status: int
) -> None:
    """With a problem that says which is wrong."""
    good = {"alert_id": running.cases()[0].riskiest, **FRAUD}
    answered = running.api.client.post("/v1/dispositions", json=[good, wrong])
    assert answered.status_code == status
    assert answered.headers["content-type"] == "application/problem+json"
    assert running.api.ledger.waiting_labels() == 0


def test_other_tools_claim_and_note_for_their_own_users(running: Console) -> None:
    """The console shows who has the case; a second claim is refused while it lasts."""
    case = running.cases()[0]
    client, path = running.api.client, f"/v1/alerts/{case.riskiest}"
    claimed = client.post(f"{path}/claim", json={"claimed_by": "joe"})
    assert claimed.json()["assignee"] == "joe"
    assert "joe" in running.person("anna").get("/cases").text
    noted = client.post(f"{path}/notes", json={"text": "seen in the other tool", "author": "joe"})
    assert noted.status_code == 201
    assert "seen in the other tool" in running.person("anna").get(f"/cases/{case.case_id}").text
    said = client.post(f"{path}/disposition", json={"decided_by": "joe", **FRAUD})
    assert said.json()["results"][0]["new"]
    assert client.post("/v1/alerts/none/claim", json={}).status_code == 404
    entries = client.get(f"/v1/audit?customer_id={case.customer_id}&limit=2").json()
    assert len(entries["entries"]) == 2
    more = client.get(f"/v1/audit?before={entries['next_before']}").json()["entries"]
    assert all(one["id"] < entries["entries"][-1]["id"] for one in more)
