"""What Penumbra publishes, as bytes."""

import json
from typing import Any

import numpy as np
import pytest

from models.transaction import text
from service.ledger import DeadLetter, Decisions, Legacy
from service.records import dead_letter_record, decision_bytes, decision_records

MS = 1_782_900_000_123
DECLINED = Legacy("builtin", 3, 0.5, ("night", "amount"), "v7", MS, MS)


def decisions(**changed: Any) -> Decisions:
    """Return one scored decision without a legacy one."""
    given: dict[str, Any] = {
        "stream": text(["transactions"]),
        "partition": np.array([0]),
        "sequence": np.array([5]),
        "transaction_id": text(["t1"]),
        "customer_id": text(["ünï"]),
        "occurred_ms": np.array([MS]),
        "utc_offset_min": np.array([120], np.int16),
        "amount_minor": np.array([1000]),
        "currency": text(["EUR"]),
        "bundle_id": text(["demo-1"]),
        "status": text(["scored"]),
        "reason": text([None]),
        "log_odds": np.array([0.0]),
        "anomaly": np.array([0.25]),
        "risk": np.array([700], np.int16),
        "flagged": np.array([True]),
        "threshold": np.array([-1.0]),
        "scored_ms": np.array([MS]),
        "legacy": [None],
    }
    return Decisions(**given | changed)


def published(legacy_positive: str = "decline", **changed: Any) -> dict[str, Any]:
    """Return the JSON of one decision."""
    [(_, value)] = decision_bytes(decisions(**changed), legacy_positive)
    found: dict[str, Any] = json.loads(value)
    return found


def test_a_scored_decision_says_all_of_its_contract() -> None:
    """Times are UTC instants, the probability belongs to the log-odds."""
    found = published(legacy=[DECLINED])
    assert found["fraud_probability"] == 0.5
    assert found["risk_score"] == 700
    assert found["occurred_at"] == found["scored_at"] == "2026-07-01T10:00:00.123Z"
    assert found["status"] == "scored"
    assert found["reason"] is None
    assert found["disagreement"] == "both"
    assert found["legacy"] == {
        "decision": "decline",
        "source": "builtin",
        "score": 0.5,
        "rules": ["night", "amount"],
        "ruleset_version": "v7",
        "decided_at": "2026-07-01T10:00:00.123Z",
    }


def test_an_unscored_decision_has_no_numbers_and_no_disagreement() -> None:
    """Null is not 0, and not "legitimate"."""
    nothing = np.array([np.nan])
    found = published(
        status=text(["unscored"]),
        reason=text(["not_finite"]),
        log_odds=nothing,
        anomaly=nothing,
        risk=np.array([-1], np.int16),
        flagged=np.array([False]),
        legacy=[DECLINED],
    )
    assert (found["status"], found["reason"]) == ("unscored", "not_finite")
    numbers = ("fraud_probability", "anomaly_score", "risk_score", "log_odds", "disagreement")
    assert [found[name] for name in numbers] == [None] * 5
    assert found["flagged"] is False


@pytest.mark.parametrize(
    ("decision", "positive", "flagged", "said"),
    [
        (3, "decline", True, "both"),
        (3, "decline", False, "legacy_only"),
        (2, "decline", True, "shadow_only"),
        (2, "decline+review", True, "both"),
        (1, "decline+review", False, "neither"),
        (1, "all-but-approve", False, "legacy_only"),
        (0, "all-but-approve", False, "neither"),
    ],
)
def test_disagreement_follows_what_counts_as_a_legacy_flag(
    decision: int, positive: str, said: str, *, flagged: bool
) -> None:
    """By the setting that is printed on every comparison."""
    legacy = Legacy("topic", decision, None, (), None, None, MS)
    found = published(positive, flagged=np.array([flagged]), legacy=[legacy])
    assert found["disagreement"] == said


def test_without_a_legacy_decision_nothing_is_compared() -> None:
    """Disagreement is null until it is known."""
    found = published()
    assert found["legacy"] is None
    assert found["disagreement"] is None


def test_the_key_is_the_customer_and_may_be_missing() -> None:
    """Consumers find a customer's decisions in one partition."""
    assert decision_bytes(decisions(), "decline")[0][0] == "ünï".encode()
    assert decision_bytes(decisions(customer_id=text([None])), "decline")[0][0] is None


def test_ids_depend_on_payment_and_bundle_alone() -> None:
    """So a consumer can drop what was sent again."""
    one, again, other = (
        decision_records(decisions(**changed), "decline")[0].decision_id
        for changed in ({}, {"scored_ms": np.array([1])}, {"bundle_id": text(["demo-2"])})
    )
    assert one == again != other


def test_a_dead_letter_tells_whence_and_why() -> None:
    """In headers; an offset that its source does not have is empty."""
    letter = DeadLetter(9, "http", 2, 1, None, "conflict", "said ünlike", b"{}", None, MS, None)
    record = dead_letter_record(letter, 100)
    assert (record.key, record.value) == (None, b"{}")
    assert dict(record.headers) == {
        "reason": b"conflict",
        "error": "said ünlike".encode(),
        "source_topic": b"http",
        "source_partition": b"2",
        "source_offset": b"",
        "dead_letter_id": b"9",
    }
