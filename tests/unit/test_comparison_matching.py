"""Thresholds fixed beforehand, and fraud by the episode."""

import math
from dataclasses import replace

import numpy as np
import pytest
from builders.compared import HOUR, by_hand, drawn

from models.comparison.clusters import by_customer
from models.comparison.episodes import episodes
from models.comparison.figures import SHADOW
from models.comparison.matching import (
    FORECAST,
    RANKING_ONLY,
    budget,
    detection,
    legacys_alert_rate,
    legacys_detection_rate,
)
from models.comparison.paired import UNKNOWN

MIDDLE = 30 * 24 * HOUR


def test_a_matched_threshold_keeps_to_legacys_rate_where_it_was_fixed() -> None:
    """As many alerts as legacy, never more; and what it made of later weeks is said."""
    rows = drawn(np.random.default_rng(0))
    earlier, judged = rows.between(0, MIDDLE), rows.between(MIDDLE, 10**12)
    found = legacys_alert_rate(earlier)
    assert found.target == (earlier.legacy == 1).mean()
    assert found.reached <= found.target < found.reached + 2 / len(earlier)
    assert found.realised(earlier) == pytest.approx(found.reached)
    assert found.realised(judged) == judged.at_threshold(found.threshold).flagged.mean()
    assert found.standing(judged) == FORECAST


def test_matching_inside_the_judged_weeks_is_ranking_only() -> None:
    """One payment of the judged span before the threshold was fixed is enough."""
    rows = drawn(np.random.default_rng(1))
    assert legacys_alert_rate(rows.between(0, MIDDLE)).standing(rows) == RANKING_ONLY
    assert legacys_alert_rate(rows).standing(rows) == RANKING_ONLY


def test_a_matched_detection_rate_finds_at_least_as_many_frauds() -> None:
    """The highest threshold that does: one score further up it would not."""
    rows = drawn(np.random.default_rng(2))
    found = legacys_detection_rate(rows)
    frauds = rows.take(rows.truth == 1)
    assert found.target == (frauds.legacy == 1).mean()
    assert found.reached >= found.target
    above = np.nextafter(found.threshold, np.inf)
    assert frauds.at_threshold(above).flagged.mean() < found.target


def test_equal_scores_are_flagged_together_or_not_at_all() -> None:
    """Half of the payments share the highest score: no threshold flags a tenth."""
    rows = replace(drawn(np.random.default_rng(3), 100), log_odds=np.repeat([0.0, 1.0], 50))
    assert (budget(rows, 0.1).threshold, budget(rows, 0.1).reached) == (math.inf, 0)
    assert (budget(rows, 0.5).threshold, budget(rows, 0.5).reached) == (1, 0.5)
    assert budget(rows, 1.0).threshold == 0


def test_without_payments_there_is_no_threshold() -> None:
    """An error that names what was asked for."""
    rows = drawn(np.random.default_rng(4), 20)
    with pytest.raises(ValueError, match="detection_rate"):
        detection(replace(rows, truth=np.zeros(20, np.int8)), 0.5)
    with pytest.raises(ValueError, match="alert_rate"):
        legacys_alert_rate(replace(rows, legacy=np.full(20, UNKNOWN, np.int8)))


def test_an_episode_is_caught_once_and_what_went_before_is_lost() -> None:
    """Three frauds of one customer, the shadow flags the second and legacy none."""
    rows = by_hand(
        ("a", 0, 0, 1, 100), ("a", 0, 1, 1, 200), ("a", 0, 1, 1, 400), ("b", 1, 0, 1, 50),
        ("b", 0, 0, 0, 9),
    )  # fmt: skip
    found = episodes(rows, rows.customer, 24 * HOUR)
    assert (found.frauds.tolist(), found.money.tolist()) == ([3, 1], [700, 50])
    assert found.until_ms.tolist() == [[UNKNOWN, HOUR], [0, UNKNOWN]]
    assert found.lost.tolist() == [[700, 100], [0, 50]]
    assert (found.share_lost("legacy"), found.share_lost("shadow")) == (700 / 750, 150 / 750)
    assert (found.median_hours("legacy"), found.median_hours("shadow")) == (0, 1)


def test_a_pause_longer_than_the_window_begins_another_episode() -> None:
    """Three hours of silence; with a window of two they are two stories, with four one."""
    rows = by_hand(*[("a", 0, 1, 1, 1)] * 5).take(np.array([0, 1, 4]))
    assert len(episodes(rows, rows.customer, 2 * HOUR).who) == 2
    assert len(episodes(rows, rows.customer, 4 * HOUR).who) == 1


def test_figures_with_intervals_can_be_asked_of_episodes() -> None:
    """As rows: a detection rate is then the share of episodes caught."""
    rows = drawn(np.random.default_rng(5))
    found = episodes(rows, rows.customer, 24 * HOUR)
    totals = by_customer(found.paired()).sum(axis=0)
    assert SHADOW["detection_rate"].of(totals) == found.caught("shadow").mean()
    none = episodes(replace(rows, truth=np.zeros(len(rows), np.int8)), rows.customer, HOUR)
    assert len(none.who) == 0
    assert math.isnan(none.share_lost("shadow"))
    assert math.isnan(none.median_hours("shadow"))
