"""A batch is written whole or not at all, and every record is counted once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders.ledger_rows import (
    START_MS,
    TOPIC,
    dead_letter_rows,
    labels,
    legacy_rows,
    own,
    score_rows,
    scored,
    transaction_rows,
)

from service.errors import (
    AccountingBroken,
    LedgerError,
    LedgerUnavailable,
    OwnershipLost,
    TransactionConflict,
)
from service.ledger import CHALLENGER, Commit, Ledger, wall_clock_ms
from service.ledger.tables import metadata

EVERYTHING = [t.name for t in metadata.sorted_tables if t.name != "partitions"]


def rows(ledger: Ledger) -> dict[str, int]:
    """Return the number of rows of every table but `partitions`."""
    with ledger.reading() as connection:
        return {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
            for name in EVERYTHING
        }


def full(ids: list[str], next_offset: int) -> Commit:
    """Return a batch with something for every table that a batch writes."""
    n = len(ids)
    return scored(
        ids,
        next_offset=next_offset,
        flagged=[0],
        counters={"consumed": n + 1, "scored": n, "dead_letters": 1},
        legacy=legacy_rows(ids, source="inline"),
        labels=labels([f"label-{i}" for i in ids], ids, is_fraud=True),
        dead_letters=dead_letter_rows([next_offset]),
    )


def test_everything_of_a_batch_is_written_together(ledger: Ledger) -> None:
    """Transactions, scores, alerts, legacy decisions, labels and dead letters are all there."""
    lease = ledger.commit(own(ledger), full(["t1", "t2"], 3))
    assert (lease.next_offset, lease.next_sequence) == (3, 2)
    found = {name: count for name, count in rows(ledger).items() if count}
    assert found == {
        "transactions": 2,
        "scores": 2,
        "alerts": 1,
        "legacy_decisions": 2,
        "labels": 2,
        "dead_letters": 1,
        "rollups": 2,
        "days": 6,
    }


@pytest.mark.parametrize("fault", ["ownership", "conflict", "twice in the batch", "accounting"])
def test_a_refused_batch_leaves_no_trace(ledger: Ledger, fault: str) -> None:
    """Whatever a batch is refused for, no row, counter or offset of it remains."""
    lease = ledger.commit(own(ledger), full(["t1"], 2))
    before, standing = rows(ledger), ledger.progress()
    batch = full(["t2", "t3"], 5)
    error: type[LedgerError] = OwnershipLost
    if fault == "ownership":
        own(ledger)
        standing = ledger.progress()
    elif fault == "conflict":
        batch, error = full(["t2", "t1"], 5), TransactionConflict
    elif fault == "twice in the batch":
        batch, error = full(["t2", "t2"], 5), TransactionConflict
    else:
        batch = scored(["t2"], next_offset=5, counters={"consumed": 2, "scored": 1})
        error = AccountingBroken
    with pytest.raises(error):
        ledger.commit(lease, batch)
    assert rows(ledger) == before
    assert ledger.progress() == standing


def test_a_conflict_names_the_transactions(ledger: Ledger) -> None:
    """The error lists the ids that are recorded, also by another partition, and no others."""
    ledger.commit(own(ledger, 1), scored(["t1", "t2"], next_offset=2))
    with pytest.raises(TransactionConflict) as caught:
        ledger.commit(own(ledger, 0), scored(["t3", "t2"], next_offset=2))
    assert caught.value.transaction_ids == ("t2",)


def test_known_ids_are_found_with_their_content(ledger: Ledger) -> None:
    """`existing` gives the content key of known ids, across partitions, and of no others."""
    ledger.commit(own(ledger, 0), scored(["t1", "it's", 'say "é"'], next_offset=3))
    ledger.commit(own(ledger, 1), scored(["t4"], next_offset=1))
    asked = ["t4", "unknown", 'say "é"', "it's", "t1", "t1"]
    assert ledger.existing(asked) == {"t1": -1, "it's": 0, 'say "é"': 1, "t4": -1}
    assert ledger.existing([]) == {}


def test_content_keys_of_64_unsigned_bits_are_kept(ledger: Ledger) -> None:
    """The whole range of a hash is kept, as a signed integer."""
    given = replace(transaction_rows(["t1"]), content_key=np.array([2**64 - 2], np.uint64))
    ledger.commit(own(ledger), scored(["t1"], next_offset=1, transactions=given))
    assert ledger.existing(["t1"]) == {"t1": -2}


def test_counters_add_up_by_partition_and_in_all(ledger: Ledger) -> None:
    """Coverage is the sum of what each commit counted."""
    first = ledger.commit(
        own(ledger, 0),
        scored(
            ["t1", "t2"],
            next_offset=9,
            counters={
                "consumed": 9,
                "scored": 1,
                "unscored": 1,
                "duplicates": 2,
                "not_scored": 2,
                "dead_letters": 3,
                "misrouted": 1,
                "late": 2,
            },
        ),
    )
    ledger.commit(first, scored(["t3"], next_offset=10))
    ledger.commit(own(ledger, 1), scored(["t4"], next_offset=1))
    warm = Commit(next_offset=0, counters={"warmed": 1}, transactions=transaction_rows(["w1"]))
    ledger.commit(own(ledger, 2), warm)
    coverage = ledger.coverage()
    assert [s.counters["consumed"] for s in coverage.partitions] == [10, 1, 0]
    assert coverage.streams[TOPIC] == coverage.total
    assert {k: v for k, v in coverage.total.items() if v} == {
        "consumed": 11,
        "scored": 3,
        "unscored": 1,
        "duplicates": 2,
        "not_scored": 2,
        "dead_letters": 3,
        "misrouted": 1,
        "late": 2,
        "warmed": 1,
    }


@pytest.mark.parametrize(
    "counters",
    [
        pytest.param({"consumed": 2, "scored": 1}, id="a record nobody explains"),
        pytest.param({"consumed": 1, "scored": 1, "dead_letters": 1}, id="one counted twice"),
        pytest.param({"consumed": 1, "scored": 1, "lost": 0}, id="a counter that does not exist"),
    ],
)
def test_counters_that_do_not_add_up_are_refused(ledger: Ledger, counters: dict[str, int]) -> None:
    """Consumed must be the sum of what became of the records."""
    with pytest.raises(AccountingBroken, match="count each record once"):
        ledger.commit(own(ledger), scored(["t1"], next_offset=1, counters=counters))


def test_labels_and_legacy_of_a_topic_are_counted_by_the_ledger(ledger: Ledger) -> None:
    """Each is one consumed record, kept or a duplicate."""
    lease = own(ledger, stream="fraud-labels")
    lease = ledger.commit(
        lease, Commit(next_offset=2, labels=labels(["l1", "l2"], ["t1", "t2"], is_fraud=True))
    )
    ledger.commit(
        lease, Commit(next_offset=4, labels=labels(["l2", "l3"], ["t2", "t3"], is_fraud=True))
    )
    lease = own(ledger, stream="legacy-decisions")
    lease = ledger.commit(lease, Commit(next_offset=2, legacy=legacy_rows(["t1", "t1"])))
    ledger.commit(lease, Commit(next_offset=3, legacy=legacy_rows(["t1"], decision=0)))
    streams = ledger.coverage().streams
    for name, kept, duplicates in (("fraud-labels", 3, 1), ("legacy-decisions", 2, 1)):
        counted = {k: v for k, v in streams[name].items() if v}
        assert counted == {"consumed": kept + duplicates, "kept": kept, "duplicates": duplicates}


def test_a_bundle_scores_a_transaction_once(ledger: Ledger) -> None:
    """Champion and challenger may both score a transaction, neither twice."""
    champion, challenger = (
        score_rows(1),
        score_rows(1, bundle_id="other-0", role=CHALLENGER, reason=["model_error"]),
    )
    ledger.commit(own(ledger), scored(["t1"], next_offset=1, scores=[champion, challenger]))
    with ledger.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT role, status, reason FROM scores ORDER BY role"
        ).all()
    assert [tuple(row) for row in found] == [
        ("challenger", "unscored", "model_error"),
        ("champion", "scored", None),
    ]


def test_a_lost_connection_is_one_clear_error_and_the_batch_can_be_sent_again(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer lost on the way raises LedgerUnavailable; the retry finds the batch written."""
    lease, batch = own(ledger), full(["t1", "t2"], 3)
    begin: Callable[[], Any] = ledger.begin

    class LosesTheAnswer:
        """A transaction that commits and then reports a lost connection."""

        def __init__(self) -> None:
            self._transaction = begin()

        def __enter__(self) -> Any:
            return self._transaction.__enter__()

        def __exit__(self, *raised: object) -> None:
            self._transaction.__exit__(*raised)
            raise LedgerUnavailable(ledger.where, "server closed the connection")

    monkeypatch.setattr(ledger, "begin", LosesTheAnswer)
    with pytest.raises(LedgerUnavailable, match="PENUMBRA_DATABASE_URL"):
        ledger.commit(lease, batch)
    monkeypatch.undo()
    before = rows(ledger)
    after = ledger.commit(lease, batch)
    assert (after.next_offset, after.next_sequence) == (3, 2)
    assert rows(ledger) == before
    assert ledger.coverage().total["consumed"] == 5


