"""The promotion gate: conditions, evidence, and what follows."""

from dataclasses import replace

import pytest

from models.comparison.answers import Answer, Known, Refused
from models.comparison.gate import (
    AtLeast,
    AtMost,
    Better,
    Condition,
    Facts,
    NoSegmentWorse,
    Segment,
    judge,
)

GATE: tuple[Condition, ...] = (
    AtLeast("days", 28),
    AtLeast("coverage", 0.99),
    AtMost("p99_latency_ms", 50, final=True),
    Better("frauds: superior", "detection_rate difference", 0.0),
    Better("money: not inferior by 2 points", "value_detection_rate difference", -0.02),
    Better("fewer false positives", "false_positives ratio", 1.0, higher=False),
    NoSegmentWorse("no channel worse by 5 points", "by channel", -0.05),
)
SEGMENTS = (
    Segment("ecommerce", 0.7, Known(0.1, 0.02, 0.2, always=True)),
    Segment("atm", 0.1, Known(-0.1, -0.2, 0.0, always=True)),
    Segment("moto", 0.2, Refused("labelled frauds are worth 3 customers, 30 are needed")),
)
FACTS = Facts(
    numbers={"days": 30, "coverage": 0.999, "p99_latency_ms": 12},
    answers={
        "detection_rate difference": Known(0.1, 0.05, 0.15, always=True),
        "value_detection_rate difference": Known(0.0, -0.01, 0.01, always=True),
        "false_positives ratio": Known(0.4, 0.3, 0.5, always=True),
    },
    segments={"by channel": SEGMENTS},
)


def with_answer(name: str, answer: Answer) -> Facts:
    """Return the facts with another answer."""
    return replace(FACTS, answers={**FACTS.answers, name: answer})


def test_a_model_is_promoted_when_everything_speaks_for_it() -> None:
    """Each condition is met, and tells the figure that met it."""
    found = judge(GATE, FACTS)
    assert found.outcome == "promote"
    assert {one.state for one in found.evidence} == {"met"}
    assert found.evidence[3].told == "0.1 (0.05 to 0.15), above 0"
    assert found.evidence[6].told == "none of 3 worse, 1 not known (20% of payments)"


@pytest.mark.parametrize(
    "facts",
    [
        replace(FACTS, numbers={**FACTS.numbers, "days": 27}),
        with_answer("detection_rate difference", Known(0.1, -0.01, 0.2, always=True)),
        with_answer("value_detection_rate difference", Refused("too few")),
        replace(FACTS, segments={"by channel": [replace(one, answer=Refused("too few"))
                                                for one in SEGMENTS]}),
    ],
    ids=["too early", "not beyond doubt", "not known", "hardly a segment known"],
)  # fmt: skip
def test_what_time_can_tell_keeps_the_model_in_shadow(facts: Facts) -> None:
    """An interval on both sides, a figure not yet known, a day too few: neither yes nor no."""
    found = judge(GATE, facts)
    assert found.outcome == "keep shadowing"
    assert [one.state for one in found.evidence].count("open") == 1


@pytest.mark.parametrize(
    "facts",
    [
        with_answer("detection_rate difference", Known(-0.1, -0.2, -0.01, always=True)),
        with_answer("false_positives ratio", Known(2, 1.5, 2.5, always=True)),
        replace(FACTS, numbers={**FACTS.numbers, "p99_latency_ms": 51}),
        replace(FACTS, segments={"by channel": [
            *SEGMENTS, Segment("transfer", 0.0, Known(-0.2, -0.3, -0.1, always=True))]}),
    ],
    ids=["worse", "more false positives", "too slow, finally", "a segment worse"],
)  # fmt: skip
def test_a_model_that_is_shown_to_be_worse_is_rejected(facts: Facts) -> None:
    """One condition that has failed outweighs all that are met."""
    found = judge(GATE, facts)
    assert found.outcome == "reject"
    assert [one.state for one in found.evidence].count("failed") == 1


def test_a_segment_that_is_worse_is_named() -> None:
    """Whoever reads the evidence sees which one, and by how much."""
    bad = Segment("transfer", 0.1, Known(-0.2, -0.3, -0.1, always=True))
    found = judge(GATE, replace(FACTS, segments={"by channel": [*SEGMENTS, bad]}))
    assert found.evidence[6].told == "worse: transfer -0.2 (-0.3 to -0.1); above -0.05"


def test_a_gate_takes_only_intervals_that_hold_at_every_look() -> None:
    """It is asked daily: an interval for one look would let everything pass in the end."""
    with pytest.raises(ValueError, match="every look"):
        judge(GATE, with_answer("detection_rate difference", Known(0.1, 0.05, 0.15)))


def test_a_gate_without_conditions_or_facts_decides_nothing() -> None:
    """Nothing declared lets nothing pass; a fact that is missing is an error."""
    with pytest.raises(ValueError, match="without conditions"):
        judge((), FACTS)
    with pytest.raises(ValueError, match="'labels', which nobody gave"):
        judge((AtLeast("labels", 1),), FACTS)
