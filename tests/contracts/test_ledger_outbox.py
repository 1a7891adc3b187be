"""What is published comes from the ledger, in order, again and again the same."""

import numpy as np
import pytest
from builders.ledger_rows import (
    START_MS,
    TOPIC,
    dead_letter_rows,
    legacy_rows,
    own,
    score_rows,
    scored,
    transaction_rows,
)

from service.ledger import CHALLENGER, Commit, Ledger, Snapshot

DECISIONS = "penumbra.decisions"


def test_decisions_come_in_order_from_the_mark_on(ledger: Ledger) -> None:
    """Publishing in steps sends every champion decision once, in sequence order."""
    lease = own(ledger)
    lease = ledger.commit(lease, scored(["t1", "t2"], next_offset=2))
    lease = ledger.commit(lease, scored(["t3", "t4", "t5"], next_offset=5))
    ledger.commit(own(ledger, 1), scored(["other"], next_offset=1))
    sent: list[str] = []
    while True:
        through = ledger.published(TOPIC, 0).get(DECISIONS, 0)
        decisions = ledger.unpublished_decisions(TOPIC, 0, through, 2)
        if len(decisions) == 0:
            break
        sent += decisions.transaction_id.tolist()
        ledger.mark_published(TOPIC, 0, DECISIONS, int(decisions.sequence[-1]) + 1)
    assert sent == ["t1", "t2", "t3", "t4", "t5"]
    assert ledger.published(TOPIC, 1) == {}


def test_a_mark_never_goes_back(ledger: Ledger) -> None:
    """A slow former owner cannot make the newer one publish again."""
    for through in (5, 3, 7, 6):
        ledger.mark_published(TOPIC, 0, DECISIONS, through)
    ledger.mark_published(TOPIC, 0, "penumbra.dead-letters", 2)
    assert ledger.published(TOPIC, 0) == {DECISIONS: 7, "penumbra.dead-letters": 2}


def test_a_decision_holds_what_was_scored(ledger: Ledger) -> None:
    """Numbers come back bit for bit; an unscored row has a reason and no numbers."""
    log_odds = np.array([0.1, np.nan], np.float32)
    rows = score_rows(
        2,
        log_odds=log_odds,
        anomaly=np.array([np.inf, np.nan], np.float32),
        risk=np.array([999, -1], np.int16),
        reason=[None, "model_timeout"],
    )
    given = transaction_rows(["t1", "t2"], utc_offset_min=np.array([120, -32768], np.int16))
    batch = scored(
        ["t1", "t2"],
        next_offset=2,
        scores=[rows, score_rows(2, bundle_id="next-0", role=CHALLENGER)],
        transactions=given,
        counters={"consumed": 2, "scored": 1, "unscored": 1},
    )
    ledger.commit(own(ledger), batch)
    found = ledger.unpublished_decisions(TOPIC, 0, 0, 10)
    assert found.log_odds.astype(np.float32).tobytes() == log_odds.tobytes()
    assert found.anomaly[0] == np.inf
    assert np.isnan(found.anomaly[1])
    assert found.risk.tolist() == [999, -1]
    assert found.status.tolist() == ["scored", "unscored"]
    assert found.reason.tolist() == [None, "model_timeout"]
    assert found.utc_offset_min.tolist() == [120, -32768]
    assert found.occurred_ms.tolist() == [START_MS, START_MS + 60_000]
    assert found.customer_id.tolist() == ["customer-0", "customer-1"]
    assert found.flagged.dtype == bool


def test_types_that_are_not_scored_are_not_published(ledger: Ledger) -> None:
    """A transaction without a champion score takes a sequence and sends no decision."""
    rows = score_rows(1, row=np.array([1]))
    counters = {"consumed": 2, "scored": 1, "not_scored": 1}
    batch = scored(["refund", "payment"], next_offset=2, scores=[rows], counters=counters)
    ledger.commit(own(ledger), batch)
    found = ledger.unpublished_decisions(TOPIC, 0, 0, 10)
    assert found.transaction_id.tolist() == ["payment"]
    assert found.sequence.tolist() == [1]


@pytest.mark.parametrize("known", [True, False])
def test_a_decision_published_again_is_the_same(ledger: Ledger, *, known: bool) -> None:
    """A legacy decision that came after scoring does not change what is sent again."""
    lease = own(ledger)
    rows = score_rows(1, legacy_known=np.array([known]))
    legacy = legacy_rows(["t1"], decision=0, source="inline") if known else None
    ledger.commit(lease, scored(["t1"], next_offset=1, scores=[rows], legacy=legacy))
    before = ledger.unpublished_decisions(TOPIC, 0, 0, 10).legacy
    ledger.commit(
        own(ledger, stream="legacy-decisions"),
        Commit(next_offset=1, legacy=legacy_rows(["t1"], decision=3)),
    )
    assert ledger.unpublished_decisions(TOPIC, 0, 0, 10).legacy == before
    assert [None if d is None else d.decision for d in before] == [0 if known else None]


def test_dead_letters_are_published_by_partition_and_can_be_sent_in_again(
    ledger: Ledger,
) -> None:
    """They come in order of their offsets, from the mark on, and remember being redriven."""
    for partition in (0, 1):
        counters = {"consumed": 3, "dead_letters": 3}
        batch = Commit(next_offset=9, counters=counters, dead_letters=dead_letter_rows([2, 5, 8]))
        ledger.commit(own(ledger, partition), batch)
    found = ledger.unpublished_dead_letters(TOPIC, 1, 0, 2)
    assert [(d.partition, d.offset) for d in found] == [(1, 2), (1, 5)]
    (rest,) = ledger.unpublished_dead_letters(TOPIC, 1, found[-1].id + 1, 9)
    assert (rest.offset, rest.reason, rest.redriven_ms) == (8, "malformed", None)
    ledger.mark_redriven([rest.id])
    everything = ledger.dead_letters()
    assert [d.redriven_ms is not None for d in everything] == [d.id == rest.id for d in everything]
    assert ledger.dead_letters(after_id=everything[3].id, limit=1) == [everything[4]]


def test_a_record_of_a_new_source_epoch_is_a_dead_letter_of_its_own(ledger: Ledger) -> None:
    """The same offset of a recreated topic is another record."""
    for identity in ("a", "b"):
        batch = Commit(
            next_offset=1,
            counters={"consumed": 1, "dead_letters": 1},
            dead_letters=dead_letter_rows([0]),
        )
        ledger.commit(own(ledger, identity=identity), batch)
    assert [d.source_epoch for d in ledger.dead_letters()] == [0, 1]


def test_snapshots_are_found_newest_first_by_kernel(ledger: Ledger) -> None:
    """A snapshot is recorded once; another kernel's are not offered."""
    lease = own(ledger)
    for sequence, kernel in ((10, "1"), (30, "1"), (20, "2"), (30, "1")):
        kept = Snapshot(TOPIC, 0, sequence, kernel, f"file:///{sequence}", "ab")
        ledger.save_snapshot(kept, lease)
    found = ledger.snapshots(TOPIC, 0, "1")
    assert [(s.sequence, s.url) for s in found] == [(30, "file:///30"), (10, "file:///10")]
    assert ledger.snapshots(TOPIC, 1, "1") == []
