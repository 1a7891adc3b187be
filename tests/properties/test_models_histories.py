"""What must hold of customer histories whatever the stream."""

from itertools import pairwise

import numpy as np
import pytest
from builders.pipeline import state_of
from builders.slow_features import customer_features
from builders.streams import random_stream
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.catalogue import NAMES, column
from models.history import Histories
from models.merchants import Merchants
from models.transaction import Transactions

SEEDS = st.integers(0, 2**32 - 1)
NOBODY_SEALED = Merchants()


def advanced(
    histories: Histories, rows: Transactions, cuts: list[int] | None = None
) -> NDArray[np.float32]:
    """Return the features of rows taken in as batches cut at these places."""
    borders = [0, *sorted(cuts or []), len(rows)]
    parts = [
        histories.advance(rows.take(slice(a, b)), NOBODY_SEALED)[0] for a, b in pairwise(borders)
    ]
    return np.concatenate(parts)


@given(SEEDS, st.sampled_from([1, 3, 12]))
@settings(max_examples=25, deadline=None)
def test_window_features_equal_their_definitions(seed: int, customers: int) -> None:
    """Every count, sum, ratio and gap is what a slow reading of its definition gives."""
    rows = random_stream(seed, customers=customers)
    features = advanced(Histories(), rows)
    expected = customer_features(rows)
    for name in expected[0]:
        np.testing.assert_allclose(
            features[:, column(name)],
            np.array([one[name] for one in expected], np.float32),
            rtol=2e-6,
            err_msg=name,
        )


@given(SEEDS, st.lists(st.integers(0, 300), max_size=8))
@settings(max_examples=20, deadline=None)
def test_batches_may_be_cut_anywhere(seed: int, cuts: list[int]) -> None:
    """The size of a batch changes no bit of any feature."""
    rows = random_stream(seed)
    whole = advanced(Histories(), rows)
    assert advanced(Histories(), rows, cuts).tobytes() == whole.tobytes()


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_other_customers_do_not_matter(seed: int) -> None:
    """A customer's features are the same alone as among others, on whichever partition."""
    rows = random_stream(seed)
    whole = advanced(Histories(), rows)
    for customer in set(rows.customer_id):
        own = rows.customer_id == customer
        assert advanced(Histories(), rows.take(own)).tobytes() == whole[own].tobytes()


@given(SEEDS, st.integers(0, 300))
@settings(max_examples=20, deadline=None)
def test_a_restored_snapshot_goes_on_bit_for_bit(seed: int, at: int) -> None:
    """Stopping anywhere, and starting from the snapshot, shows in no feature."""
    rows = random_stream(seed)
    whole = advanced(Histories(), rows)
    before = Histories()
    first = advanced(before, rows.take(slice(0, at)))
    after = Histories.restore(before.snapshot())
    rest = advanced(after, rows.take(slice(at, None)))
    assert np.concatenate([first, rest]).tobytes() == whole.tobytes()
    assert Histories.restore(after.snapshot()).snapshot() == after.snapshot()


@given(SEEDS, st.integers(0, 300))
@settings(max_examples=20, deadline=None)
def test_histories_learned_without_features_are_the_same(seed: int, at: int) -> None:
    """What the past leaves behind does not depend on whether somebody asked for its features."""
    rows = random_stream(seed)
    asked, learned = Histories(), Histories()
    whole = advanced(asked, rows)
    learned.learn(rows.take(slice(0, at)))
    rest = advanced(learned, rows.take(slice(at, None)))
    assert rest.tobytes() == whole[at:].tobytes()
    assert state_of(learned) == state_of(asked)


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_every_feature_is_a_finite_number(seed: int) -> None:
    """Missing fields have a defined value: no NaN and no infinity reaches a model."""
    features = advanced(Histories(), random_stream(seed, days=400))
    assert features.shape[1] == len(NAMES)
    assert np.isfinite(features).all()


@pytest.mark.parametrize("feature", NAMES)
def test_every_feature_varies(feature: str) -> None:
    """No column is a constant on a varied stream, but for those that need seals."""
    features = advanced(Histories(), random_stream(7, n=2000, customers=40, merchants=40))
    constant = np.ptp(features[:, column(feature)]) == 0
    sealed = feature.startswith("merchant_") and feature not in {
        "merchant_new",
        "merchant_payments",
    }
    assert constant == (sealed or feature == "currency_new")
