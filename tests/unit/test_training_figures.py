"""Metrics, thresholds, calibration, comparison: figures with a known answer."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import spearmanr
from sklearn.metrics import average_precision_score

from training.baselines.sampling import sample_genuine
from training.calibrating import fit_calibration
from training.judging import Difference, compare, decide
from training.metrics import (
    card_precision,
    flagged_at,
    recall_at_fpr,
    recall_at_precision,
    sigmoid,
)
from training.reference import histogram
from training.reliability import reliability
from training.thresholds import RISK_EDGES, risk_edges, threshold_for_share


def simulated(
    n: int, seed: int, *, separation: float = 3.0
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Logits and truth with two per cent fraud."""
    rng = np.random.default_rng(seed)
    fraud = rng.random(n) < 0.02
    return (rng.normal(size=n) + separation * fraud - 4).astype(np.float32), fraud


def test_card_precision_counts_a_found_card_once() -> None:
    """Two cards are compromised over two days; the one found first is not looked at again."""
    scores = np.array([0.9, 0.1, 0.8, 0.7, 0.95, 0.2])
    fraud = np.array([True, False, False, True, True, False])
    customers = np.array([1, 2, 3, 4, 1, 2])
    days = np.array([0, 0, 0, 1, 1, 1])
    assert card_precision(scores, fraud, customers, days, top=1) == 1.0
    assert card_precision(scores, fraud, customers, days, top=2) == 0.5


def test_recall_at_rates_of_a_known_ranking() -> None:
    """Ten frauds above all but one of a thousand genuine payments."""
    scores = np.concatenate((np.linspace(0, 1, 999), [9.0], np.linspace(2, 8, 10)))
    fraud = np.arange(1010) >= 1000
    assert recall_at_fpr(scores, fraud, 0.0005) == 0
    assert recall_at_fpr(scores, fraud, 0.001) == 1
    assert recall_at_precision(scores, fraud, 0.9) == 1
    assert recall_at_precision(scores, fraud, 0.95) == 0


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0005, 0.01, 0.3]))
def test_flags_never_exceed_the_budget(seed: int, share: float) -> None:
    """Also where many rows share a value."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=500), int(rng.integers(0, 4))).astype(np.float32)
    threshold = np.float32(threshold_for_share(values, share))
    flagged = int((values >= threshold).sum())
    assert flagged <= share * len(values)
    lower = values[values < threshold]
    if len(lower):
        assert (values >= lower.max()).sum() > share * len(values), "a lower threshold would do"


@given(st.integers(0, 2**32 - 1), st.sampled_from([50, 5000]))
def test_risk_edges_rise_strictly_and_spread_the_upper_tail(seed: int, n: int) -> None:
    """1,000 strictly increasing float32; frauds are told apart by many levels."""
    log_odds, fraud = simulated(n, seed)
    edges = risk_edges(log_odds, fraud)
    assert edges.shape == (RISK_EDGES,)
    assert edges.dtype == np.float32
    assert (np.diff(edges) > 0).all()
    assert edges[0] < log_odds.min()
    if fraud.sum() > 20:
        levels = np.searchsorted(edges, log_odds[fraud])
        assert len(np.unique(levels)) > 0.5 * fraud.sum()
        assert np.median(levels) > 400 > np.median(np.searchsorted(edges, log_odds[~fraud]))


def test_risk_edges_exist_when_all_scores_are_equal_or_no_fraud_is_there() -> None:
    """A degenerate window still gives a usable table."""
    edges = risk_edges(np.full(10, -3, np.float32), np.zeros(10, bool))
    assert (np.diff(edges) > 0).all()


def test_calibration_mends_wrong_scale_and_bend() -> None:
    """Probabilities that were too sure and bent come out right on fresh rows."""
    rng = np.random.default_rng(0)
    true = rng.normal(-4, 2.5, 60_000)
    bent = (2 * true + 3 + np.where(true > 0, 2 * true, 0)).astype(np.float32)
    fraud = rng.random(60_000) < sigmoid(true)
    calibration = fit_calibration(bent[:30_000], fraud[:30_000])
    fresh = calibration(torch.from_numpy(bent[30_000:])).numpy()
    told = reliability(
        sigmoid(fresh), fraud[30_000:], fresh > 0, np.arange(30_000), rng=np.random.default_rng(1)
    )
    assert told.calibration_error.value < 0.004
    assert 0.9 < told.slope.value < 1.1
    assert abs(sigmoid(fresh).mean() - fraud[30_000:].mean()) < 0.004
    order = np.sort(bent)
    mapped = calibration(torch.from_numpy(order)).numpy()
    assert (np.diff(mapped) >= 0).all()
    assert spearmanr(order, mapped).statistic > 0.999999


def test_few_frauds_give_an_affine_calibration() -> None:
    """A bend needs evidence."""
    logits, fraud = simulated(4000, 1)
    assert len(fit_calibration(logits, fraud).knots) == 0


def test_sampled_prior_is_put_right() -> None:
    """A model that learned on a tenth of genuine rows gives a tenth of the odds."""
    fraud = np.zeros(10_000, bool)
    fraud[::100] = True
    sample = sample_genuine(fraud, 990, rng=np.random.default_rng(0))
    assert len(sample.rows) == 990 + 100
    assert fraud[sample.rows].sum() == 100
    corrected = sample.corrected(np.array([0.5, 100 / 1090]))
    np.testing.assert_allclose(corrected, [1 / 11, 0.01], rtol=1e-12)


def test_a_better_ranking_is_seen_and_an_equal_one_is_not_called_better() -> None:
    """The paired interval excludes zero only where there is a difference."""
    scores, fraud = simulated(20_000, 2)
    customers = np.arange(20_000) % 500
    worse = scores + np.random.default_rng(3).normal(scale=2, size=20_000)
    rng = np.random.default_rng(4)
    clear = compare("worse", scores.astype(np.float64), worse, fraud, customers, rng=rng)
    equal = compare("same", worse, worse, fraud, customers, rng=rng)
    assert clear.network_is_better
    assert clear.difference == pytest.approx(
        average_precision_score(fraud, scores) - average_precision_score(fraud, worse), abs=1e-9
    )
    assert not equal.network_is_better


def test_the_simplest_model_that_is_as_good_is_shipped() -> None:
    """Order decides among several; without any the network is."""
    tree = Difference("tree", 0.1, 0.05, 0.15)
    forest = Difference("forest", 0.01, -0.01, 0.03)
    boosting = Difference("boosting", 0.0, -0.02, 0.02)
    assert decide((tree, forest, boosting)).ship == "forest"
    assert "ship the simpler one" in decide((tree, forest)).why
    assert decide((tree,)).ship == "network"


def test_histogram_shares_sum_to_one_and_repeated_values_keep_their_bin() -> None:
    """A yes/no column has two bins; a wide one at most twenty."""
    flags = (np.arange(1000) % 10 == 0).astype(np.float32)
    found = histogram(flags)
    assert found == {"edges": [0.0], "shares": [0.9, 0.1]}
    wide = histogram(np.random.default_rng(0).gamma(1, 5, 1000).astype(np.float32))
    assert len(wide["shares"]) == len(wide["edges"]) + 1 <= 20
    assert sum(wide["shares"]) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("percent", range(1, 100))
def test_a_rate_of_so_many_percent_is_so_many_of_a_hundred(percent: int) -> None:
    """Also where the product of the rate and a hundred is a little less: .29 * 100."""
    fraud = np.zeros(100, bool)
    assert flagged_at(np.arange(100.0), fraud, percent / 100).sum() == percent
