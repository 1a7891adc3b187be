"""What is read from sums is what the payments say, however many there are."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.transaction import LEGACY_DECISIONS
from service.comparison.benchmark import _invented
from service.comparison.cube import by_segment, cube
from service.comparison.money import Assumptions, clearable, money
from service.comparison.simulator import Costs, simulator
from service.comparison.totals import of_window, positive
from service.ledger.cells import PER_RISK, RISKS, added, codes, packed, summed, unpacked
from service.ledger.facts import RISK_CUT, SEGMENT_CUT, Facts, parts, stopped

DAY = 20_000
COSTS = Costs(0.8, 5.0, 2.0)
STATED = Assumptions(review_minutes=6, miss_rate=0.1, cpu_hour_cost=3.6, scoring_us=50)
POSITIVE = positive("decline+review")


def sums_of(facts: Facts, cut: str) -> Any:
    """Return sums as the ledger would read them."""
    found = [(key, part) for key, part in parts(facts) if key.cut == cut]
    return SimpleNamespace(
        keys=[key for key, _ in found],
        members=[part.members for _, part in found],
        cells=[part.cells for _, part in found],
    )


def settled(facts: Facts, *, ripe: bool) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the settled truth of each payment: 1 fraud, 0 genuine, -1 not known."""
    silent = (facts.truth == -1) & ripe & ~stopped(facts.outcome, facts.legacy)
    return np.where(silent, 0, facts.truth)


@given(seed=st.integers(0, 2**32), ripe=st.booleans(), risk=st.integers(0, 1000))
def test_a_threshold_is_what_its_payments_say(seed: int, *, ripe: bool, risk: int) -> None:
    """Alerts, frauds, genuine payments, money and profit of any threshold, counted one by one."""
    facts = _invented(np.random.default_rng(seed), DAY, 400)
    found = of_window(sums_of(facts, RISK_CUT), DAY + int(ripe), None)
    made = simulator(found, None, POSITIVE, COSTS, 100)
    known = facts.legacy >= 0
    flagged, truth = known & (facts.risk >= risk), settled(facts, ripe=ripe)
    ours = (facts.outcome == 1) & (facts.legacy != LEGACY_DECISIONS.index("decline"))
    stake = np.where(ours, 0, facts.amount - facts.returned)
    point = made.at(risk)
    assert made.base.payments == known.sum()
    assert point.alerts == flagged.sum()
    assert point.frauds == (flagged & (truth == 1)).sum()
    assert point.false_positives == (flagged & (truth == 0)).sum()
    assert point.open == (flagged & (truth == -1)).sum()
    assert point.value_detected == facts.amount[flagged & (truth == 1)].sum()
    assert point.value_saved == stake[flagged & (truth == 1)].sum()
    assert np.isclose(
        point.profit,
        0.8 * point.value_saved / 100 - 5 * point.alerts - 2 * point.false_positives,
    )
    assert made.legacy is not None
    assert made.legacy.alerts == np.isin(facts.legacy, [2, 3]).sum()
    best = made.best()
    assert all(made.at(other).profit <= best.profit for other in range(0, 1001, 50))
    for budget in (0.0, 3.5, 100.0):
        assert made.within(budget).alerts <= budget


def test_segments_and_cube_hold_every_payment_once() -> None:
    """Values of a dimension add up to the whole, in count and in money."""
    facts = _invented(np.random.default_rng(1), DAY, 1000)
    whole = cube("all", of_window(sums_of(facts, RISK_CUT), DAY + 1, None), POSITIVE)
    assert whole.of(None, None, None) == (1000, facts.amount.sum())
    assert whole.of("unknown", None, None)[0] == (facts.legacy < 0).sum()
    for dimension in ("channel", "mcc", "country", "amount", "customer_age"):
        values = by_segment(sums_of(facts, SEGMENT_CUT), dimension, DAY + 1, None)
        groups = [cube(name, found, POSITIVE) for name, found in values.items()]
        assert sum(group.of(None, None, None)[0] for group in groups) == 1000
        for cell in whole.cells:
            same = (cell.legacy, cell.shadow, cell.truth)
            assert sum(group.of(*same)[0] for group in groups) == cell.count
            assert sum(group.of(*same)[1] for group in groups) == cell.amount


def test_money_counts_what_went_through_and_nothing_given_back() -> None:
    """Fraud in basis points, gross and net, and the cost of a million payments."""
    facts = _invented(np.random.default_rng(2), DAY, 3000)
    facts = replace(facts, returned=np.where(np.arange(3000) % 3, facts.amount // 2, 0))
    found = of_window(sums_of(facts, RISK_CUT), DAY + 1, None)
    made = simulator(found, None, POSITIVE, COSTS, 100)
    told = money(found, made, POSITIVE, STATED)
    through = ~stopped(facts.outcome, facts.legacy)
    fraud = through & (facts.truth == 1)
    assert told.volume == facts.amount[through].sum()
    assert told.fraud_gross == facts.amount[fraud].sum()
    assert told.fraud_net == (facts.amount - facts.returned)[fraud].sum()
    assert np.isclose(told.gross_basis_points, 1e4 * told.fraud_gross / told.volume)
    assert told.fraud_net < told.fraud_gross
    assert told.inference_cost_per_million == 0.05
    assert told.shadow.review_hours == told.shadow.point.alerts / 10
    beyond = (facts.truth == 1) & facts.flagged & ~np.isin(facts.legacy, [2, 3])
    lost = np.where(facts.outcome == 1, 0, facts.amount - facts.returned)
    assert told.value_saved_beyond_legacy == lost[beyond].sum()


def test_clearing_keeps_to_its_miss_rate() -> None:
    """Of legacy's flags the safest are cleared, as many as the missed frauds allow."""
    facts = _invented(np.random.default_rng(3), DAY, 4000)
    found = of_window(sums_of(facts, RISK_CUT), DAY + 1, None)
    flags = np.isin(facts.legacy, [2, 3])
    fraud = flags & (facts.truth == 1)
    for miss in (0.0, 0.1, 0.5):
        fits = [
            (flags & (facts.risk <= risk)).sum()
            for risk in range(1000)
            if (fraud & (facts.risk <= risk)).sum() <= miss * fraud.sum()
        ]
        assert clearable(found, POSITIVE, miss) == max(fits, default=0) / flags.sum()
    assert clearable(found, POSITIVE, 1.0) == 1.0


def test_every_combination_has_a_cell_of_its_own() -> None:
    """No two share a code, and all codes lie in the block that totals are read into."""
    axes = np.meshgrid(
        [-1, 0, 500, 999], [False, True], [False, True], range(-1, 4), range(-1, 2), indexing="ij"
    )
    code = codes(*(axis.ravel() for axis in axes))
    assert len(np.unique(code)) == len(code)
    assert 0 <= code.min() < code.max() == RISKS * PER_RISK - 1


@given(st.lists(st.integers(0, 60_059), max_size=30))
def test_adding_and_packing_change_no_sum(code: list[int]) -> None:
    """Cells may come in any order and number; what is taken away again leaves nothing."""
    given_ = np.array(code, np.int64)
    ones, nothing = np.ones(len(code), np.int64), np.zeros(len(code), np.int64)
    cells = summed(given_, ones, 5 * ones, nothing)
    assert cells["count"].sum() == len(code)
    assert (np.diff(cells["code"].astype(np.int64)) > 0).all()
    twice = added([cells, unpacked(packed(cells))])
    np.testing.assert_array_equal(twice["amount"], 2 * cells["amount"])
    assert len(added([cells, summed(given_, -ones, -5 * ones, nothing)])) == 0
