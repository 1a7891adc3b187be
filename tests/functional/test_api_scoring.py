"""Scoring by HTTP: each transaction once, explained if flagged, refused with its reason."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.api import Api, api, payment
from plugins.bundles import make_bundle

from service.api.routes.coverage import reconciles

FLAG_ALL, FLAG_NONE = -100.0, 100.0
CARD = "4111111111111111"


@pytest.fixture
def flagging(tmp_path: Path) -> Path:
    """Give a bundle that flags everything."""
    return make_bundle(tmp_path / "flagging", threshold=FLAG_ALL)


@pytest.fixture
def served(ledger_url: str, tmp_path: Path, flagging: Path) -> Iterator[Api]:
    """Give an API over an empty ledger of each kind."""
    with api(ledger_url, tmp_path, flagging) as running:
        yield running


def counters(running: Api) -> dict[str, int]:
    """Return the counters of the HTTP stream, which must reconcile."""
    found = running.ledger.coverage().streams["http"]
    assert reconciles(found)
    return {name: count for name, count in found.items() if count}


def test_a_transaction_is_scored_and_its_flag_explained(served: Api) -> None:
    """The answer holds the decision and the alert, which is visible and adds up."""
    answered = served.score(payment())
    assert answered.status_code == 200
    said = answered.json()
    assert (said["status"], said["duplicate"], said["transaction_id"]) == ("scored", False, "t1")
    decision, alert = said["decision"], said["alert"]
    assert decision["flagged"]
    assert decision["legacy"]["source"] == "builtin"
    explanation = alert["explanation"]
    total = explanation["base_value"] + sum(
        one["contribution"] for one in explanation["contributions"]
    )
    assert total == pytest.approx(decision["log_odds"], abs=1e-4)
    shown = served.client.get(f"/v1/alerts/{alert['alert_id']}").json()
    assert shown["alert"] == alert
    assert counters(served) == {"consumed": 1, "scored": 1}


def test_the_same_transaction_again_is_answered_with_the_stored_decision(served: Api) -> None:
    """Nothing is scored twice, and the answers differ in `duplicate` only."""
    first = served.score(payment()).json()
    again = served.score(payment()).json()
    assert again == first | {"duplicate": True}
    assert counters(served) == {"consumed": 2, "scored": 1, "duplicates": 1}


def test_the_same_id_with_other_content_is_a_conflict(served: Api) -> None:
    """The first stays, the second is a dead letter, and 409 says so."""
    served.score(payment())
    answered = served.score(payment(amount_minor=1_001))
    assert answered.status_code == 409
    assert answered.json()["type"] == "urn:penumbra:problem:conflict"
    [letter] = served.ledger.dead_letters()
    assert (letter.stream, letter.reason) == ("http", "conflict")
    assert counters(served) == {"consumed": 2, "scored": 1, "dead_letters": 1}


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"{", 400, "malformed_json"),
        (b"", 400, "tombstone"),
        (b'{"transaction_id":"\xff"}', 400, "not_utf8"),
        (payment(amount_minor=-1), 422, "negative_amount"),
        (payment(amount_minor="1"), 422, "invalid_field"),
        (payment(currency="XYZ"), 422, "unknown_currency"),
        (payment(occurred_at="2026-07-01T12:00:00"), 422, "naive_time"),
        (payment(occurred_at="2099-07-01T12:00:00Z"), 422, "far_future"),
        (payment(device_id=CARD), 422, "card_number"),
        (payment(entry_mode="x" * 1_000_000), 413, "oversized"),
    ],
)
def test_a_refused_transaction_is_a_problem_and_a_dead_letter(
    ledger_url: str, tmp_path: Path, flagging: Path, body: Any, status: int, reason: str
) -> None:
    """Each with its own reason; a card number in it is neither told nor kept."""
    with api(ledger_url, tmp_path, flagging) as served:
        given = {"content": body} if isinstance(body, bytes) else {"json": body}
        answered = served.client.post(
            "/v1/score", headers={"content-type": "application/json"}, **given
        )
        assert (answered.status_code, answered.json()["reason"]) == (status, reason)
        [letter] = served.ledger.dead_letters()
        assert letter.reason == reason
        assert CARD not in answered.text
        assert CARD.encode() not in letter.payload
        assert counters(served) == {"consumed": 1, "dead_letters": 1}


def test_the_good_ones_of_a_batch_are_scored_whatever_the_others_are(served: Api) -> None:
    """Answers stand in the batch's order, with a reason where one was refused."""
    served.score(payment("old"))
    answered = served.score(
        payment("a", customer_id="c1"),
        payment("b", currency="XYZ"),
        payment("old"),
        payment("refund", type="refund"),
        payment("a", customer_id="c1"),
        payment("a", customer_id="c2"),
        payment("c", customer_id="c2"),
    )
    assert answered.status_code == 200
    results = answered.json()["results"]
    assert [(r["status"], r["duplicate"], r["transaction_id"], r["reason"]) for r in results] == [
        ("scored", False, "a", None),
        ("rejected", False, None, "unknown_currency"),
        ("scored", True, "old", None),
        ("not_scored", False, "refund", results[3]["reason"]),
        ("scored", True, "a", None),
        ("rejected", False, "a", "conflict"),
        ("scored", False, "c", None),
    ]
    assert answered.json()["counts"] == {
        "scored": 2, "unscored": 0, "not_scored": 1, "rejected": 2, "duplicates": 2
    }  # fmt: skip
    assert counters(served) == {
        "consumed": 8, "scored": 3, "duplicates": 2, "not_scored": 1, "dead_letters": 2
    }  # fmt: skip


def test_what_the_model_cannot_score_says_so(ledger_url: str, tmp_path: Path) -> None:
    """Unscored with the reason; no number stands in for the missing score."""
    broken = make_bundle(tmp_path / "broken", weights=[np.nan] * 5)
    with api(ledger_url, tmp_path, broken) as served:
        said = served.score(payment()).json()
        assert (said["status"], said["reason"], said["alert"]) == ("unscored", "not_finite", None)
        assert said["decision"]["log_odds"] is None
        assert not said["decision"]["flagged"]
        assert counters(served) == {"consumed": 1, "unscored": 1}


def test_a_batch_beyond_the_limit_is_refused_whole(
    ledger_url: str, tmp_path: Path, flagging: Path
) -> None:
    """Nothing of it is taken, so it can be sent in parts."""
    with api(ledger_url, tmp_path, flagging, batch_size=2) as served:
        answered = served.score(payment("a"), payment("b"), payment("c"))
        assert answered.status_code == 413
        assert "at most 2" in answered.json()["detail"]
        assert counters(served) == {}


def test_an_array_that_cannot_be_read_is_refused_whole(served: Api) -> None:
    """Where one record ends and the next begins is not known: nothing is taken."""
    answered = served.client.post(
        "/v1/score", content=b'[{"a":1},', headers={"content-type": "application/json"}
    )
    assert answered.status_code == 400
    assert counters(served) == {}


def test_a_ledger_keeps_its_number_of_partitions(
    ledger_url: str, tmp_path: Path, flagging: Path
) -> None:
    """Another number would part customers from their histories, so it is refused."""
    with api(ledger_url, tmp_path, flagging, http_partitions=2):
        pass
    with (
        pytest.raises(Exception, match="set it to 2"),
        api(ledger_url, tmp_path, flagging, http_partitions=3),
    ):
        pass
