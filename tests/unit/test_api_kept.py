"""Dear answers are kept for a while, cheap ones never."""

from service.api.kept import MOST, TIMES, Kept


class Clocks:
    """A wall clock and a thread's processor time, moved by hand."""

    def __init__(self) -> None:
        self.now_s, self.spent_s, self.made = 1000.0, 0.0, 0

    def costing(self, seconds: float) -> int:
        """Make an answer that costs so much."""
        self.spent_s += seconds
        self.now_s += seconds
        self.made += 1
        return self.made

    def kept(self) -> Kept:
        """Return an empty keeper by these clocks."""
        return Kept(lambda: self.now_s, lambda: self.spent_s)


def test_a_dear_answer_is_kept_in_proportion_to_its_cost() -> None:
    """Asked again it is the same, of the same moment; later it is made anew."""
    clocks = Clocks()
    kept = clocks.kept()
    first = kept.of("window", lambda: clocks.costing(2.0))
    assert first.at_s == 1000.0
    clocks.now_s += 2.0 * TIMES - 1
    assert kept.of("window", lambda: clocks.costing(2.0)) is first
    clocks.now_s += 1
    assert kept.of("window", lambda: clocks.costing(2.0)).answer == 2


def test_a_cheap_answer_is_always_made_anew() -> None:
    """So that small ledgers show what has just happened."""
    clocks = Clocks()
    kept = clocks.kept()
    assert [kept.of("window", lambda: clocks.costing(0.1)).answer for _ in range(3)] == [1, 2, 3]


def test_no_more_than_a_few_are_kept() -> None:
    """The oldest goes first; another question has another answer."""
    clocks = Clocks()
    kept = clocks.kept()
    for number in range(MOST + 1):
        kept.of(number, lambda: clocks.costing(9.0))
    assert kept.of(MOST, lambda: 0).answer == MOST + 1
    assert kept.of(0, lambda: clocks.costing(9.0)).answer == MOST + 2
