"""Records of one partition, decoded once and taken in pieces."""

import json
from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from builders.api import payment
from builders.pipeline import NOW_MS
from hypothesis import given, settings
from hypothesis import strategies as st

from models.intake import Intake
from models.money import Rates
from models.rejection import Reason, Rejection
from models.transaction import Transactions
from service.pipeline.arrivals import Arrivals

INTAKE = Intake(Rates.none("EUR"), id_formats={"device_id": "numeric"})
CARD = "4111111111111111"


def values(kinds: str) -> list[bytes | None]:
    """Return a record for each letter: good, with unknown fields, exempted, bad, tombstone."""

    def one(number: int, kind: str) -> bytes | None:
        good = payment(f"t{number}")
        return {
            "g": json.dumps(good).encode(),
            "u": json.dumps(good | {"colour": "red", "mood": 1}).encode(),
            "x": json.dumps(good | {"device_id": CARD}).encode(),
            "b": b"{",
            "t": None,
        }[kind]

    return [one(number, kind) for number, kind in enumerate(kinds)]


def arrived(kinds: str, *, offsets: bool = True) -> Arrivals:
    """Decode such records, at offsets that are not their positions."""
    said = values(kinds)
    return Arrivals.decoded(
        said,
        [b"k%d" % n for n in range(len(said))],
        1000 + 3 * np.arange(len(said), dtype=np.int64) if offsets else None,
        intake=INTAKE,
        now_ms=NOW_MS,
        keyed=False,
    )


def told(parts: list[Arrivals]) -> dict[str, Any]:
    """Return what some arrivals say, the same for a whole and for its parts."""
    begins = np.cumsum([0, *map(len, parts)])
    rows = Transactions.concat([part.transactions for part in parts])
    return {
        "rows": [getattr(rows, f.name).tolist() for f in fields(rows) if f.name not in _FLOATS],
        "record": [int(b + r) for b, part in zip(begins, parts, strict=False) for r in part.record],
        "rejections": [
            (int(b) + r.record, r.reason, r.error)
            for b, part in zip(begins, parts, strict=False)
            for r in part.rejections
        ],
        "values": [value for part in parts for value in part.values],
        "keys": [key for part in parts for key in part.keys],
        "offsets": [o for part in parts if part.offsets is not None for o in part.offsets.tolist()],
        "unknown_fields": sum(part.unknown_fields for part in parts),
        "exempted": sum(part.exempted for part in parts),
    }


_FLOATS = ("latitude", "longitude")


@settings(deadline=None)
@given(
    kinds=st.text("guxbt", max_size=12),
    cuts=st.lists(st.integers(0, 12), max_size=3),
    offsets=st.booleans(),
)
def test_parts_together_say_what_the_whole_says(
    kinds: str, cuts: list[int], *, offsets: bool
) -> None:
    """Wherever the whole is split, and its parts again; no counter is counted twice."""
    whole = arrived(kinds, offsets=offsets)
    parts, rest = [], whole
    for cut in cuts:
        first, rest = rest.split(min(cut, len(rest)))
        assert len(first) + len(rest) <= len(whole)
        parts.append(first)
    assert told([*parts, rest]) == told([whole])


def test_dead_letters_carry_reason_bytes_key_and_offset() -> None:
    """Rejections of the decoder and later ones, in order of record."""
    batch = arrived("gbgt")
    found = batch.dead_letters([Rejection(2, Reason.CONFLICT, "accepted before")], 7, None)
    assert found is not None
    assert found.offset is not None
    assert found.reason == ["malformed_json", "conflict", "tombstone"]
    assert found.offset.tolist() == [1003, 1006, 1009]
    assert found.payload == [b"{", batch.values[2], b""]
    assert found.key == [b"k1", b"k2", b"k3"]
    assert found.received_ms == 7


def test_card_numbers_are_masked_in_dead_letters() -> None:
    """In the bytes and in the key: they are kept nowhere."""
    value = json.dumps(payment(merchant_id=CARD)).encode()
    batch = Arrivals.decoded(
        [value], [CARD.encode()], None, intake=INTAKE, now_ms=NOW_MS, keyed=False
    )
    found = batch.dead_letters([], 0, None)
    assert found is not None
    assert found.reason == ["card_number"]
    assert found.offset is None
    assert all(CARD.encode() not in each for each in (*found.payload, found.key[0] or b""))


def test_without_rejections_there_are_no_dead_letters() -> None:
    """Not an empty batch of them, none."""
    assert arrived("gg").dead_letters([], 0, None) is None


@pytest.mark.parametrize("key", [b"someone-else", None, b""])
def test_a_record_keyed_by_another_id_is_misrouted(key: bytes | None) -> None:
    """Its customer's history lives in another partition."""
    batch = Arrivals.decoded(values("g"), [key], None, intake=INTAKE, now_ms=NOW_MS, keyed=True)
    assert [r.reason for r in batch.rejections] == [Reason.MISROUTED]
    assert len(batch.transactions) == 0
