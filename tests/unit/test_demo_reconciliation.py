"""What the bank handed over and what the ledger holds: nothing is called lost or kept wrongly."""

from dataclasses import dataclass, field

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loadtest.demo.board import Board
from loadtest.demo.disturbing import Disturbance, Kind
from loadtest.demo.interval import difference
from loadtest.demo.live_path import Sent
from loadtest.demo.reconciliation import Reconciliation

T = 1_790_000_000_000


@dataclass
class FakeLedger:
    """Rows of one partition: id and how many champion scores."""

    rows: list[tuple[str, int]] = field(default_factory=list)

    def end(self, stream: str) -> int:
        """Return the next sequence."""
        assert stream == "transactions"
        return len(self.rows)

    def recorded(self, stream: str, sequence: int) -> list[tuple[int, str, int]]:
        """Return the rows from a sequence on."""
        assert stream == "transactions"
        return [(n, *row) for n, row in enumerate(self.rows)][sequence:]


def sent(*names: str, at_ms: int = T, took_ms: float = 1.0) -> Sent:
    """Return these transactions as handed over at one moment."""
    n = len(names)
    return Sent(list(names), np.full(n, at_ms, np.int64), np.full(n, took_ms))


def reconciled(handed: list[str], rows: list[tuple[str, int]]) -> Reconciliation:
    """Return the reconciliation of a ledger that was empty before."""
    ledger = FakeLedger()
    found = Reconciliation(ledger, "transactions")  # type: ignore[arg-type]  # its two reads
    found.add(sent(*handed))
    ledger.rows += rows
    found.look()
    return found


def test_what_is_not_yet_there_waits_and_is_not_lost() -> None:
    """A payment after the last recorded one may still come."""
    found = reconciled(["a", "b", "c"], [("a", 1), ("b", 1)])
    assert (found.sent, found.recorded, found.lost, found.doubled) == (3, 2, 0, 0)
    assert found.waiting(T + 999, 1_000) == 0
    assert found.waiting(T + 1_001, 1_000) == 1


def test_what_was_overtaken_is_lost() -> None:
    """The topic keeps the order: a gap before a recorded payment will not be filled."""
    found = reconciled(["a", "b", "c"], [("a", 1), ("c", 1)])
    assert (found.recorded, found.lost) == (2, 1)


def test_a_second_row_and_a_second_score_are_doubled() -> None:
    """Either would count a payment twice in a comparison."""
    assert reconciled(["a"], [("a", 1), ("a", 1)]).doubled == 1
    assert reconciled(["a"], [("a", 2)]).doubled == 1
    assert reconciled(["refund"], [("refund", 0)]).doubled == 0


def test_rows_before_it_began_are_no_part_of_it() -> None:
    """The past was replayed by another way and has been counted there."""
    ledger = FakeLedger([("past", 1)])
    found = Reconciliation(ledger, "transactions")  # type: ignore[arg-type]
    ledger.rows.append(("a", 1))
    found.look()
    assert found.unknown == 1
    found.add(sent("a"))
    found.look()
    assert (found.unknown, found.recorded) == (0, 1)


@given(st.lists(st.integers(0, 30), unique=True, max_size=30), st.integers(0, 31))
def test_whatever_came_through_nothing_is_counted_twice_over(rows: list[int], handed: int) -> None:
    """Recorded, lost and those that may still come are all that was handed over."""
    names = [str(n) for n in range(handed)]
    found = reconciled(names, [(str(n), 1) for n in sorted(rows) if n < handed])
    still = found.sent - found.recorded - found.lost
    assert found.sent == handed
    assert 0 <= still == found.waiting(T + 1, 0) - found.lost
    assert found.doubled == 0


def test_a_slower_live_path_is_found() -> None:
    """A millisecond more in the median is told, with an interval that leaves nothing out."""
    rng = np.random.default_rng(3)
    others, slower = rng.gamma(4, 0.2, 400), rng.gamma(4, 0.2, 60) + 1
    found = difference(slower, others, rng)
    assert found is not None
    assert found.low_ms < found.difference_ms < found.high_ms
    assert 0.7 < found.low_ms < 1 < found.high_ms < 1.3


def test_the_interval_covers_no_difference_as_often_as_it_says() -> None:
    """Of samples from one distribution about 95 in 100 intervals hold zero."""
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(100):
        found = difference(rng.gamma(4, 0.2, 40), rng.gamma(4, 0.2, 200), rng)
        assert found is not None
        held += found.low_ms <= 0 <= found.high_ms
    assert held >= 90


def test_a_few_payments_tell_no_difference() -> None:
    """Under five in either sample nothing is claimed."""
    rng = np.random.default_rng(5)
    assert difference(np.ones(4), np.ones(100), rng) is None


def test_the_board_tells_disturbed_payments_from_others() -> None:
    """Refunds are in neither sample: the rules are not asked about them."""
    board = Board()
    board.add(sent("refund", at_ms=T + 7_000, took_ms=float("nan")))
    for n in range(10):
        board.add(sent(f"u{n}", at_ms=T + 8_000, took_ms=1.0))
        board.add(sent(f"d{n}", at_ms=T + 20_500, took_ms=3.0))
    found = reconciled(["a"], [("a", 1)])
    board.look(T + 20_900, 4)
    board.look(T + 20_950, 2)
    past = [Disturbance(Kind.KILL, T + 20_000, T + 22_000)]
    told = board.document(past, found, 0, T + 30_000)
    assert told["live_path"]["undisturbed"] == {"payments": 10, "median_ms": 1, "slowest_ms": 1}
    assert told["live_path"]["disturbed"]["payments"] == 10
    assert told["live_path"]["difference_ms"] == 2
    assert told["seconds"] == [{"second": (T + 20_900) // 1000, "waiting": 4, "took_ms": 3.0}]
    assert told["disturbances"][0] | {"begun_ms": 0, "over_ms": 0} == {
        "kind": "kill", "begun_ms": 0, "over_ms": 0, "came": 0, "caught_up": 0,
    }  # fmt: skip
