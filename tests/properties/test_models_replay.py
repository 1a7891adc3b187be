"""What must hold of the offline replay whatever the stream and its labels."""

import numpy as np
from builders.slow_features import merchant_features
from builders.streams import random_labels, random_stream
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.catalogue import column
from models.hashing import kafka_partition
from models.labels import Labels
from models.merchants import Merchants
from models.replay import replay
from models.transaction import Transactions

SEEDS = st.integers(0, 2**32 - 1)


def one_stream(rows: Transactions) -> NDArray[np.int32]:
    """Put all rows on one partition, in the order given."""
    return np.zeros(len(rows), np.int32)


def times_taken(rows: Transactions) -> list[int]:
    """Return the time each row is taken at: never before its customer's newest."""
    newest: dict[str, int] = {}
    taken = []
    for customer, ms in zip(rows.customer_id, rows.occurred_ms, strict=True):
        newest[customer] = max(int(ms) // 1000, newest.get(customer, 0))
        taken.append(newest[customer])
    return taken


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_merchant_windows_equal_their_definitions(seed: int) -> None:
    """Frauds and volumes of a merchant are those sealed by the hour, counted by hand."""
    rows = random_stream(seed, n=200, merchants=3, days=45)
    labels = random_labels(seed, rows)
    features = replay(rows, labels, partition=one_stream(rows)).features
    expected = merchant_features(rows, labels, times_taken(rows))
    for name in expected[0]:
        np.testing.assert_allclose(
            features[:, column(name)],
            np.array([one[name] for one in expected], np.float32),
            rtol=1e-6,
            err_msg=name,
        )


@given(SEEDS, st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_any_interleaving_of_partitions_gives_the_same(seed: int, partitions: int) -> None:
    """Only the order inside each partition counts, not how the partitions are read."""
    rows = random_stream(seed, customers=9)
    labels = random_labels(seed, rows)
    partition = kafka_partition(rows.customer_id, partitions)
    straight = replay(rows, labels, partition=partition).features
    rng = np.random.default_rng(seed)
    mixed = np.empty(len(rows), np.int64)
    turns = rng.permutation(partition)
    for number in range(partitions):
        mixed[turns == number] = np.flatnonzero(partition == number)
    again = replay(rows.take(mixed), labels, partition=partition[mixed]).features
    assert again.tobytes() == straight[mixed].tobytes()


@given(SEEDS, st.integers(2, 5))
@settings(max_examples=20, deadline=None)
def test_customers_may_be_spread_in_any_way(seed: int, partitions: int) -> None:
    """In a stream without late rows the number of partitions changes no feature."""
    rows = random_stream(seed, customers=9)
    rows = rows.take(np.argsort(rows.occurred_ms, kind="stable"))
    labels = random_labels(seed, rows)
    alone = replay(rows, labels, partition=one_stream(rows)).features
    spread = replay(rows, labels, partition=kafka_partition(rows.customer_id, partitions)).features
    assert spread.tobytes() == alone.tobytes()


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_the_future_changes_no_past_feature(seed: int) -> None:
    """Rows and labels after a moment leave the features before it as they were."""
    rows = random_stream(seed)
    rows = rows.take(np.argsort(rows.occurred_ms, kind="stable"))
    labels = random_labels(seed, rows)
    whole = replay(rows, labels).features
    cut = len(rows) // 2
    known = labels.take(labels.known_ms <= rows.occurred_ms[cut - 1])
    past = replay(rows.take(slice(0, cut)), known).features
    assert past.tobytes() == whole[:cut].tobytes()


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_a_back_dated_label_changes_no_past_feature(seed: int) -> None:
    """When the outside world dates a label plays no part: only `known_at` does."""
    rows = random_stream(seed)
    labels = random_labels(seed, rows)
    early = Labels(
        **{name: getattr(labels, name) for name in Labels.__slots__}
        | {"labelled_ms": labels.labelled_ms - 30 * 86_400_000}
    )
    assert replay(rows, early).features.tobytes() == replay(rows, labels).features.tobytes()


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_later_seals_change_no_feature_of_an_earlier_hour(seed: int) -> None:
    """A table that is ahead gives the features of an hour as it was then."""
    rows = random_stream(seed, days=30)
    result = replay(rows, random_labels(seed, rows), partition=one_stream(rows))
    ahead = Merchants()
    for seal in result.seals:
        ahead.apply(seal)
    again = type(result.histories[0])().advance(rows, ahead)[0]
    assert again.tobytes() == result.features.tobytes()
