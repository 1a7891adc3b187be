"""Latency and drift of a bundle, as evidence tells them."""

import itertools

import numpy as np
import pytest

from models.features import full_names
from service.pipeline.lineup import Judge, demo_bundle
from service.promotion.fitness import SCORE, TIMED, drift, latency_p99_ms

WIDTH = len(full_names(()))


@pytest.fixture(scope="module")
def judge() -> Judge:
    """Give the bundle that comes with Penumbra, which holds a reference."""
    return Judge.load(demo_bundle())


def drawn(judge: Judge, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return log-odds that lie as those of the training days did."""
    known = judge.bundle.reference["log_odds"]
    ends = np.append(known["edges"], known["edges"][-1] + 1.0)
    shares = np.array(known["shares"])
    return ends[rng.choice(len(ends), n, p=shares / shares.sum())]


def test_scores_that_lie_as_before_have_not_drifted_and_moved_ones_have(judge: Judge) -> None:
    """By the index's own rule of thumb: a tenth is little, a quarter much."""
    rng = np.random.default_rng(1)
    vectors = np.zeros((100, WIDTH), np.float32)
    log_odds = drawn(judge, 5000, rng)
    still, moved = drift(judge, vectors, log_odds), drift(judge, vectors, log_odds + 3.0)
    assert still is not None
    assert moved is not None
    assert still[SCORE] < 0.05
    assert moved[SCORE] > 0.25
    assert set(still) == {SCORE, *judge.bundle.spec.names}


def test_without_rows_nothing_is_measured(judge: Judge) -> None:
    """Not yet known, and not zero."""
    none = np.zeros((0, WIDTH), np.float32)
    assert latency_p99_ms(judge, none) is None
    assert drift(judge, none, np.zeros(0)) is None


def test_latency_is_the_99th_percentile_of_single_payments(judge: Judge) -> None:
    """Timed one by one, at most so many."""
    steps = itertools.chain([0.001] * 2 * (TIMED - 10), itertools.repeat(0.05))
    clock = itertools.accumulate(steps)
    vectors = np.zeros((TIMED + 50, WIDTH), np.float32)
    assert latency_p99_ms(judge, vectors, lambda: next(clock)) == pytest.approx(50.0)
    assert latency_p99_ms(judge, vectors[:1], iter([0.0, 0.002]).__next__) == pytest.approx(2.0)
