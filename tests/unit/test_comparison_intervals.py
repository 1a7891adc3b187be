"""How sure a figure is: between customers, by two methods, and when nothing is said at all."""

import numpy as np
import pytest
from builders.compared import by_hand, drawn

from models.comparison.answers import LEAST_FRAUDS, Known, Refused, answer
from models.comparison.clusters import Moments, by_customer
from models.comparison.figures import LEGACY, SHADOW, Compared, Figure, coefficients
from models.comparison.intervals import bootstrapped, freedom, interval, mcnemar, quantile, votes

FIGURES: dict[str, Figure] = {
    "share": SHADOW["detection_rate"],
    "money": SHADOW["value_detection_rate"],
    "unbounded": SHADOW["false_positives_per_fraud"],
    "difference": Compared(SHADOW["detection_rate"], LEGACY["detection_rate"]),
    "ratio": Compared(SHADOW["detection_rate"], LEGACY["detection_rate"], ratio=True),
    "money difference": Compared(SHADOW["value_detection_rate"], LEGACY["value_detection_rate"]),
}


@pytest.mark.parametrize("name", FIGURES)
def test_both_methods_agree_where_there_is_plenty(name: str) -> None:
    """Linearised and resampled intervals of 400 frauds have nearly the same ends."""
    sums = by_customer(drawn(np.random.default_rng(3), 4000, 600))
    moments, figure = Moments.of(sums), FIGURES[name]
    value, low, high = interval(moments, figure, quantile(freedom(moments, figure)))
    again, *ends = bootstrapped(sums, figure, rng=np.random.default_rng(0), draws=2000)
    width = high - low
    assert value == again
    assert np.allclose([low, high], ends, atol=0.12 * width)


def test_payments_of_one_customer_promise_no_more_than_one() -> None:
    """Every payment four times over, of the same customers: the interval stays as wide."""
    rows = drawn(np.random.default_rng(4))
    once = Moments.of(by_customer(rows))
    often = Moments.of(by_customer(rows.take(np.repeat(np.arange(len(rows)), 4))))
    for figure in FIGURES.values():
        assert np.allclose(interval(once, figure, 2.0), interval(often, figure, 2.0))


def test_swapping_the_systems_turns_the_difference_round() -> None:
    """What the shadow gains is what legacy loses, with the same certainty."""
    moments = Moments.of(by_customer(drawn(np.random.default_rng(5))))
    ours, theirs = SHADOW["precision"], LEGACY["precision"]
    value, low, high = interval(moments, Compared(ours, theirs), 2.0)
    assert np.allclose(interval(moments, Compared(theirs, ours), 2.0), (-value, -high, -low))
    _, low, high = interval(moments, Compared(ours, theirs, ratio=True), 2.0)
    assert np.allclose(
        interval(moments, Compared(theirs, ours, ratio=True), 2.0)[1:], (1 / high, 1 / low)
    )


def test_a_share_of_all_or_nothing_still_has_an_interval() -> None:
    """Forty of forty frauds found is not certainty: Wilson's interval of forty."""
    moments = Moments.of(by_customer(by_hand(*[(str(k), 0, 1, 1, 10) for k in range(40)])))
    value, low, high = interval(moments, SHADOW["detection_rate"], 1.96)
    assert float(value) == float(high) == 1
    assert float(low) == pytest.approx(40 / (40 + 1.96**2))


def test_moments_of_many_periods_are_those_of_each() -> None:
    """Stacked moments give every period what it would get alone."""
    each = [Moments.of(by_customer(drawn(np.random.default_rng(k)))) for k in range(3)]
    for figure in FIGURES.values():
        together = np.stack(interval(Moments.stacked(each), figure, 2.0), axis=1)
        assert np.allclose(together, [np.stack(interval(one, figure, 2.0)) for one in each])


def test_too_few_frauds_are_not_a_figure() -> None:
    """Below the least there is a reason, from it on an interval."""
    rows = by_hand(*[(str(k), k % 2, k % 3 > 0, 1, 10) for k in range(LEAST_FRAUDS + 4)])
    figure = FIGURES["difference"]
    known = answer(Moments.of(by_customer(rows)), figure)
    assert isinstance(known, Known)
    assert known.low < known.value < known.high
    few = answer(Moments.of(by_customer(rows.take(slice(LEAST_FRAUDS - 1)))), figure)
    assert few == Refused("labelled frauds are worth 29 customers, 30 are needed")


def test_a_spree_of_one_customer_is_not_plenty() -> None:
    """A thousand frauds of one customer say what one customer says."""
    spree = by_hand(*[("a", 0, 1, 1, 10) for _ in range(1000)])
    found = answer(Moments.of(by_customer(spree)), SHADOW["detection_rate"])
    assert isinstance(found, Refused)
    assert "worth 1 customers" in found.reason


def test_money_in_a_few_payments_is_not_plenty() -> None:
    """Sixty frauds of sixty customers, one of them as large as all others: only counts are told."""
    flags = [(k % 3 > 0, k % 3 < 2) for k in range(60)]
    rows = [(str(k), *flags[k], 1, 60_000 if k == 0 else 1_000) for k in range(60)]
    moments = Moments.of(by_customer(by_hand(*rows)))
    told = {name: answer(moments, figure) for name, figure in FIGURES.items()}
    assert isinstance(told["share"], Known)
    assert isinstance(told["ratio"], Known)
    for name in ("money", "money difference"):
        refused = told[name]
        assert isinstance(refused, Refused)
        assert "the money of labelled frauds is worth 4 customers" in refused.reason


def test_systems_that_never_differ_have_nothing_to_compare() -> None:
    """No payment tells them apart: refused, rather than a difference of zero for certain."""
    same = by_hand(*[(str(k), k % 2, k % 2, 1, 10) for k in range(100)])
    found = answer(Moments.of(by_customer(same)), FIGURES["difference"])
    assert isinstance(found, Refused)
    assert found.reason.startswith("too few customers make it up: 0 degrees of freedom")


def test_no_payments_are_a_reason_and_no_error() -> None:
    """An empty period answers with what it lacks."""
    rows = drawn(np.random.default_rng(0)).take(slice(0))
    sums = np.zeros((0, len(coefficients())))
    assert len(rows) == 0
    for figure in FIGURES.values():
        assert isinstance(answer(Moments.of(sums), figure), Refused)


def test_alert_rates_need_no_labels() -> None:
    """They are known as soon as there are alerts of customers enough."""
    rows = by_hand(*[(str(k), k % 3 == 0, k % 2, -1, 10) for k in range(100)])
    found = answer(Moments.of(by_customer(rows)), SHADOW["alert_rate"])
    assert isinstance(found, Known)
    assert found.value == 0.5


def test_mcnemar_is_the_binomial_of_those_who_differ() -> None:
    """Eight against one: twice the tail of nine throws (0.0390625); nobody differs: 1."""
    assert mcnemar(8, 1) == pytest.approx(2 * (1 + 9) / 2**9)
    assert mcnemar(0, 0) == 1


def test_customers_vote_once() -> None:
    """A customer with three gains and a loss is one vote for the shadow."""
    rows = by_hand(
        ("a", 0, 1, 1, 1),
        ("a", 0, 1, 1, 1),
        ("a", 0, 1, 1, 1),
        ("a", 1, 0, 1, 1),
        ("b", 1, 0, 1, 1),
    )
    sums = by_customer(rows)
    assert votes(sums, coefficients("gained"), coefficients("lost")) == (1, 1)
