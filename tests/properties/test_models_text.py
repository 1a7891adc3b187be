"""What must hold of texts: instants, keys, partitions, card numbers."""

import re
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka.partitioner.default import murmur2

from models.cards import is_card_number, masked, rows_with_card_numbers
from models.hashing import kafka_partition, keys
from models.instants import VALID, parse_instants

MINUTES = st.integers(-23 * 60 - 59, 23 * 60 + 59)
MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001 - zoned below
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.lists(st.tuples(MOMENTS, MINUTES), min_size=1, max_size=20))
@settings(deadline=None)
def test_instants_are_those_of_the_standard_library(moments: list[tuple[datetime, int]]) -> None:
    """A column reads as datetime.fromisoformat reads each text, to the millisecond."""
    texts = [
        moment.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat()
        for moment, minutes in moments
    ]
    ms, offset, status = parse_instants(texts)
    assert (status == VALID).all()
    expected = [(datetime.fromisoformat(t) - EPOCH) // timedelta(milliseconds=1) for t in texts]
    assert ms.tolist() == expected
    assert offset.tolist() == [minutes for _, minutes in moments]


@given(st.lists(st.text(max_size=50), min_size=1, max_size=10))
@settings(deadline=None)
def test_any_text_is_read_without_an_error(texts: list[str]) -> None:
    """Nothing a sender writes as a time can stop a batch, and neighbours do not matter."""
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    together = parse_instants(texts)
    alone = [parse_instants([text]) for text in texts]
    for part in range(3):
        assert together[part].tolist() == [int(one[part][0]) for one in alone]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), max_size=20))
@settings(deadline=None)
def test_partitions_are_those_of_kafka(texts: list[str]) -> None:
    """Murmur2 places every key where Kafka's own client places it."""
    expected = [(murmur2(text.encode()) & 0x7FFFFFFF) % 12 for text in texts]
    assert kafka_partition(texts, 12).tolist() == expected


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), unique=True))
@settings(deadline=None)
def test_a_key_belongs_to_its_text_alone(texts: list[str]) -> None:
    """Keys depend on no neighbour, differ between texts, and 0 is nobody's."""
    texts = [text for text in texts if "\0" not in text]
    found = keys(texts)
    assert found.tolist() == [int(keys([text])[0]) for text in texts]
    assert len(set(found.tolist())) == len(set(texts))
    assert all(bool(key) == bool(text) for key, text in zip(found, texts, strict=True))


def luhn_digit(digits: str) -> str:
    """Return the check digit that completes the digits."""
    doubled = [int(d) * (1 + (place + 1) % 2) for place, d in enumerate(reversed(digits))]
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


PREFIXES = st.sampled_from(["4", "51", "55", "2221", "2720", "6011", "65", "3528", "62"])


@given(
    PREFIXES,
    st.text("0123456789", min_size=16, max_size=16),
    st.sampled_from(["", " ", "-"]),
    st.text(" -.,;:/()#x1", max_size=12),
    st.text(" -.,;:/()#x1", max_size=12),
)
@settings(deadline=None, max_examples=300)
def test_a_planted_card_number_is_found_among_anything(
    prefix: str, digits: str, gap: str, before: str, after: str
) -> None:
    """Grouped or not, whatever groups of digits stand before and after it, it is found."""
    body = (prefix + digits)[:15]
    number = body + luhn_digit(body)
    groups = gap.join(number[at : at + 4] for at in range(0, 16, 4))
    before = re.sub(r"[x0-9]$|[0-9]\.$", " ", before)
    text = before + groups + re.sub(r"^[x0-9]", " ", after)
    assert is_card_number(text)
    assert rows_with_card_numbers(np.array(["", text, None], object)).tolist() == [1]
    assert number not in re.sub("[ -]", "", masked(text.encode()).decode())


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_masking_twice_is_masking_once(payload: bytes) -> None:
    """Any bytes can be masked, and nothing is left to mask."""
    once = masked(payload)
    assert masked(once) == once
