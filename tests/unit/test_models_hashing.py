"""Keys: stable over time, since snapshots and stored rows hold them."""

import numpy as np
from builders.streams import payments, random_stream

from models.content import content_keys
from models.hashing import NOBODY, kafka_partition, keys, mix
from models.transaction import text


def test_keys_are_the_ones_they_always_were() -> None:
    """These three are written down: a change of them would orphan every stored history."""
    found = keys(["a", "customer-1", "客户-0123456789"])
    assert [hex(key) for key in found] == [
        "0x99ad8af2612b23a1",
        "0xaaabe2f065cbeae5",
        "0xbe5c4bd258fe995d",
    ]


def test_nobody_has_the_key_of_the_missing() -> None:
    """A missing text has key 0, and no text has it."""
    assert keys(text([None, "", "x"]))[:2].tolist() == [int(NOBODY), int(NOBODY)]
    assert keys(["x"])[0] != NOBODY


def test_mixing_keeps_order_apart() -> None:
    """Folding one column into another is not symmetric."""
    a, b = keys(["a"]), keys(["b"])
    assert mix(a, b)[0] != mix(b, a)[0]


def test_no_keys_and_no_partitions_of_nothing() -> None:
    """An empty batch is not an error."""
    assert len(keys([])) == 0
    assert len(kafka_partition([], 3)) == 0


def test_equal_content_has_an_equal_key_and_any_change_another() -> None:
    """Everything a transaction says counts but its id and the rate of the day."""
    rows = random_stream(3, n=50)
    key = content_keys(rows)
    assert len(np.unique(key)) == 50
    assert content_keys(rows.take(slice(10, 20))).tolist() == key[10:20].tolist()
    one = payments([1_750_000_000])
    renamed = payments([1_750_000_000], transaction_id=["other"], reporting_minor=np.array([5]))
    assert content_keys(one).tolist() == content_keys(renamed).tolist()
    for changed in (
        {"amount_minor": np.array([1_001])},
        {"device_id": ["d"]},
        {"mcc": np.array([5411], np.int16)},
        {"details": text([{"entry_mode": "chip"}])},
    ):
        assert content_keys(payments([1_750_000_000], **changed))[0] != content_keys(one)[0]
