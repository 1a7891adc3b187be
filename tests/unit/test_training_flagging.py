"""Thresholds by budget, precision and cost, and the rule that is made of them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from training.config import CostConfig, ThresholdConfig, load_config
from training.costs import extra_of_flagging, spent
from training.errors import ConfigRefused, NoThreshold
from training.flagging import BY_MONEY, BY_PROBABILITY, Scored, choose_rule, flagging, outcome
from training.metrics import sigmoid
from training.thresholds import LEAST_FLAGS, threshold_for_cost, threshold_for_precision


def scored(n: int, seed: int, *, unknown: float = 0.0) -> Scored:
    """Return calibrated payments of 300 customers over ten days, some without an amount."""
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-4, 2.5, n).astype(np.float32)
    amount = rng.gamma(1.5, 60.0, n).round(2) + 0.01
    return Scored(
        log_odds,
        rng.random(n) < sigmoid(log_odds),
        np.where(rng.random(n) < unknown, np.nan, amount),
        rng.integers(0, 300, n),
        10.0,
    )


def test_the_lowest_threshold_of_a_precision_by_hand() -> None:
    """Twenty frauds, then fraud every second time: three of four are reached at 40 flags."""
    values = np.arange(100, 0, -1).astype(np.float32)
    fraud = np.r_[np.ones(20, bool), np.arange(80) % 2 == 1]
    sure = np.ones(100)
    assert threshold_for_precision(values, sure, fraud, 0.75) == values[39]
    assert threshold_for_precision(values, sure, fraud, 0.6) == values[99]
    assert threshold_for_precision(values, np.full(100, 0.7), fraud, 0.75) is None
    assert threshold_for_precision(values[:19], sure[:19], fraud[:19], 0.75) is None


def test_rows_that_share_a_value_are_flagged_together_or_not() -> None:
    """The last thirty share one value: half of them would do, all are too many."""
    values = np.r_[np.arange(60, 30, -1), np.full(30, 1)].astype(np.float32)
    fraud = np.arange(60) < 36
    assert threshold_for_precision(values, np.ones(60), fraud, 0.75) == 31


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.95), st.floats(0.01, 0.95))
def test_a_higher_precision_never_asks_for_a_lower_threshold(
    seed: int, first: float, second: float
) -> None:
    """And what is chosen reaches it, by count and by probability."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(-2, 3, 300), 1).astype(np.float32)
    fraud = rng.random(300) < sigmoid(values)
    low, high = (
        threshold_for_precision(values, sigmoid(values), fraud, one)
        for one in sorted((first, second))
    )
    assert low is not None or high is None
    if low is not None and high is not None:
        assert low <= high
    if high is not None:
        flagged = values >= np.float32(high)
        assert flagged.sum() >= LEAST_FLAGS
        assert fraud[flagged].mean() >= max(first, second)
        assert sigmoid(values)[flagged].mean() >= max(first, second) - 1e-9


def test_costs_by_hand() -> None:
    """A missed fraud of 200 costs 160; its flag 5; a genuine customer 5 and 10 more."""
    cost = CostConfig(loss_given_fraud=0.8, review_cost=5, friction_cost=10)
    fraud, flagged = np.array([1, 1, 0, 0], bool), np.array([0, 1, 1, 0], bool)
    assert spent(cost, fraud, flagged, np.full(4, 200.0)).tolist() == [160, 5, 15, 0]
    extra = extra_of_flagging(cost, np.array([0.5, 0.0]), np.array([200.0, 200.0]))
    assert extra.tolist() == [5 + 5 - 80, 15]


@given(st.integers(0, 2**32 - 1))
def test_no_other_threshold_costs_less(seed: int) -> None:
    """Against every observed value, and against flagging nothing."""
    rng = np.random.default_rng(seed)
    values = np.round(rng.normal(size=50), 1)
    extra = rng.normal(0.2, 1, 50)
    costs = [extra[values >= one].sum() for one in np.unique(values)]
    found = threshold_for_cost(values, extra)
    if found is None:
        assert min(costs) >= -1e-9
    else:
        assert extra[values >= found].sum() == pytest.approx(min(costs))


@pytest.mark.parametrize("rank_by", [BY_PROBABILITY, BY_MONEY])
@given(seed=st.integers(0, 2**32 - 1), share=st.sampled_from([0.002, 0.01, 0.1]))
def test_either_ranking_keeps_to_the_budget_as_the_worker_flags(
    rank_by: str, seed: int, share: float
) -> None:
    """The rule is applied as in the worker: log-odds against a threshold for each amount."""
    window = scored(2000, seed, unknown=0.1)
    config = ThresholdConfig(alert_rate=share, rank_by=rank_by)
    flags = int(choose_rule(window, config).flags(window).sum())
    assert 0.5 * share * 2000 <= flags <= share * 2000