def test_a_connection_that_breaks_is_replaced(new_database: Callable[[], str]) -> None:
    """A transaction cut off by the server fails as unavailable and keeps nothing; others work."""
    ledger = Ledger.open(new_database())
    lease = own(ledger)

    def interrupted() -> None:
        with ledger.begin() as connection, ledger.begin() as administrator:
            pid = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            connection.exec_driver_sql("UPDATE partitions SET owner = 'lost'")
            administrator.exec_driver_sql(f"SELECT pg_terminate_backend({pid}, 5000)")
            connection.exec_driver_sql("SELECT 1")

    with pytest.raises(LedgerUnavailable):
        interrupted()
    assert ledger.progress()[0].owner == "worker-1"
    ledger.commit(lease, scored(["t1"], next_offset=1))
    assert ledger.existing(["t1"]) == {"t1": -1}
    ledger.close()


def test_a_dead_letter_is_kept_whatever_its_error_quotes(ledger: Ledger) -> None:
    """NUL and lone surrogates in a message do not stop a record from being kept, once."""
    lease = own(ledger)
    for next_offset in (1, 2):
        batch = Commit(
            next_offset=next_offset,
            counters={"consumed": 1, "dead_letters": 1},
            dead_letters=dead_letter_rows([0], error="bad \0 and \ud800"),
        )
        lease = ledger.commit(lease, batch)
    (letter,) = ledger.dead_letters()
    assert (letter.offset, letter.payload, letter.key) == (0, b"\xff{\x00", None)
    assert letter.error == "bad � and ?"


def test_the_wall_clock_tells_epoch_milliseconds() -> None:
    """The default clock is UTC epoch milliseconds, after this test was written."""
    assert wall_clock_ms() > START_MS - 10 * 365 * 86_400_000
