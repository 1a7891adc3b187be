"""Calibration figures: small cases by hand, and intervals that hold what they should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.metrics import sigmoid
from training.reliability import Reliability, recalibration, reliability


def told(
    probability: NDArray[np.float64],
    fraud: NDArray[np.bool_],
    *,
    flagged: NDArray[np.bool_] | None = None,
    customers: NDArray[np.int64] | None = None,
) -> Reliability:
    """All figures, every payment of a customer of its own unless said otherwise."""
    return reliability(
        probability,
        fraud,
        probability > 0.5 if flagged is None else flagged,
        np.arange(len(fraud)) if customers is None else customers,
        rng=np.random.default_rng(0),
    )


def test_figures_of_ten_payments_by_hand() -> None:
    """Three frauds; each bin of equal mass holds one payment."""
    probability = np.array([0.1, 0.1, 0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 0.9, 0.9])
    fraud = np.array([0, 0, 0, 0, 0, 1, 0, 0, 1, 1], bool)
    found = told(probability, fraud)
    by_hand = (2 * 0.01 + 2 * 0.04 + 0.16 + 0.36 + 2 * 0.36 + 2 * 0.01) / 10
    assert found.brier.value == pytest.approx(by_hand)
    assert found.brier_skill.value == pytest.approx(1 - by_hand / (0.3 * 0.7))
    gaps = 2 * 0.1 + 2 * 0.2 + 0.4 + 0.6 + 2 * 0.6 + 2 * 0.1
    assert found.calibration_error.value == pytest.approx(gaps / 10)
    assert found.observed_over_expected.value == pytest.approx(3 / 4.4)
    assert found.observed_over_expected_flags.value == pytest.approx(2 / 3)


def test_the_line_through_two_scores_is_known() -> None:
    """At log-odds -2 one in ten is fraud, at 1 one in two: the line passes through both."""
    scores = np.repeat([-2.0, 1.0], [10, 10])
    fraud = np.array([1] + [0] * 9 + [1] * 5 + [0] * 5, bool)
    intercept, slope = recalibration(scores, fraud)
    assert slope == pytest.approx((0 - np.log(1 / 9)) / 3)
    assert intercept == pytest.approx(-slope)


@pytest.mark.parametrize(
    ("scores", "fraud"),
    [([0.0, 1, 2], [0, 0, 0]), ([1.0, 1, 1], [0, 1, 0]), ([0.0, 1, 2], [0, 0, 1])],
)
def test_a_line_that_does_not_exist_is_not_made_up(scores: list[float], fraud: list[int]) -> None:
    """One outcome, one score, or outcomes that a score parts cleanly."""
    assert np.isnan(recalibration(np.array(scores), np.array(fraud, bool))).all()


@pytest.mark.parametrize(("slope", "shift"), [(1.0, 0.0), (0.6, 0.5), (1.5, -0.5)])
def test_slope_and_intercept_of_known_distortions_are_found(slope: float, shift: float) -> None:
    """Outcomes drawn from a line on the log-odds give that line back, within its interval."""
    rng = np.random.default_rng(4)
    scores = rng.normal(-3, 2, 40_000)
    fraud = rng.random(40_000) < sigmoid(shift + slope * scores)
    found = told(sigmoid(scores), fraud)
    assert found.slope.low < slope < found.slope.high
    assert found.intercept.low < shift < found.intercept.high
    assert any("slope" in one for one in found.missed) == (slope != 1.0)


def test_one_step_from_the_fit_is_as_good_as_fitting_every_drawing() -> None:
    """Its interval is that of the information matrix where customers are independent."""
    rng = np.random.default_rng(5)
    scores = rng.normal(-2, 1.5, 20_000)
    fraud = rng.random(20_000) < sigmoid(scores)
    found = told(sigmoid(scores), fraud)
    weight = sigmoid(scores) * (1 - sigmoid(scores))
    design = np.stack([np.ones_like(scores), scores])
    error = np.sqrt(np.linalg.inv((design * weight) @ design.T)[1, 1])
    assert found.slope.high - found.slope.low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_customers_that_stand_together_widen_every_interval() -> None:
    """A hundred customers with a hundred equal payments each say as much as a hundred payments."""
    rng = np.random.default_rng(6)
    scores = rng.normal(-1, 1.5, 100)
    fraud = rng.random(100) < sigmoid(scores)
    customers = np.repeat(np.arange(100), 100)
    every, outcomes = np.repeat(sigmoid(scores), 100), np.repeat(fraud, 100)
    together = told(every, outcomes, customers=customers)
    apart = told(every, outcomes)
    for name in ("brier", "slope", "observed_over_expected"):
        ours, theirs = getattr(together, name), getattr(apart, name)
        assert ours.value == pytest.approx(theirs.value)
        assert ours.high - ours.low > 5 * (theirs.high - theirs.low), name


def test_the_interval_of_a_perfect_error_reaches_zero() -> None:
    """Chance alone gives every bin a gap; the interval knows, percentiles would not."""
    rng = np.random.default_rng(7)
    reached = 0
    for _ in range(40):
        probability = sigmoid(rng.normal(-3, 1.5, 4000))
        found = told(probability, rng.random(4000) < probability).calibration_error
        assert found.value > 0.002
        reached += found.low == 0
    assert reached >= 36


@given(st.integers(0, 2**32 - 1))
def test_every_interval_holds_its_estimate(seed: int) -> None:
    """Whatever few payments, customers, outcomes and flags there are."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 60))
    probability = np.round(rng.random(n), 2)
    found = told(
        probability,
        rng.random(n) < rng.random(),
        flagged=rng.random(n) < 0.3,
        customers=rng.integers(-1, 5, n),
    )
    for one in vars(found).values():
        assert np.isnan(one.value) or one.low <= one.value <= one.high


def test_what_is_not_calibrated_is_said() -> None:
    """Probabilities twice too high, and twice too sure."""
    rng = np.random.default_rng(8)
    true = sigmoid(rng.normal(-6, 2, 60_000))
    fraud = rng.random(60_000) < true
    assert told(true, fraud).missed == ()
    high = told(np.minimum(2 * true, 1), fraud).missed
    assert high[0].startswith("calibration error 0.0")
    assert high[-1].startswith("observed over expected frauds among flags 0.")
    sure = told(sigmoid(2 * np.log(true / (1 - true))), fraud).missed
    assert any(one.startswith("slope 0.5") for one in sure)
    assert not any("chance" in one for one in (*high, *sure))
    few = slice(0, 400)
    little = told(true[few], fraud[few], flagged=true[few] > 0.02).missed
    assert all(one.endswith("which chance could explain") for one in little)
