"""Figures of two systems on the same payments: what is counted, and what is left out."""

from dataclasses import replace

import numpy as np
import pytest
from builders.compared import by_hand, drawn

from models.comparison.clusters import Moments, by_customer
from models.comparison.figures import COLUMNS, LEGACY, SHADOW, Compared, contributions, cube
from models.comparison.paired import UNKNOWN, Paired


@pytest.fixture
def rows() -> Paired:
    """Give six payments of three customers: four frauds, one caught by both."""
    return by_hand(
        ("a", 1, 1, 1, 100),
        ("a", 0, 1, 1, 300),
        ("b", 1, 0, 1, 500),
        ("b", 0, 0, 1, 100),
        ("c", 1, 0, 0, 70),
        ("c", 0, 0, 0, 30),
    )


def figure(rows: Paired, name: str) -> tuple[float, float]:
    """Return a figure of legacy and of the shadow."""
    totals = by_customer(rows).sum(axis=0)
    return float(LEGACY[name].of(totals)), float(SHADOW[name].of(totals))


def test_figures_are_the_textbooks_by_count_and_by_money(rows: Paired) -> None:
    """Counted by hand: two frauds each, of 400 and of 600 minor units."""
    assert figure(rows, "detection_rate") == (0.5, 0.5)
    assert figure(rows, "value_detection_rate") == (0.6, 0.4)
    assert figure(rows, "precision") == (2 / 3, 1.0)
    assert figure(rows, "false_positives_per_fraud") == (0.5, 0.0)
    assert figure(rows, "alert_rate") == (0.5, 1 / 3)


def test_the_cube_opens_every_payment_once(rows: Paired) -> None:
    """Legacy x shadow x truth, by count and by money."""
    counts, money = cube(rows)
    assert counts.tolist() == [[[1, 1, 0], [0, 1, 0]], [[1, 1, 0], [0, 1, 0]]]
    assert (counts.sum(), money.sum()) == (6, 1100)
    assert money[1, 0].tolist() == [70, 500, 0]


def test_what_nobody_knows_is_not_counted_as_anything(rows: Paired) -> None:
    """No legacy decision: no comparison. No truth: alerts only. No amount: no money."""
    legacy, truth = rows.legacy.copy(), rows.truth.copy()
    legacy[0], truth[1] = UNKNOWN, UNKNOWN
    amount = np.where(np.arange(6) == 2, UNKNOWN, rows.amount)
    partly = replace(rows, legacy=legacy, truth=truth, mature=np.zeros(6, bool), amount=amount)
    found = dict(zip(COLUMNS, contributions(partly).sum(axis=0), strict=True))
    assert (found["payments"], found["shadow_alerts"], found["legacy_alerts"]) == (5, 1, 2)
    assert (found["gained"], found["lost"], found["missed"]) == (0, 1, 1)
    assert (found["lost_money"], found["missed_money"]) == (0, 100)
    assert cube(partly)[0][..., 2].sum() == 1


def test_an_absent_label_means_genuine_only_where_one_could_have_come() -> None:
    """Old enough, and let through: a declined payment is not genuine because nobody complained."""
    rows = by_hand(*[("a", 0, 0, UNKNOWN, 1)] * 4)
    rows = replace(
        rows,
        mature=np.array([True, False, True, True]),
        declined=np.array([False, False, True, True]),
        held_out=np.array([False, False, False, True]),
    )
    assert rows.settled().tolist() == [0, UNKNOWN, UNKNOWN, 0]


def test_weights_stand_for_rows_that_were_not_drawn() -> None:
    """A row of weight three counts as three rows would."""
    rng = np.random.default_rng(0)
    rows = drawn(rng, 200)
    thrice = rows.take(np.repeat(np.arange(200), 3))
    weighted = replace(rows, presence=np.full(200, 3.0), weight=np.full(200, 3.0))
    of_censoring = COLUMNS.index("drawn_frauds")
    assert np.allclose(
        by_customer(weighted)[:, :of_censoring], by_customer(thrice)[:, :of_censoring]
    )


def test_a_figure_without_a_whole_is_no_number_and_never_zero() -> None:
    """No fraud, no detection rate; legacy found none, no ratio to it."""
    totals = by_customer(by_hand(("a", 0, 1, 0, 5))).sum(axis=0)
    assert np.isnan(SHADOW["detection_rate"].of(totals))
    one = by_customer(by_hand(("a", 0, 1, 1, 5))).sum(axis=0)
    ratio = Compared(SHADOW["detection_rate"], LEGACY["detection_rate"], ratio=True)
    assert np.isnan(ratio.of(one))


def test_gradients_are_those_of_the_figures() -> None:
    """Every gradient agrees with a small step, a ratio's with that of its logarithm."""
    totals = by_customer(drawn(np.random.default_rng(1))).sum(axis=0)
    for name in SHADOW:
        for one in (
            SHADOW[name],
            Compared(SHADOW[name], LEGACY[name]),
            Compared(SHADOW[name], LEGACY[name], ratio=True),
        ):
            for at in range(len(COLUMNS)):
                step = np.zeros(len(COLUMNS))
                step[at] = 1e-4 * max(totals[at], 1)
                up, down = float(one.of(totals + step)), float(one.of(totals - step))
                if isinstance(one, Compared) and one.ratio:
                    up, down = np.log(up), np.log(down)
                slope = (up - down) / (2 * step[at])
                assert one.gradient(totals)[at] == pytest.approx(slope, rel=1e-4, abs=1e-12)


def test_effective_numbers_count_a_spree_once() -> None:
    """Ten customers with one fraud each are worth ten, one customer with ten is worth one."""
    apart = Moments.of(by_customer(by_hand(*[(str(k), 1, 1, 1, 1) for k in range(10)])))
    spree = Moments.of(by_customer(by_hand(*[("a", 1, 1, 1, 1) for _ in range(10)])))
    events = SHADOW["detection_rate"].whole
    assert float(apart.effective(events)) == 10
    assert float(spree.effective(events)) == 1


def test_columns_of_unequal_length_are_refused(rows: Paired) -> None:
    """They would pair one payment's truth with another's score."""
    with pytest.raises(ValueError, match="equally long"):
        replace(rows, amount=rows.amount[:3])
