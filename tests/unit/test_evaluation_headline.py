"""The headline: rules and thresholds found beforehand, one truth read three ways."""

from dataclasses import replace

import numpy as np
import pytest
from builders.judged import judged_payments

from models.comparison.answers import Known
from models.comparison.matching import FORECAST
from training.evaluation.headline import (
    BUDGETS,
    FIGURES,
    IN_FORCE,
    TYPICAL,
    Headline,
    Scores,
    headline,
    rows_of,
    rule_sets,
    three_ways,
)
from training.evaluation.headline_page import bars, headline_page
from training.evaluation.material import Payments
from training.evaluation.rivals import Span
from training.evaluation.rules import (
    BEHAVIOUR,
    COUNTS,
    WINDOWS_DAYS,
    Column,
    known,
    known_frauds,
    searched,
)
from training.progress import Silent
from training.windows import DAY_MS

JUDGED_MS = 12 * DAY_MS
CONDITIONS = tuple(name for name in BEHAVIOUR if name != "count_1d")
pytestmark = pytest.mark.xdist_group("headline")


def span(seed: int) -> tuple[Payments, dict[str, Column]]:
    """Return payments, and conditions of which amounts and their ratio know something of fraud."""
    payments = judged_payments(seed, rows=6000)
    rng = np.random.default_rng(seed)
    lean = np.where(payments.fraud, rng.gamma(2, 3, len(payments)), 1.0)
    columns: dict[str, Column] = {name: rng.gamma(2, 1, len(payments)) for name in CONDITIONS}
    columns["amount"] = payments.amount * np.minimum(lean, 4)
    columns["amount_ratio_all"] = rng.gamma(2, 0.5, len(payments)) * lean
    heard = rng.poisson(np.where(payments.fraud, 5, 0.3))
    told: dict[str, Column] = {
        name: np.minimum(column, 3.0) + heard for name, column in known_frauds(payments).items()
    }
    return payments, columns | told


@pytest.fixture(scope="module")
def learned() -> Span:
    """Give the weeks that rules are searched on."""
    return Span(*span(0))


@pytest.fixture(scope="module")
def shadowed() -> Span:
    """Give the weeks in shadow."""
    return Span(*span(1))


@pytest.fixture(scope="module")
def scores(shadowed: Span) -> Scores:
    """Give log-odds that find most frauds."""
    noise = np.random.default_rng(2).normal(size=len(shadowed.payments))
    return noise + np.where(shadowed.payments.fraud, 3.0, -1.0)


@pytest.fixture(scope="module")
def found(learned: Span, shadowed: Span, scores: Scores) -> Headline:
    """Give the headline of both."""
    return headline(learned, shadowed, scores, JUDGED_MS, Silent(), by_hand=False, draws=10)


def test_the_search_tries_every_window_and_keeps_what_nothing_beats(learned: Span) -> None:
    """Among its sets no other has as few alerts and more frauds; one window to a set at most."""
    sets = searched(learned.columns, learned.payments)
    flags = [one.flags(learned.columns) for one in sets]
    alerts = [int(mask.sum()) for mask in flags]
    frauds = [int((mask & learned.payments.fraud).sum()) for mask in flags]
    assert alerts == sorted(alerts)
    assert (np.diff(frauds) > 0).all()
    windows = {known(days) for days in WINDOWS_DAYS}
    of_windows = [[name for name, _ in one.conditions if name in windows] for one in sets]
    assert max(map(len, of_windows)) == 1
    assert {least for one in sets for name, least in one.conditions if name in windows} <= set(
        COUNTS
    )


def test_rule_sets_keep_to_their_budget_where_they_are_searched(learned: Span) -> None:
    """And the typical set knows nothing of known frauds."""
    sets = rule_sets(learned, by_hand=False)
    best, typical = sets[: len(BUDGETS)], sets[len(BUDGETS)]
    for one, budget in zip(best, BUDGETS, strict=True):
        assert one.flags(learned.columns).mean() <= budget
    assert typical.name == TYPICAL
    assert {name for name, _ in typical.conditions} <= set(BEHAVIOUR)