def test_ranking_by_money_finds_more_money_and_fewer_frauds() -> None:
    """At the same number of flags: what it is for, and what it costs."""
    fixed, judged = scored(40_000, 1), scored(40_000, 2)
    rule = choose_rule(fixed, ThresholdConfig(alert_rate=0.01, rank_by=BY_MONEY))
    found = flagging(rule, fixed, judged, rng=np.random.default_rng(0))
    money, chance = found.rankings[BY_MONEY].figures, found.rankings[BY_PROBABILITY].figures
    assert money.flags == chance.flags == found.judged.figures.flags
    assert money.value_detection_rate.value > chance.value_detection_rate.value
    assert money.detection_rate.value < chance.detection_rate.value
    assert money.detection_rate.value == pytest.approx(
        found.judged.figures.detection_rate.value, abs=0.01
    )


def test_a_cost_rule_saves_money_on_a_window_it_did_not_see() -> None:
    """And a dearer review makes fewer flags."""
    fixed, judged = scored(30_000, 3), scored(30_000, 4)
    cheap, dear = (
        choose_rule(fixed, ThresholdConfig(cost=CostConfig(review_cost=review)))
        for review in (2.0, 30.0)
    )
    assert dear.log_odds > cheap.log_odds
    told = outcome(cheap, judged, cheap.flags(judged), rng=np.random.default_rng(0))
    assert told.cost_a_day is not None
    assert told.cost_a_day_without_flags is not None
    assert told.cost_a_day.high < told.cost_a_day_without_flags
    each = spent(CostConfig(review_cost=2.0), judged.fraud, cheap.flags(judged), judged.amount)
    assert told.cost_a_day.value == pytest.approx(each.sum() / 10)


def test_by_money_with_free_friction_the_threshold_is_the_review_itself() -> None:
    """Flag what puts more at risk than a look costs: least expected cost (Elkan 2001)."""
    config = ThresholdConfig(cost=CostConfig(review_cost=20.0), rank_by=BY_MONEY)
    rule = choose_rule(scored(30_000, 5), config)
    assert rule.at_risk == pytest.approx(20.0, rel=0.02)


def precision_of(window: Scored, flagged: NDArray[np.bool_]) -> float:
    """Share of flags that are fraud."""
    return float(window.fraud[flagged].mean())


@pytest.mark.parametrize("rank_by", [BY_PROBABILITY, BY_MONEY])
def test_a_precision_is_kept_about_on_a_later_window(rank_by: str) -> None:
    """Reached where it was fixed, nearly so where it is judged."""
    fixed, judged = scored(40_000, 6), scored(40_000, 7)
    rule = choose_rule(fixed, ThresholdConfig(precision=0.6, rank_by=rank_by))
    assert precision_of(fixed, rule.flags(fixed)) >= 0.6
    assert precision_of(judged, rule.flags(judged)) == pytest.approx(0.6, abs=0.05)


def test_what_no_threshold_does_is_refused_with_the_remedy() -> None:
    """A precision out of reach, costs that no flag saves, money where no amount is known."""
    window = scored(2000, 8)
    with pytest.raises(NoThreshold, match="lower threshold"):
        choose_rule(window, ThresholdConfig(precision=0.9999))
    with pytest.raises(NoThreshold, match="no flag in the validation window"):
        choose_rule(window, ThresholdConfig(cost=CostConfig(review_cost=1e9)))
    unknown = scored(2000, 8, unknown=1.1)
    with pytest.raises(NoThreshold, match="give --rates"):
        choose_rule(unknown, ThresholdConfig(rank_by=BY_MONEY))
    assert choose_rule(unknown, ThresholdConfig()).flags(unknown).sum() == 10


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("precision = 0.5\nalert_rate = 0.01", "alert_rate and precision exclude each other"),
        ("alerts_per_day = 3\n[threshold.cost]\nreview_cost = 1", "exclude each other"),
        ("[threshold.cost]\nfriction_cost = 1", "threshold.cost.review_cost"),
        ("rank_by = 'amount'", "threshold.rank_by"),
    ],
)
def test_a_threshold_is_chosen_in_exactly_one_way(tmp_path: Path, text: str, told: str) -> None:
    """One line that names the setting."""
    file = tmp_path / "train.toml"
    file.write_text(f"[threshold]\n{text}\n")
    with pytest.raises(ConfigRefused, match=told):
        load_config(file)
