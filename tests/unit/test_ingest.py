"""Labels and legacy decisions on their way in."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.instants import format_instant
from models.intake import Intake
from models.money import Rates
from service.ingest import label_commit, legacy_commit
from service.ledger import Commit, LabelRows, Lease
from service.stream.ports import Record

NOW_MS = 1_785_600_000_000
HOUR_MS = 3_600_000
LEASE = Lease("fraud-labels", 0, 1, 0, 0, 0, None, None, 0, 0, identity_changed=False)
CARD = "4111111111111111"


def label(number: int = 1, **changed: Any) -> dict[str, Any]:
    """Return a label as JSON would say it."""
    return {
        "transaction_id": f"t{number}",
        "is_fraud": True,
        "source": "chargeback",
        "labelled_at": "2026-07-01T12:00:00Z",
        "label_id": f"label-{number}",
    } | changed


def watermark(at_ms: int) -> dict[str, str]:
    """Return a watermark."""
    return {"watermark": format_instant(at_ms)}


def records(*said: dict[str, Any] | bytes | None) -> list[Record]:
    """Return records of these values at offsets 10, 11, ..."""
    return [
        Record(10 + n, b"key", json.dumps(v).encode() if isinstance(v, dict) else v, 0, ())
        for n, v in enumerate(said)
    ]


def ingested(*said: dict[str, Any] | bytes | None, trust: bool = False, **given: Any) -> Commit:
    """Return the commit of a batch of labels that arrives at NOW_MS."""
    given = {"now_ms": NOW_MS} | given
    return label_commit(LEASE, records(*said), trust_known_at=trust, **given)


def labels_of(commit: Commit) -> LabelRows:
    """Return the labels of a commit that has some."""
    assert commit.labels is not None
    return commit.labels


def reasons(commit: Commit) -> list[tuple[int, str]]:
    """Return offset and reason of each dead letter."""
    letters = commit.dead_letters
    if letters is None or letters.offset is None:
        return []
    return list(zip(letters.offset.tolist(), letters.reason, strict=True))


def test_on_the_ingest_clock_a_label_is_known_when_it_arrives() -> None:
    """What the record says of `known_at` plays no part: a back-dated label changes no past."""
    commit = ingested(label(known_at="2026-01-01T00:00:00Z"))
    assert labels_of(commit).labels.known_ms.tolist() == [NOW_MS]
    assert commit.watermark_ms == NOW_MS
    assert labels_of(commit).labels.labelled_ms[0] < NOW_MS


def test_on_the_record_clock_a_label_is_known_when_it_says() -> None:
    """For replays of history; without `known_at` the time of arrival stands in."""
    commit = ingested(label(1, known_at=format_instant(NOW_MS - HOUR_MS)), label(2), trust=True)
    assert labels_of(commit).labels.known_ms.tolist() == [NOW_MS - HOUR_MS, NOW_MS]


_TIMES = st.lists(st.tuples(st.booleans(), st.integers(-50, 50)), min_size=1, max_size=10)


@settings(deadline=None)
@given(said=_TIMES, before=st.none() | st.integers(-50, 50), trust=st.booleans())
def test_known_at_never_decreases(
    said: list[tuple[bool, int]], before: int | None, *, trust: bool
) -> None:
    """Within a partition, over labels, watermarks and batches, on either clock."""
    lease = replace(LEASE, watermark_ms=None if before is None else NOW_MS + before * HOUR_MS)
    batch = records(
        *(
            watermark(NOW_MS + at * HOUR_MS)
            if mark
            else label(n, known_at=format_instant(NOW_MS + at * HOUR_MS))
            for n, (mark, at) in enumerate(said)
        )
    )
    commit = label_commit(lease, batch, now_ms=NOW_MS, trust_known_at=trust)
    known = [] if commit.labels is None else commit.labels.labels.known_ms.tolist()
    marks = [m for m in (lease.watermark_ms,) if m is not None]
    assert known == sorted(known)
    assert not marks or all(at >= marks[0] for at in known)
    assert commit.watermark_ms is not None
    assert commit.watermark_ms >= max([*marks, *known], default=commit.watermark_ms)
    assert commit.counters["kept"] + len(known) == len(said)


def test_a_watermark_moves_the_partition_and_is_kept() -> None:
    """It counts as consumed and kept, and writes no label."""
    commit = ingested(watermark(NOW_MS - HOUR_MS))
    assert commit.watermark_ms == NOW_MS - HOUR_MS
    assert commit.labels is None
    assert commit.counters["consumed"] == commit.counters["kept"] == 1
    assert commit.next_offset == 11


def test_a_watermark_ahead_of_the_ingest_clock_delays_no_label() -> None:
    """A clock that once ran wild does not make every later label unknown for years."""
    commit = ingested({"watermark": "2999-01-01T00:00:00Z"}, label())
    assert labels_of(commit).labels.known_ms.tolist() == [NOW_MS]
    trusted = ingested({"watermark": "2999-01-01T00:00:00Z"}, trust=True)
    assert (trusted.watermark_ms or 0) > NOW_MS


def test_a_label_may_say_the_word_watermark() -> None:
    """Only a record that is a watermark is taken for one."""
    commit = ingested(label(label_id="watermark"))
    assert labels_of(commit).labels.label_id.tolist() == ["watermark"]
    assert reasons(commit) == []


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "tombstone"),
        (b"", "tombstone"),
        (b"{", "malformed_json"),
        (b"\xff{}", "not_utf8"),
        (label(is_fraud="yes"), "invalid_field"),
        (label(source="gossip"), "invalid_field"),
        (label(labelled_at="2026-07-01T12:00:00"), "invalid_time"),
        (label(label_id="a\0b"), "invalid_field"),
        (label(transaction_id="a\0b"), "invalid_field"),
        (label(supersedes="a\0b"), "invalid_field"),
        (label(transaction_id=CARD), "card_number"),
        ({"watermark": "whenever it may suit"}, "invalid_time"),
        ({"watermark": 5}, "invalid_field"),
    ],
)
def test_a_bad_label_is_a_dead_letter_and_its_neighbours_are_kept(
    value: dict[str, Any] | bytes | None, reason: str
) -> None:
    """With its offset and the reason; nothing that PostgreSQL cannot store gets further."""
    commit = ingested(label(1), value, label(2))
    assert reasons(commit) == [(11, reason)]
    assert labels_of(commit).labels.label_id.tolist() == ["label-1", "label-2"]
    assert commit.counters["consumed"] == commit.counters["dead_letters"] == 1
    assert commit.next_offset == 13


def test_no_card_number_is_kept_in_a_dead_letter() -> None:
    """Payload and error are masked."""
    letters = ingested(label(transaction_id=CARD)).dead_letters
    assert letters is not None
    assert CARD.encode() not in letters.payload[0]
    assert CARD not in letters.error[0]


def test_a_declared_id_that_looks_like_a_card_number_is_labelled() -> None:
    """The payment of that id was let in: so are its label and its legacy decision."""
    intake = Intake(Rates.none("EUR"), id_formats={"transaction_id": "numeric"})
    commit = ingested(label(transaction_id=CARD), intake=intake)
    assert labels_of(commit).labels.transaction_id.tolist() == [CARD]
    assert commit.counters["exempted_ids"] == 1
    decided = legacy_commit(
        records({"transaction_id": CARD, "decision": "approve"}), now_ms=NOW_MS, intake=intake
    )
    assert decided.legacy is not None
    assert decided.counters["exempted_ids"] == 1


def test_legacy_decisions_are_kept_with_all_they_say() -> None:
    """Absent parts are missing, not zero."""
    commit = legacy_commit(
        records(
            {"transaction_id": "a", "decision": "decline", "score": 0.75, "rules": ["night"],
             "ruleset_version": "v7", "decided_at": "2026-07-01T12:00:00Z"},
            {"transaction_id": "b", "decision": "approve"},
        ),
        now_ms=NOW_MS,
    )  # fmt: skip
    rows = commit.legacy
    assert rows is not None
    assert list(rows.transaction_id) == ["a", "b"]
    assert rows.decision.tolist() == [3, 0]
    assert rows.score[0] == 0.75
    assert np.isnan(rows.score[1])
    assert list(rows.rules) == [("night",), ()]
    assert rows.decided_ms.tolist() == [1_782_907_200_000, -1]
    assert commit.next_offset == 12


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"decision": "maybe"}, "invalid_field"),
        ({"decided_at": "yesterday"}, "invalid_time"),
        ({"transaction_id": "a\0b"}, "invalid_field"),
        ({"ruleset_version": "v\0"}, "invalid_field"),
        ({"rules": ["fine", f"card {CARD}"]}, "card_number"),
    ],
)
def test_a_bad_legacy_decision_is_a_dead_letter(changed: dict[str, Any], reason: str) -> None:
    """The others of the batch are kept."""
    good = {"transaction_id": "a", "decision": "approve"}
    commit = legacy_commit(records(good, good | changed), now_ms=NOW_MS)
    assert reasons(commit) == [(11, reason)]
    assert commit.legacy is not None
    assert len(commit.legacy) == 1
