"""Exactly once: what is new, what repeats, what contradicts."""

import time
from dataclasses import replace

import numpy as np
import pytest
from builders.streams import payments
from hypothesis import given, settings
from hypothesis import strategies as st

from models.content import content_keys
from models.rejection import Reason
from models.transaction import Transactions, text
from service.pipeline.settle import Settled, settle


def batch(*said: tuple[str, int]) -> Transactions:
    """Return payments of these ids and amounts, in this order."""
    ids, amounts = zip(*said, strict=True) if said else ((), ())
    rows = payments([1_750_000_000] * len(said), amount_minor=np.array(amounts, np.int64))
    return replace(rows, transaction_id=text(ids))


def settled(*said: tuple[str, int], known: dict[str, int] | None = None) -> Settled:
    """Settle a batch whose records lie ten apart."""
    rows = batch(*said)
    return settle(rows, 10 * np.arange(len(rows), dtype=np.int64), known or {})


def key_of(transaction_id: str, amount: int) -> int:
    """Return the content key as the ledger keeps it: signed."""
    return int(content_keys(batch((transaction_id, amount))).view(np.int64)[0])


def test_the_first_of_equal_ids_is_accepted_its_repeats_are_duplicates() -> None:
    """An exact repeat within the batch adds to a count and to nothing else."""
    found = settled(("a", 1), ("b", 1), ("a", 1), ("a", 1))
    assert found.new.tolist() == [True, True, False, False]
    assert found.duplicates == 2
    assert found.conflicts == []


def test_the_same_id_with_other_content_is_a_conflict_at_its_record() -> None:
    """The first wins whatever comes later; the rejection names the record, not the row."""
    found = settled(("a", 1), ("a", 2), ("a", 1))
    assert found.new.tolist() == [True, False, False]
    assert found.duplicates == 1
    assert [(c.record, c.reason) for c in found.conflicts] == [(10, Reason.CONFLICT)]


def test_what_the_ledger_knows_was_first() -> None:
    """A repeat of an accepted row is a duplicate, another content conflicts, in any order."""
    found = settled(("a", 2), ("a", 1), ("b", 1), known={"a": key_of("a", 1)})
    assert found.new.tolist() == [False, False, True]
    assert found.duplicates == 1
    assert [c.record for c in found.conflicts] == [0]


def reference(
    said: list[tuple[str, int]], known: dict[str, int]
) -> tuple[list[bool], int, list[int]]:
    """Return (new, duplicates, conflicting rows) by going through a dictionary."""
    accepted: dict[str, int] = dict(known)
    new, duplicates, conflicts = [], 0, []
    for row, (transaction_id, amount) in enumerate(said):
        new.append(transaction_id not in accepted)
        if transaction_id not in accepted:
            accepted[transaction_id] = amount
        elif accepted[transaction_id] == amount:
            duplicates += 1
        else:
            conflicts.append(row)
    return new, duplicates, conflicts


_SAID = st.tuples(st.sampled_from("abcd"), st.integers(1, 3))


@settings(deadline=None)
@given(st.lists(_SAID, max_size=12), st.dictionaries(st.sampled_from("abx"), st.integers(1, 3)))
def test_any_batch_settles_as_a_dictionary_would(
    said: list[tuple[str, int]], known: dict[str, int]
) -> None:
    """Every row is new, a duplicate or a conflict, and which does not depend on shortcuts."""
    found = settled(*said, known={i: key_of(i, amount) for i, amount in known.items()})
    new, duplicates, conflicts = reference(said, known)
    assert found.new.tolist() == new
    assert found.duplicates == duplicates
    assert [c.record for c in found.conflicts] == [10 * row for row in conflicts]
    assert sum(new) + duplicates + len(conflicts) == len(said)


@pytest.mark.parametrize("rows", [40_000])
def test_one_repeat_does_not_make_a_large_batch_slow(rows: int) -> None:
    """The work grows with the number of rows, not with its square (that would take a minute)."""
    said = [(f"t{row}", 1) for row in range(rows)] + [("t0", 1)]
    large = batch(*said)
    settle(large.take(slice(0, 2)), np.arange(2), {})
    begun = time.process_time()
    found = settle(large, np.arange(len(large)), {})
    assert found.duplicates == 1
    assert time.process_time() - begun < 3
