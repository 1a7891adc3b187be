"""A gate held against what was seen: what is not yet known never counts as met."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from builders.gates import PASSABLE
from hypothesis import given, settings
from hypothesis import strategies as st

from models.comparison.paired import Paired, paired
from service.promotion.evaluate import Evaluation, Seen, evaluate
from service.promotion.gate_file import parse_gate
from service.promotion.matched import fixed_thresholds

DAY_MS = 86_400_000
GATE = parse_gate(PASSABLE, file="gate.yaml")
SEGMENTED = parse_gate(
    PASSABLE + "segments: {by: [channel], unknown_at_most: 0.5, figure: detection_rate, "
    "at: legacy_alert_rate, worse_by_at_most: 0.1}\n",
    file="gate.yaml",
)
N = 6000


def rows(lift: float, *, seed: int = 3, n: int = N, legacy: float = 0.5) -> Paired:
    """Return payments whose frauds the shadow scores `lift` log-odds higher than the others."""
    rng = np.random.default_rng(seed)
    fraud = rng.random(n) < 0.05
    log_odds = rng.normal(fraud * lift)
    return paired(
        occurred_ms=np.sort(rng.integers(0, 28 * DAY_MS, n)),
        customer=rng.integers(0, n, n),
        amount=rng.integers(100, 10_000, n),
        legacy=rng.random(n) < np.where(fraud, legacy, 0.02),
        flagged=log_odds >= 2,
        log_odds=log_odds,
        truth=fraud,
    )


def seen(judged: Paired, **changed: Any) -> Seen:
    """Return what a gate judges, everything but the rows being as it should."""
    given_: dict[str, Any] = {
        "rows": judged,
        "days": 28.0,
        "thresholds": fixed_thresholds(rows(4.0, seed=99), judged),
        "members": {},
        "coverage": 1.0,
        "rulesets": ["rules@1"],
        "challengers": 1,
        "looks_before": 0,
        "latency_p99_ms": 1.0,
        "drift": {"log-odds": 0.01},
    }
    return Seen(**given_ | changed)


def statuses(found: Evaluation) -> dict[str, str]:
    """Return the status of each condition, the worst of those of one name."""
    order = ["met", "not yet known", "not met"]
    told: dict[str, str] = {}
    for one in found.findings:
        told[one.condition] = max(told.get(one.condition, "met"), one.status, key=order.index)
    return told


def test_a_model_that_is_better_beyond_its_margins_is_promoted() -> None:
    """Every condition met, each with figure, interval and bar."""
    found = evaluate(GATE, seen(rows(4.0)))
    assert found.verdict == "promote"
    assert found.missing == ()
    compared = [one for one in found.findings if one.condition == "against legacy"]
    for one in compared:
        assert one.low is not None
        assert one.high is not None
        assert one.value is not None
        assert one.bar is not None
        assert one.low <= one.value <= one.high
        assert one.low > one.bar


def test_a_model_that_is_worse_is_rejected() -> None:
    """Shown to be so: the whole interval lies on the wrong side."""
    judged = rows(0.0)
    found = evaluate(GATE, seen(judged, thresholds=fixed_thresholds(rows(0.0, seed=5), judged)))
    assert found.verdict == "reject"
    assert statuses(found)["against legacy"] == "not met"


def test_a_model_of_which_it_is_not_clear_stays_in_shadow() -> None:
    """The interval holds the bar."""
    judged = rows(1.95)
    found = evaluate(GATE, seen(judged, thresholds=fixed_thresholds(rows(1.95, seed=5), judged)))
    assert found.verdict == "keep shadowing"
    assert statuses(found)["against legacy"] == "not yet known"


@pytest.mark.parametrize(
    ("change", "condition", "status"),
    [
        ({"days": 27.0}, "period", "not yet known"),
        ({"coverage": 0.98}, "coverage", "not met"),
        ({"rulesets": ["rules@1", "rules@2"]}, "one set of rules", "not met"),
        ({"looks_before": 3}, "looks", "not met"),
        ({"latency_p99_ms": None}, "latency", "not yet known"),
        ({"latency_p99_ms": 2000.0}, "latency", "not met"),
        ({"drift": None}, "drift", "not yet known"),
        ({"drift": {"log-odds": 0.1, "amount": 0.9}}, "drift", "not met"),
        ({"thresholds": {}}, "against legacy", "not yet known"),
    ],
)
def test_one_thing_that_is_missing_keeps_a_good_model_in_shadow(
    change: dict[str, Any], condition: str, status: str
) -> None:
    """It does not reject it either: all of these can be mended."""
    gate = replace(GATE, drift_psi=0.25)
    found = evaluate(gate, seen(rows(4.0), **change))
    assert found.verdict == "keep shadowing"
    assert statuses(found)[condition] == status
    assert {one.condition for one in found.missing} == {condition}


def test_without_labels_nothing_is_known_and_nothing_is_zero() -> None:
    """No figure is made up where there is none."""
    blind = replace(rows(4.0), truth=np.full(N, -1, np.int8), mature=np.zeros(N, bool))
    found = evaluate(GATE, seen(blind))
    assert found.verdict == "keep shadowing"
    told = [one for one in found.findings if one.condition == "against legacy"]
    assert {one.status for one in told} == {"not yet known"}
    assert {one.value for one in told} == {None}


def test_without_payments_nothing_is_met_that_needs_one() -> None:
    """No share of none, no rules that did not change, no segments of which none is worse."""
    nobody = rows(4.0).take(np.zeros(N, bool))
    empty = seen(nobody, members={"channel": np.zeros(0, object)}, coverage=0.0, rulesets=[])
    found = statuses(evaluate(SEGMENTED, empty))
    for condition in ("coverage", "one set of rules", "no segment worse", "against legacy"):
        assert found[condition] == "not yet known", condition


def test_no_segment_may_be_worse() -> None:
    """One in which the model finds nothing rejects it, however good it is on the whole."""
    judged = rows(4.0, n=3 * N)
    channel = np.where(np.arange(3 * N) % 3 == 0, "atm", "ecommerce").astype(object)
    good = evaluate(SEGMENTED, seen(judged, members={"channel": channel}))
    assert good.verdict == "promote"
    assert [one.name for one in good.segments] == ["channel atm", "channel ecommerce"]
    blind = np.where(channel == "atm", -5.0, judged.log_odds)
    found = evaluate(SEGMENTED, seen(replace(judged, log_odds=blind), members={"channel": channel}))
    assert statuses(found)["no segment worse"] == "not met"
    told = next(one for one in found.findings if one.condition == "no segment worse")
    assert "worse: channel atm" in told.found
    assert found.verdict == "reject"


def test_segments_too_small_to_judge_are_not_yet_known() -> None:
    """They hold more of the payments than the gate lets be unknown."""
    judged = rows(4.0)
    each = np.array([f"m{row % 500}" for row in range(N)], object)
    found = evaluate(SEGMENTED, seen(judged, members={"channel": each}))
    assert statuses(found)["no segment worse"] == "not yet known"
    assert found.verdict == "keep shadowing"


def test_challengers_side_by_side_share_what_may_go_wrong() -> None:
    """The same evidence is worth less when it is the best of ten."""
    alone = evaluate(GATE, seen(rows(4.0))).findings
    one_of_ten = evaluate(GATE, seen(rows(4.0), challengers=10)).findings
    for narrow, wide in zip(alone, one_of_ten, strict=True):
        if narrow.low is not None and wide.low is not None:
            assert wide.low < narrow.low


@settings(max_examples=30, deadline=None)
@given(
    lift=st.floats(0, 5),
    days=st.floats(0, 60),
    coverage=st.floats(0, 1),
    looks=st.integers(0, 6),
    n=st.integers(0, 1500),
    seed=st.integers(0, 99),
)
def test_promotion_means_that_everything_is_met(
    *, lift: float, days: float, coverage: float, looks: int, n: int, seed: int
) -> None:
    """And whatever is not met, or not known, is told."""
    judged = rows(lift, n=n, seed=seed)
    found = evaluate(GATE, seen(judged, days=days, coverage=coverage, looks_before=looks))
    assert (found.verdict == "promote") == all(one.status == "met" for one in found.findings)
    if found.verdict == "reject":
        assert any(one.status == "not met" for one in found.findings)
    assert all(one.value is not None for one in found.findings if one.status == "met")
