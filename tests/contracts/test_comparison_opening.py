"""The payments behind a cell, on each kind of database: those that the ledger's sums count."""

from itertools import product

from builders.shadow_periods import BEGIN_MS, DAY_MS, write_period

from service.comparison.cube import by_day, cube
from service.comparison.opening import Asked, opened
from service.comparison.totals import positive
from service.comparison.windows import Window
from service.ledger import Ledger
from service.ledger.facts import SEGMENT_CUT

DAYS = 6
FIRST = BEGIN_MS // DAY_MS
RIPE_UNTIL = FIRST + 3
POSITIVE = "decline+review"


def test_a_cell_opens_what_the_sums_count_however_rare(ledger: Ledger) -> None:
    """With and without each side named, and nothing before the cursor twice."""
    write_period(ledger, {"candidate": 4.0}, days=DAYS, a_day=120)
    window = Window(FIRST, FIRST + DAYS)
    sums = ledger.sums(
        SEGMENT_CUT, first_day=FIRST, last_day=FIRST + DAYS, bundle_id=None, role="champion"
    )
    cells = [
        cell
        for _, day in by_day(sums, RIPE_UNTIL, None)
        for cell in cube("", day, positive(POSITIVE)).cells
    ]
    sides = (("positive", "negative", None), ("flagged", "clear", None),
             ("fraud", "genuine", "unknown", None))  # fmt: skip
    for legacy, shadow, truth in product(*sides):
        wanted = sum(
            cell.count
            for cell in cells
            if legacy in (None, cell.legacy)
            and shadow in (None, cell.shadow)
            and truth in (None, cell.truth)
        )
        found: list[tuple[int, str]] = []
        while page := opened(
            ledger, window, Asked(legacy, shadow, truth), legacy_positive=POSITIVE,
            ripe_ms=RIPE_UNTIL * DAY_MS, cursor=found[-1] if found else None, limit=150,
        ):  # fmt: skip
            found += [(row.occurred_ms, row.transaction_id) for row in page]
        assert len(set(found)) == len(found) == wanted, (legacy, shadow, truth)
        assert found == sorted(found, reverse=True)
    assert wanted == DAYS * 120
