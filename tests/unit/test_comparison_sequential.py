"""Intervals that hold at every look, and the study that shows it."""

import numpy as np
import pytest

from loadtest.studies.__main__ import SCENARIOS, SELDOM
from loadtest.studies.coverage import FIGURES, GAINS, study
from loadtest.studies.periods import Scenario, simulate
from models.comparison.sequential import boundary, evidence, share_of_gains


def test_the_boundary_is_tightest_at_the_planning_horizon() -> None:
    """Three standard errors there, more before and after."""
    ages = np.array([0.05, 0.3, 1.0, 3.0, 30.0])
    found = boundary(ages)
    assert found.argmin() == 2
    assert found[2] == pytest.approx(3.035, abs=0.001)
    assert boundary(0.3, 0.99) > boundary(0.3, 0.95)


def test_a_random_walk_stays_within_the_boundary() -> None:
    """Of 4,000 walks watched 300 times, no more than a twentieth ever leave."""
    steps = np.random.default_rng(0).standard_normal((4000, 300))
    walks = np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, 301))
    left = (np.abs(walks) > boundary(np.arange(1, 301) / 150)).any(axis=1)
    assert 0.002 < left.mean() < 0.05


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_the_exact_sequence_holds_from_the_first_customer_on(share: float) -> None:
    """However few there are: at every one of 200 customers at once."""
    gains = np.random.default_rng(1).binomial(1, share, (2000, 200)).cumsum(axis=1)
    losses = np.arange(1, 201) - gains
    refuted = evidence(gains, losses, share) >= np.log(20)
    assert refuted.any(axis=1).mean() < 0.05
    low, high = share_of_gains(gains[:, -1], losses[:, -1])
    assert ((low <= share) & (share <= high) == ~refuted[:, -1]).all()


def test_of_nobody_nothing_is_known() -> None:
    """Without a customer who tells them apart every share is possible."""
    low, high = share_of_gains(np.array([0]), np.array([0]))
    assert (low[0], high[0]) == (0, 1)


@pytest.mark.parametrize("scenario", SCENARIOS[:6], ids=lambda one: one.name.split(":")[0])
def test_intervals_hold_what_they_promise(scenario: Scenario) -> None:
    """In short: 200 periods and six looks; coverage within what so few periods can tell."""
    found = study(scenario, 200, np.random.default_rng(6), looks=6)
    for name in FIGURES:
        held = found[name]
        assert held.missed <= 0.06, name
        assert held.given < 0.1 or held.covered >= 0.89, name
    assert found[GAINS].covered > 0.93
    assert max(held.given for held in found.values()) > 0.9


@pytest.mark.parametrize("scenario", SCENARIOS[6:], ids=lambda one: one.name.split(":")[0])
def test_where_intervals_would_not_hold_they_are_refused(scenario: Scenario) -> None:
    """Too few frauds, too few customers held out, one spree after the other."""
    found = study(scenario, 100, np.random.default_rng(7), looks=3)
    for name in FIGURES:
        held = found[name]
        assert held.missed <= 0.08, name
        assert held.given < 0.2 or held.covered >= 0.87, name
    assert min(found[name].given for name in FIGURES) < 0.2


def test_with_fewer_than_fifty_frauds_intervals_hold_or_are_refused() -> None:
    """In full, at the last look: by count they are given and hold, of money nothing is said."""
    (few,) = [one for one in SCENARIOS if "45 of 45" in one.name]
    found = study(few, 2000, np.random.default_rng(4), looks=1)
    of_money = [name for name in FIGURES if name.startswith("value")]
    assert max(found[name].given for name in of_money) < SELDOM
    for name in FIGURES.keys() - of_money:
        assert found[name].given > 0.9, name
        assert 0.925 < found[name].covered < 0.975, name


def test_looking_often_at_an_interval_for_one_look_misleads() -> None:
    """Ten looks at fixed intervals miss the truth more often than one in twenty."""
    found = study(SCENARIOS[0], 300, np.random.default_rng(8), looks=10)
    assert found["detection_rate, difference"].peeked > 0.08
    assert found["detection_rate, difference"].missed < 0.05


def test_simulated_periods_are_what_their_scenario_says() -> None:
    """Frauds a period, who finds them, and everybody's own customers."""
    periods = simulate(SCENARIOS[0], 200, np.random.default_rng(9))
    fraud = periods.rows.truth == 1
    assert fraud.sum() / 200 == pytest.approx(296, rel=0.03)
    assert periods.rows.flagged[fraud].mean() > (periods.rows.legacy[fraud] == 1).mean()
    assert (np.diff(periods.period) >= 0).all()
    assert (np.unique(periods.rows.customer // 100_000_000) == np.arange(200)).all()
