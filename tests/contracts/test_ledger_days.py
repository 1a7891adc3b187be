"""By day, everything consumed is accounted for: days add up to the partition's counters."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.api import payment
from builders.ledger_rows import START_MS, dead_letter_rows, labels, own, scored
from builders.pipeline import LABELS, STREAM, Driver, lineup_of

from models.transaction import text
from service.ledger import Commit, Ledger, days
from service.ledger.facts import DAY_MS
from service.pipeline.compared import sampled


def by_day(ledger: Ledger, *without: str) -> dict[str, dict[int, int]]:
    """Return what became of what was consumed: by what, by day."""
    found: dict[str, dict[int, int]] = {}
    for (day, what), n in ledger.window(0, 2**30, without=without)[1].items():
        found.setdefault(what, {})[day] = n
    return found


def message(name: str, day: int, **changed: Any) -> bytes:
    """Return a payment of a day of July as a record."""
    when = f"2026-07-{day:02d}T10:00:00Z"
    return json.dumps(payment(name, occurred_at=when, **changed)).encode()


def test_the_days_of_a_stream_add_up_to_its_counters(ledger: Ledger, tmp_path: Path) -> None:
    """Good, repeated, contradicted, refused, late and unpriced records, each on its day."""
    driver = Driver(ledger, lineup_of(tmp_path, review_sample_rate=1.0))
    driver.take(
        [
            b"not JSON",
            message("a", 1),
            message("b", 2, currency="USD"),
            b"neither",
            message("a", 1),
            message("a", 1, amount_minor=7),
            message("c", 3, type="refund"),
            message("d", 1, customer_id="other"),
            message("e", 2, customer_id="other"),
        ],
        size=4,
    )
    found = by_day(ledger)
    day = 20_635  # 2026-07-01
    assert found["scored"] == {day: 2, day + 1: 2}
    assert found["not_scored"] == {day + 2: 1}
    assert found["duplicates"] == {day: 1}
    assert found["no_rate"] == {day + 1: 1}
    assert found["short_history"] == found["sampled"] == found["scored"]
    # Refused: before the first payment, after the second, and the contradiction of the first.
    assert found["dead_letters"] == {day: 1, day + 1: 2}
    assert sum(found["dead_letters:malformed_json"].values()) == 2
    assert sum(found["dead_letters:conflict"].values()) == 1
    totals = ledger.coverage().streams[STREAM]
    for what in ("consumed", "scored", "not_scored", "duplicates", "dead_letters", "late"):
        assert sum(found.get(what, {}).values()) == totals[what]


def test_what_no_row_tells_counts_on_the_day_the_partition_is_at(ledger: Ledger) -> None:
    """Labels and records refused without a day; the sum over days is the counter all the same."""
    ledger.commit(own(ledger), scored(["t1"], next_offset=1, watermark_ms=START_MS))
    lease = own(ledger, stream=LABELS)
    ledger.commit(
        lease,
        Commit(
            next_offset=4,
            counters={"consumed": 1, "dead_letters": 1},
            watermark_ms=START_MS + DAY_MS,
            labels=labels(["l1", "l1"], ["t1", "t1"], is_fraud=True),
            dead_letters=dead_letter_rows([3]),
        ),
    )
    day = START_MS // DAY_MS
    found = by_day(ledger)
    assert found["kept"] == found["duplicates"] == found["dead_letters"] == {day + 1: 1}
    assert found["consumed"] == {day: 1, day + 1: 3}
    assert by_day(ledger, LABELS)["consumed"] == {day: 1}


def test_a_sample_is_a_matter_of_the_id_and_the_salt_alone() -> None:
    """The same payments whoever draws; the rate is kept; a larger rate keeps the smaller's."""
    ids = text([f"t{n}" for n in range(20_000)])
    drawn = sampled(ids, 0.1, "salt")
    assert abs(drawn.mean() - 0.1) < 0.01
    np.testing.assert_array_equal(drawn[5:50], sampled(ids[5:50], 0.1, "salt"))
    assert (sampled(ids, 0.3, "salt") >= drawn).all()
    other = sampled(ids, 0.1, "pepper")
    assert abs((drawn & other).mean() - 0.01) < 0.005
    assert not sampled(ids, 0.0, "salt").any()
    assert sampled(ids, 1.0, "salt").all()


def test_a_window_is_of_one_moment(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that is committed between the reads of a window is in none of them."""
    driver = Driver(ledger, lineup_of(tmp_path))
    driver.take([message("a", 1), message("b", 1)])
    read = days.by_day

    def later(*asked: Any) -> dict[tuple[int, str], int]:
        driver.take([message("c", 2)])
        return read(*asked)

    monkeypatch.setattr(days, "by_day", later)
    sums, became = ledger.window(0, 2**30, without=())
    counted = sum(int(cells["count"].sum()) for cells in sums.cells)
    assert counted == sum(n for (_, what), n in became.items() if what == "scored") == 2