def test_in_a_typical_set_every_kind_of_rule_is_in_force(learned: Span) -> None:
    """Amount, ratio, one velocity and night, each flagging as many genuine payments as asked."""
    genuine = ~learned.payments.fraud
    for one, least in zip(
        rule_sets(learned, by_hand=False)[-len(IN_FORCE) :], IN_FORCE, strict=True
    ):
        assert len(one.conditions) == 4
        for name, threshold in one.conditions:
            assert (learned.columns[name][genuine] > threshold).mean() > least - 0.001


def test_thresholds_are_fixed_before_the_judged_weeks(
    found: Headline,
    shadowed: Span,
    scores: np.ndarray,
) -> None:
    """No judged payment was there when they were, and realised rates are said."""
    judged = rows_of(shadowed.payments, shadowed.payments.fraud, scores).between(JUDGED_MS, 10**13)
    for one in found.beside:
        for reading in (one.by_probability, one.by_money, one.as_many_frauds):
            assert reading is not None
            assert reading.matched.standing(judged) == FORECAST
        threshold = one.by_probability.matched.threshold
        assert one.by_probability.rate == judged.at_threshold(threshold).flagged.mean()
    assert (found.payments, found.frauds) == (len(judged), int((judged.truth == 1).sum()))


def test_with_everybody_held_out_all_readings_agree(
    shadowed: Span,
    scores: np.ndarray,
) -> None:
    """And with a part of them most corrected intervals hold the full truth."""
    legacy = shadowed.columns["amount_ratio_all"] > 3
    rows = rows_of(shadowed.payments, legacy, scores).at_threshold(0.5)
    everybody, _ = three_ways(rows, 1.0, 1)
    for way in everybody.values():
        assert way.full == way.corrected
    half, hold_together = three_ways(rows, 0.5, 40)
    for way in half.values():
        assert isinstance(way.full, Known)
        assert not isinstance(way.censored, Known)
        assert way.given > 0.9
        assert way.contains > 0.85
    assert hold_together > 0.85


def test_intervals_read_together_are_wider_and_hold_at_once(
    shadowed: Span,
    scores: np.ndarray,
) -> None:
    """Around the same figure; all at once at least as often as misses of each alone add up to."""
    legacy = shadowed.columns["amount_ratio_all"] > 3
    rows = rows_of(shadowed.payments, legacy, scores).at_threshold(0.5)
    ways, hold_together = three_ways(rows, 0.5, 40)
    for way in ways.values():
        assert isinstance(way.corrected, Known)
        assert isinstance(way.together, Known)
        assert way.together.value == way.corrected.value
        assert way.together.low < way.corrected.low < way.corrected.high < way.together.high
    assert hold_together >= 1 - sum(1 - way.contains for way in ways.values())


def test_a_payment_of_nobody_is_a_customer_of_its_own(
    shadowed: Span,
    scores: np.ndarray,
) -> None:
    """Payments whose customer is missing do not depend on each other."""
    missing = shadowed.payments.customers < 0
    rows = rows_of(shadowed.payments, missing, scores)
    assert len(np.unique(rows.customer[missing])) == missing.sum()
    assert not set(rows.customer[missing]) & set(rows.customer[~missing])


def test_the_page_tells_every_rule_set_and_every_bar(found: Headline) -> None:
    """What was searched, what it found, and where rules are as good."""
    page = headline_page(found, seeds=1)
    assert all(one.conditions in page for one in found.beside)
    assert "| bar |" not in page
    asked = replace(found, handbook=True)
    assert all(bar.asked in headline_page(asked, seeds=1) for bar in bars(asked))
    assert "Where rules are as good, or better:" in page
    assert set(found.beside[0].by_probability.answers) == set(FIGURES)
