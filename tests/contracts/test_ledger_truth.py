"""Legacy decisions and labels join their transactions whenever they come."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from builders.ledger_rows import START_MS, labels, legacy_rows, own, score_rows, scored

from service.ledger import CHALLENGER, Commit, Ledger


def paired(ledger: Ledger) -> dict[str, Any]:
    """Return the rows of the paired view by transaction."""
    with ledger.reading() as connection:
        found = connection.exec_driver_sql("SELECT * FROM paired").mappings().all()
    rows = {row["transaction_id"]: row for row in found}
    assert len(rows) == len(found)
    return rows


def tell_legacy(ledger: Ledger, ids: list[str], decision: int, **changed: Any) -> None:
    """Commit legacy decisions from their topic."""
    lease = own(ledger, stream="legacy-decisions")
    given = legacy_rows(ids, decision, **changed)
    ledger.commit(lease, Commit(next_offset=lease.next_offset + len(ids), legacy=given))


def tell_label(ledger: Ledger, label_id: str, *, is_fraud: bool, **changed: Any) -> None:
    """Commit a label of transaction t1 from its topic."""
    lease = own(ledger, stream="fraud-labels")
    given = labels([label_id], ["t1"], is_fraud=is_fraud, **changed)
    ledger.commit(lease, Commit(next_offset=lease.next_offset + 1, labels=given))


@pytest.mark.parametrize("first", ["transaction", "legacy"])
def test_a_legacy_decision_joins_whichever_side_comes_first(ledger: Ledger, first: str) -> None:
    """Before or after its transaction, the decision is found and paired."""
    if first == "legacy":
        tell_legacy(ledger, ["t1"], 3)
    ledger.commit(own(ledger), scored(["t1", "t2"], next_offset=2))
    if first == "transaction":
        assert paired(ledger)["t1"]["legacy_decision"] is None
        tell_legacy(ledger, ["t1"], 3)
    rows = paired(ledger)
    assert (rows["t1"]["legacy_decision"], rows["t1"]["ruleset_version"]) == (3, "v7")
    assert rows["t2"]["legacy_decision"] is None
    known = ledger.legacy_for(["t1", "t2"])
    assert list(known) == ["t1"]
    assert known["t1"].rules == ("amount_high", "night")
    assert (known["t1"].score, known["t1"].decided_ms) == (None, START_MS - 5)


def test_the_first_legacy_decision_is_compared_and_later_ones_are_kept(ledger: Ledger) -> None:
    """The same decision again is a duplicate; another one is a further revision."""
    ledger.commit(own(ledger), scored(["t1"], next_offset=1))
    for decision in (1, 1, 3, 1, 3):
        tell_legacy(ledger, ["t1"], decision)
    with ledger.reading() as connection:
        kept = connection.exec_driver_sql(
            "SELECT revision, decision FROM legacy_decisions ORDER BY revision"
        ).all()
    assert [tuple(row) for row in kept] == [(0, 1), (1, 3)]
    assert paired(ledger)["t1"]["legacy_decision"] == 1
    assert ledger.legacy_for(["t1"])["t1"].decision == 1


def test_decisions_of_one_transaction_from_many_sides_are_all_kept(ledger: Ledger) -> None:
    """Concurrent partitions that tell different decisions of a transaction lose none."""

    def tell(partition: int) -> None:
        lease = own(ledger, partition, stream="legacy-decisions")
        ids = [f"t{n}" for n in range(20)]
        given = legacy_rows(ids, decision=partition % 4)
        ledger.commit(lease, Commit(next_offset=20, legacy=given))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(4)))
    with ledger.reading() as connection:
        kept = connection.exec_driver_sql(
            "SELECT transaction_id, count(*), max(revision), count(DISTINCT decision) "
            "FROM legacy_decisions GROUP BY transaction_id"
        ).all()
    assert {tuple(row[1:]) for row in kept} == {(4, 3, 4)}
    assert len(kept) == 20
    assert ledger.coverage().total["kept"] == 80


def test_the_newest_label_is_the_truth(ledger: Ledger) -> None:
    """Labels may be revised: what was learnt last counts, and history is kept."""
    ledger.commit(own(ledger), scored(["t1"], next_offset=1))
    assert paired(ledger)["t1"]["is_fraud"] is None
    tell_label(ledger, "l1", is_fraud=True, known_ms=START_MS)
    assert bool(paired(ledger)["t1"]["is_fraud"]) is True
    assert paired(ledger)["t1"]["fraud_type"] == "third_party"
    tell_label(ledger, "l2", is_fraud=False, known_ms=START_MS + 1)
    row = paired(ledger)["t1"]
    assert (bool(row["is_fraud"]), row["label_id"], row["known_ms"]) == (False, "l2", START_MS + 1)


def test_a_superseded_label_is_never_the_truth(ledger: Ledger) -> None:
    """Not even when the label that supersedes it was known earlier."""
    ledger.commit(own(ledger), scored(["t1"], next_offset=1))
    tell_label(ledger, "correction", is_fraud=False, known_ms=START_MS, supersedes="wrong")
    tell_label(ledger, "wrong", is_fraud=True, known_ms=START_MS + 5)
    assert paired(ledger)["t1"]["label_id"] == "correction"


def test_a_label_before_its_transaction_waits_for_it(ledger: Ledger) -> None:
    """Labels of transactions not yet seen are kept and join later."""
    tell_label(ledger, "early", is_fraud=True)
    assert paired(ledger) == {}
    ledger.commit(own(ledger), scored(["t1"], next_offset=1))
    assert paired(ledger)["t1"]["label_id"] == "early"


def test_a_pair_is_one_row_a_transaction(ledger: Ledger) -> None:
    """Challengers, further legacy revisions and older labels do not multiply rows."""
    rows = [score_rows(2, [1]), score_rows(2, bundle_id="next-0", role=CHALLENGER)]
    ledger.commit(own(ledger), scored(["t1", "t2"], next_offset=2, scores=rows))
    for decision in (0, 1, 2):
        tell_legacy(ledger, ["t1"], decision)
    for number in range(3):
        tell_label(ledger, f"l{number}", is_fraud=number == 0, known_ms=START_MS + number)
    found = paired(ledger)
    assert sorted(found) == ["t1", "t2"]
    assert np.isclose(found["t2"]["log_odds"], 3.5)
    assert (found["t1"]["legacy_decision"], found["t1"]["label_id"]) == (0, "l2")
