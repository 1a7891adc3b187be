"""The merchant table: it grows, it forgets, and neither shows."""

import numpy as np
import pytest
from builders.streams import payments

from models.catalogue import column
from models.hashing import keys
from models.history import Histories
from models.merchants import MEMORY_H, Merchants
from models.seal import Seal

HOUR = 487_000
FRAUDS_30D = column("merchant_frauds_30d")


def seal_of(hour: int, merchant: list[str], frauds: int = 1) -> Seal:
    """Return a seal with the same number of frauds at each merchant."""
    n = len(merchant)
    at_s = np.full(n, (hour - 1) * 3600)
    nothing = np.zeros(n, np.int32)
    changed = np.full(n, frauds, np.int32)
    return Seal(
        hour, -1, keys(merchant), changed, at_s, at_s, changed, at_s,
        nothing, nothing, nothing.astype("i8"),
    )  # fmt: skip


def frauds_at(table: Merchants, hour: int, merchants: list[str]) -> list[float]:
    """Return the frauds of thirty days that a payment of this hour sees at each merchant."""
    rows = payments(np.full(len(merchants), hour * 3600), merchant_id=merchants)
    return list(map(float, Histories().advance(rows, table)[0][:, FRAUDS_30D]))


def test_a_table_of_many_merchants_knows_each() -> None:
    """However often the arrays grew, every merchant is found, and no other."""
    names = [f"m{number}" for number in range(20_000)]
    table = Merchants()
    for part in range(40):
        table.apply(seal_of(HOUR + part, names[500 * part : 500 * (part + 1)], 1 + part))
    expected = [1.0 + number // 500 for number in range(20_000)]
    assert frauds_at(table, HOUR + 40, names) == expected
    assert frauds_at(table, HOUR + 40, ["stranger"]) == [0.0]


def test_a_long_life_does_not_make_the_log_longer() -> None:
    """Frauds beyond recall are forgotten; the log's size follows its memory, not its age."""
    table = Merchants()
    names = [f"m{number}" for number in range(20)]
    sizes = []
    for step in range(0, 6 * MEMORY_H, 24):
        table.apply(seal_of(HOUR + step, names))
        sizes.append(len(table.state.log_hour))
    assert max(sizes[len(sizes) // 2 :]) == max(sizes[: len(sizes) // 2])
    last = HOUR + 6 * MEMORY_H - 24
    assert frauds_at(table, last, names) == [30.0] * 20
    assert frauds_at(table, last - MEMORY_H // 3, names) == [30.0] * 20


def test_forgetting_changes_nothing_that_is_read() -> None:
    """A merchant whose frauds are all forgotten is as one that never had any."""
    table = Merchants()
    table.apply(seal_of(HOUR, ["old"]))
    for step in range(24, 3 * MEMORY_H, 24):
        table.apply(seal_of(HOUR + step, [f"m{step}-{number}" for number in range(40)]))
    features = Histories().advance(
        payments([(HOUR + 3 * MEMORY_H) * 3600] * 2, merchant_id=["old", "never"]), table
    )[0]
    without_habit = [column(n) for n in ("merchant_since_fraud_h", "merchant_fraud_known")]
    assert features[0, without_habit].tolist() == features[1, without_habit].tolist()


def test_seals_are_applied_once_and_in_order() -> None:
    """The same hour twice, or an earlier one, is an error and changes nothing."""
    table = Merchants()
    table.apply(seal_of(HOUR, ["m"]))
    for hour in (HOUR, HOUR - 1):
        with pytest.raises(ValueError, match="applied after"):
            table.apply(seal_of(hour, ["m"]))
    assert frauds_at(table, HOUR, ["m"]) == [1.0]


def test_more_frauds_taken_back_than_seen_count_as_none() -> None:
    """A window that only saw the withdrawal shows 0, not a negative count."""
    table = Merchants()
    table.apply(seal_of(HOUR, ["m"]))
    table.apply(seal_of(HOUR + 31 * 24, ["m"], -1))
    assert frauds_at(table, HOUR + 31 * 24, ["m"]) == [0.0]
