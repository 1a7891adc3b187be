"""Small parts of the API: shares, bodies, cursors, tokens, the shared lock."""

import threading
import time

import numpy as np
import pytest
from builders.api import as_bytes, payment
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from models.hashing import kafka_partition
from models.intake import Intake
from models.money import Rates
from service.api.bodies import body_of
from service.api.cursor import Moment, cursor_of, place_of
from service.api.problems import Problem
from service.api.scoring.lock import SharedLock
from service.api.scoring.partition import count_of, identity_of
from service.api.scoring.shares import shared_out
from service.api.tokens import is_known, is_loopback
from service.pipeline.arrivals import Arrivals

INTAKE = Intake(rates=Rates.none("EUR"))


def arrivals(values: list[bytes]) -> Arrivals:
    """Return decoded records without keys."""
    return Arrivals.decoded(
        values, [None] * len(values), None, intake=INTAKE, now_ms=2**45, keyed=False
    )


@settings(deadline=None)  # the first call may compile kernels
@given(
    st.lists(st.one_of(st.none(), st.sampled_from("abcdefgh")), max_size=30),
    st.integers(1, 5),
)
def test_shares_keep_every_record_once_and_in_order(
    customers: list[str | None], partitions: int
) -> None:
    """Each customer on one partition, the refused with the first share."""
    values = [
        b"broken" if who is None else as_bytes([payment(f"t{n}", customer_id=who)])[0]
        for n, who in enumerate(customers)
    ]
    shares = shared_out(arrivals(values), partitions)
    assert sum(map(len, shares.values())) == len(values)
    for number, share in shares.items():
        mine = list(share.values)
        assert mine == [value for value in values if value in set(mine)]
        assert len(share.record) + len(share.rejections) == len(share)
        for row, record in enumerate(share.record):
            who = share.transactions.customer_id[row]
            assert f'"customer_id": "{who}"'.encode() in mine[record]
            assert kafka_partition([who], partitions)[0] == number
        assert all(mine[one.record] == b"broken" for one in share.rejections)


def test_an_id_that_comes_twice_stays_with_the_first() -> None:
    """Whichever partition the second customer is of: the first one sent is the one that counts."""
    who = [f"c{n}" for n in range(20)]
    spread = kafka_partition(who, 4)
    first, second = who[0], who[int(np.flatnonzero(spread != spread[0])[0])]
    batch = arrivals(
        as_bytes([payment("same", customer_id=first), payment("same", customer_id=second)])
    )
    [share] = shared_out(batch, 4).values()
    assert share.transactions.customer_id.tolist() == [first, second]


def test_a_body_is_one_value_or_an_array() -> None:
    """An array is cut into its values' own bytes; a single value is left as it is."""
    assert body_of(b' {"a": 1}', 2).values == [b' {"a": 1}']
    body = body_of(b' [ {"a": 1} , [2] ]', 2)
    assert (body.many, body.values) == (True, [b'{"a": 1}', b"[2]"])


@pytest.mark.parametrize(
    ("content", "status"), [(b"[", 400), (b"[]", 422), (b"[1,2,3]", 413), (b"[" * 100_000, 400)]
)
def test_an_array_that_cannot_be_taken_is_refused(content: bytes, status: int) -> None:
    """Malformed, empty, too long, too deep."""
    with pytest.raises(Problem) as refused:
        body_of(content, 2)
    assert refused.value.details.status == status


@settings(deadline=None)
@given(st.integers(-(2**62), 2**62))
def test_a_cursor_leads_back_to_its_place(place: int) -> None:
    """Whatever the place was."""
    cursor = cursor_of(place)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert place_of(cursor, Moment) == place


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_other_text_is_no_cursor(text: str) -> None:
    """It is refused, or means a place like any other; nothing else happens."""
    refused: Problem | None = None
    place = None
    try:
        place = place_of(text, Moment)
    except Problem as problem:
        refused = problem
    assert isinstance(place, int) if refused is None else refused.details.status == 422


def test_a_problem_masks_card_numbers_in_what_it_says() -> None:
    """Whoever wrote the text."""
    problem = Problem(400, "x", "X", "id 4111111111111111 is wrong")  # type: ignore[arg-type]
    assert "4111111111111111" not in problem.details.detail
    assert "is wrong" in problem.details.detail


def test_tokens_are_known_whole() -> None:
    """No prefix, no other case, no empty one."""
    ours = [SecretStr("first-token-of-two"), SecretStr("other-token-of-two")]
    assert is_known("other-token-of-two", ours)
    for wrong in ("", "other-token-of-tw", "other-token-of-two ", "OTHER-TOKEN-OF-TWO", "é"):
        assert not is_known(wrong, ours)
    assert not is_known("", [])


@pytest.mark.parametrize(
    ("host", "own"), [("127.0.0.1", True), ("[::1]", True), ("localhost", True), ("a", False)]
)
def test_this_machine_is_known_by_its_own_names(host: str, *, own: bool) -> None:
    """Addresses and one name; nothing is looked up."""
    assert is_loopback(host) is own


def test_an_identity_tells_the_number_of_partitions() -> None:
    """Only one of ours does."""
    assert count_of(identity_of(7)) == 7
    assert count_of("warmed") is None
    assert count_of("other/7") is None


def test_the_lock_lets_readers_in_together_and_writers_alone() -> None:
    """Readers overlap; whatever writers do, none ever sees another inside."""
    lock = SharedLock()
    together = threading.Barrier(3)
    inside: list[str] = []
    seen: list[list[str]] = []

    def read() -> None:
        with lock.reading():
            together.wait(timeout=20)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for thread in readers:
        thread.start()
    for thread in readers:
        thread.join(timeout=20)
    assert not together.broken

    def change(kind: str) -> None:
        for _ in range(50):
            with lock.writing() if kind == "w" else lock.reading():
                inside.append(kind)
                time.sleep(0)  # no waiting: lets another thread in, here of all places
                seen.append(list(inside))
                inside.remove(kind)

    threads = [threading.Thread(target=change, args=(kind,)) for kind in "wwrrr"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(seen) == 250
    assert all(moment == ["w"] or "w" not in moment for moment in seen)
