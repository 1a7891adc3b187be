"""The newest payments, with what the legacy rules and the shadow said of each."""

from dataclasses import replace
from typing import Any

import numpy as np
from builders.ledger_rows import (
    START_MS,
    legacy_rows,
    own,
    score_rows,
    scored,
    transaction_rows,
)

from service.ledger import Commit, ExplanationRows, Ledger


def commit(ledger: Ledger, partition: int, ids: list[str], at_ms: int, **parts: Any) -> None:
    """Record these payments, taken in at a moment."""
    lease = own(ledger, partition)
    rows = replace(transaction_rows(ids), ingested_ms=at_ms)
    ledger.commit(
        lease, scored(ids, next_offset=lease.next_offset + len(ids), transactions=rows, **parts)
    )


def test_an_empty_ledger_has_none(ledger: Ledger) -> None:
    """There is nothing to show before anything came."""
    assert ledger.newest() == []


def test_the_last_of_all_partitions_come_newest_first(ledger: Ledger) -> None:
    """However the payments are spread, the latest are shown in the order in which they came."""
    commit(ledger, 0, [f"a{n}" for n in range(20)], START_MS)
    commit(ledger, 1, ["b0", "b1"], START_MS + 5)
    commit(ledger, 2, ["c0"], START_MS + 9)
    assert [one.transaction_id for one in ledger.newest(5)] == ["c0", "b1", "b0", "a19", "a18"]


def test_each_shows_both_sides(ledger: Ledger) -> None:
    """The legacy decision once it is known, risk and flag, and the alert once it is explained."""
    commit(ledger, 0, ["t0", "t1"], START_MS, flagged=[1], legacy=legacy_rows(["t0"]))
    plain, flagged = sorted(ledger.newest(), key=lambda one: one.transaction_id)
    assert (plain.legacy, plain.risk, plain.flagged, plain.alert_id) == (3, 10, False, None)
    assert (flagged.legacy, flagged.risk, flagged.flagged) == (None, 901, True)
    assert flagged.alert_id == "alert-t1"
    assert not flagged.explained
    ledger.save_explanations(ExplanationRows(["alert-t1"], [b"{}"], ["deeplift"], START_MS))
    assert ledger.newest(1)[0].explained


def test_what_could_not_be_scored_is_there_and_says_so(ledger: Ledger) -> None:
    """Unscored is not 0: there is no risk to show."""
    scores = score_rows(1, reason=["model_error"], risk=np.array([-1]), log_odds=np.array([np.nan]))
    commit(ledger, 0, ["t0"], START_MS, scores=[scores], counters={"consumed": 1, "unscored": 1})
    (one,) = ledger.newest()
    assert (one.status, one.risk) == ("unscored", None)


def test_transactions_without_a_decision_are_left_out(ledger: Ledger) -> None:
    """Refunds and warmed history are in the ledger, and neither side decided on them."""
    commit(ledger, 0, ["t0"], START_MS)
    lease = own(ledger)
    ledger.commit(
        lease,
        Commit(
            next_offset=lease.next_offset + 1,
            counters={"consumed": 1, "not_scored": 1},
            transactions=transaction_rows(["refund"]),
        ),
    )
    assert [one.transaction_id for one in ledger.newest()] == ["t0"]
