"""What is read back for a restore is what was accepted, in that order, without loss."""

import os
from collections.abc import Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.ledger_rows import TOPIC, own, scored, transaction_rows, transactions
from hypothesis import given, settings
from hypothesis import strategies as st

from models.transaction import Transactions, text
from service.ledger import Commit, Ledger
from service.ledger.columns import blob_to_vector, vectors_to_blobs


def same(one: Transactions, other: Transactions) -> None:
    """Assert that two sets of transactions are equal, types and missing values included."""
    for field in fields(Transactions):
        a, b = getattr(one, field.name), getattr(other, field.name)
        assert a.dtype == b.dtype, field.name
        if a.dtype == object:
            assert a.tolist() == b.tolist(), field.name
        else:
            np.testing.assert_array_equal(a, b, err_msg=field.name)


def restored(ledger: Ledger, sequence: int = 0, chunk: int = 20_000) -> list[Transactions]:
    """Return the pieces that a state of `sequence` transactions has still to take in."""
    return list(ledger.rows_after(TOPIC, 0, sequence, chunk))


@pytest.mark.parametrize("chunk", [1, 3, 5, 100])
def test_rows_come_in_the_order_of_their_acceptance(ledger: Ledger, chunk: int) -> None:
    """Across commits and pieces of any size, also after a change of owner and of source."""
    lease = ledger.commit(own(ledger), scored(["z", "a"], next_offset=2))
    ledger.commit(own(ledger, 1), scored(["other"], next_offset=1))
    ledger.commit(own(ledger, identity="b"), scored(["m", "b", "y"], next_offset=3))
    pieces = restored(ledger, 0, chunk)
    assert [i for piece in pieces for i in piece.transaction_id] == ["z", "a", "m", "b", "y"]
    assert all(len(piece) <= chunk for piece in pieces)
    rest = restored(ledger, lease.next_sequence, chunk)
    assert [i for piece in rest for i in piece.transaction_id] == ["m", "b", "y"]
    assert restored(ledger, 5, chunk) == []


def test_only_missing_values_are_missing(ledger: Ledger) -> None:
    """A batch in which every optional field is there for one row and absent for another."""
    full = transactions(
        ["t1", "t2"],
        customer_id=text(["c", None]),
        merchant_id=text([None, "m"]),
        utc_offset_min=np.array([-1, -32768], np.int16),
        reporting_minor=np.array([0, -1]),
        outcome=np.array([0, -1], np.int8),
        channel=np.array([4, -1], np.int8),
        mcc=np.array([0, -1], np.int16),
        country=text(["FR", None]),
        ip_country=text([None, "DE"]),
        device_id=text(["d", None]),
        latitude=np.array([-0.0, np.nan]),
        longitude=np.array([np.nan, 1e-300]),
        authenticated=np.array([0, -1], np.int8),
        billing_amount_minor=np.array([10**15, -1]),
        billing_currency=text(["JPY", None]),
        original_transaction_id=text([None, "t0"]),
        details=np.array([{"attributes": {"v1": 0.1, "name": "é\0"}}, None], dtype=object),
    )
    rows = transaction_rows(["t1", "t2"])
    rows = type(rows)(full, rows.content_key, rows.late, rows.ingested_ms)
    ledger.commit(own(ledger), scored(["t1", "t2"], next_offset=2, transactions=rows))
    (back,) = restored(ledger)
    same(back, full)


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """Give one SQLite ledger for all examples of a property."""
    opened = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}")
    yield opened
    opened.close()


# Training libraries in the same process may have switched subnormal numbers off.
_floats = partial(st.floats, allow_subnormal=False)
_words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
_optional = st.none() | _words
_rows = st.fixed_dictionaries(
    {
        "customer_id": _optional,
        "merchant_id": _optional,
        "currency": _words,
        "country": _optional,
        "device_id": _optional,
        "occurred_ms": st.integers(-(2**50), 2**50),
        "utc_offset_min": st.integers(-1080, 1080) | st.just(-32768),
        "amount_minor": st.integers(0, 10**15),
        "reporting_minor": st.integers(-1, 10**15),
        "mcc": st.integers(-1, 9999),
        "latitude": _floats(-90, 90) | st.just(np.nan),
        "details": st.none()
        | st.dictionaries(_words, _words | _floats(allow_nan=False, allow_infinity=False)),
    }
)
_kinds: dict[str, Any] = {
    "occurred_ms": np.int64,
    "utc_offset_min": np.int16,
    "amount_minor": np.int64,
    "reporting_minor": np.int64,
    "mcc": np.int16,
    "latitude": np.float64,
}


@settings(max_examples=60, deadline=None)
@given(batch=st.lists(_rows, min_size=1, max_size=6))
def test_any_transaction_comes_back_as_it_was(roomy: Ledger, batch: list[dict[str, Any]]) -> None:
    """Whatever its fields hold, a restored transaction equals the accepted one."""
    columns = {
        name: np.array([row[name] for row in batch], _kinds[name])
        if name in _kinds
        else objects([row[name] for row in batch])
        for name in batch[0]
    }
    ids = [os.urandom(8).hex() for _ in batch]
    given_rows = transaction_rows(ids, **columns)
    lease = own(roomy)
    roomy.commit(lease, Commit(next_offset=0, transactions=given_rows))
    (back,) = restored(roomy, lease.next_sequence)
    same(back, given_rows.transactions)


def objects(values: list[Any]) -> np.ndarray[Any, Any]:
    """Return an object column."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


@given(bits=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=8))
def test_features_are_kept_bit_for_bit(bits: list[int]) -> None:
    """Every pattern of 32 bits survives the blob, NaNs and signed zeros included."""
    vector = np.array([bits], np.uint32).view(np.float32)
    (blob,) = vectors_to_blobs(vector)
    assert blob_to_vector(bytes(blob)).tobytes() == vector.tobytes()


def test_a_file_of_another_process_is_read_while_it_is_written(tmp_path: Path) -> None:
    """On SQLite readers see whole commits of a writer and never wait for it."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    writer, reader = Ledger.open(url), Ledger.open(url)
    lease = writer.commit(own(writer), scored(["t1"], next_offset=1))
    with writer.begin() as connection:
        connection.exec_driver_sql("UPDATE partitions SET owner = 'someone'")
        assert reader.progress()[0].owner == "worker-1"
        assert reader.existing(["t1"]) == {"t1": -1}
    assert reader.progress()[0].owner == "someone"
    assert lease.next_sequence == 1
    writer.close()
    reader.close()
