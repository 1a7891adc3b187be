"""From what was seen in a shadow period to a verdict: promote, keep shadowing or reject.

The gate's declared words become conditions of `models.comparison.gate`, which says what follows
from them; here each gets its figure, its interval and its bar in words. To ask that all
conditions be met needs no correction for their number (Berger 1982); that several challengers are
judged at once does, and each gets an equal part of what may go wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.comparison.answers import Known, Refused, answer
from models.comparison.clusters import Moments, by_customer
from models.comparison.figures import FRAUDS, LEGACY, SHADOW, Compared, coefficients
from models.comparison.gate import (
    AtLeast,
    AtMost,
    Better,
    Facts,
    NoSegmentWorse,
    Outcome,
    Segment,
    judge,
)
from models.comparison.paired import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.comparison.answers import Answer
    from models.comparison.gate import Condition as Declared
    from models.comparison.gate import Evidence
    from models.comparison.paired import Paired
    from service.promotion.gate import Condition, Gate
    from service.promotion.matched import Threshold

Status = Literal["met", "not met", "not yet known"]
_FRAUDS = coefficients(*FRAUDS)
_NO_THRESHOLD = Refused("no threshold could be fixed on the days before the period")


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition: what is asked, what was found, and whether that is enough.

    `value` lies in [`low`, `high`] at every look with the gate's confidence; `bar` is what it is
    held against. None where there is no figure.
    """

    condition: str
    asked: str
    status: Status
    found: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    bar: float | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A verdict and what it rests on; `segments` are the answers in each, where any are asked."""

    verdict: Outcome
    findings: tuple[Finding, ...]
    segments: tuple[Segment, ...]

    @property
    def missing(self) -> tuple[Finding, ...]:
        """What is not met, or not yet known."""
        return tuple(one for one in self.findings if one.status != "met")


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a gate judges.

    `rows` are the payments of the mature days judged, one bundle against legacy; `days` how many
    those are. `thresholds` are by place of a comparison, None where they could not be fixed
    beforehand. `members` (n,) are by kind of segment the name of each row's segment. `coverage`
    is the share of payments with both decisions, `rulesets` the versions of the rules in the
    period, `challengers` how many bundles are judged side by side, `drift` the index of each
    feature and of the score.
    """

    rows: Paired
    days: float
    thresholds: Mapping[str, Threshold | None]
    members: Mapping[str, NDArray[np.object_]]
    coverage: float
    rulesets: Sequence[str]
    challengers: int
    looks_before: int
    latency_p99_ms: float | None
    drift: Mapping[str, float] | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A condition with its words: `why` says how a short number is read until it is reached."""

    title: str
    asked: str
    declared: Declared
    found: str
    short: Status = "not yet known"


def evaluate(gate: Gate, seen: Seen) -> Evaluation:
    """Hold what was seen against a gate; pure."""
    numbers = _numbers(gate, seen)
    compared = [
        _Asked("against legacy", str(one), Better(str(one), str(one), one.limit, not one.less),
               _where(seen, one))
        for one in gate.conditions
    ]  # fmt: skip
    asked = [one for one, _ in numbers] + compared
    segments: tuple[Segment, ...] = ()
    if gate.segments is not None:
        one = gate.segments.condition
        segments = _segments(gate, seen)
        worse = NoSegmentWorse(
            str(one), str(one), one.limit, not one.less, gate.segments.unknown_at_most
        )
        asked.append(_Asked("no segment worse", f"in no segment: {one}", worse, ""))
    facts = Facts(
        numbers={each.declared.name: value for each, value in numbers},
        answers={str(one): _answer(gate, seen, one, seen.rows) for one in gate.conditions},
        segments={} if gate.segments is None else {str(gate.segments.condition): segments},
    )
    verdict = judge([each.declared for each in asked], facts)
    findings = [
        _finding(each, evidence, facts)
        for each, evidence in zip(asked, verdict.evidence, strict=True)
    ]
    return Evaluation(verdict.outcome, tuple(findings), segments)


def level_of(gate: Gate, seen: Seen, shared: int = 1) -> float:
    """Return how sure each interval must be: what may go wrong is shared among challengers.

    `shared` is the number of segments that are judged at once (Bonferroni).
    """
    return 1 - (1 - gate.confidence) / (max(seen.challengers, 1) * max(shared, 1))


def elapsed_of(gate: Gate, seen: Seen) -> float:
    """Return the share of the declared period that is over, never zero."""
    return max(seen.days, 1.0) / gate.period_days


def _numbers(gate: Gate, seen: Seen) -> list[tuple[_Asked, float]]:
    """Return the conditions on plain numbers, and the numbers; NaN where one is not known."""
    known = int((seen.rows.settled() != UNKNOWN).sum())
    frauds = float(Moments.of(by_customer(seen.rows)).effective(_FRAUDS)) if len(seen.rows) else 0
    names = ", ".join(seen.rulesets)
    there = 1.0 if len(seen.rows) else np.nan
    found = [
        (_Asked("period", f"at least {gate.period_days} mature days",
                AtLeast("period_days", gate.period_days),
                f"{seen.days:.1f} days old enough for their labels to have come"), seen.days),
        (_Asked("labels", f"at least {gate.mature_labels:,} payments whose truth is known",
                AtLeast("mature_labels", gate.mature_labels), f"{known:,} payments"), known),
        (_Asked("frauds", f"at least {gate.mature_frauds:,} frauds among them",
                AtLeast("mature_frauds", gate.mature_frauds),
                f"worth {frauds:,.0f} independent ones: a customer's spree counts once"), frauds),
        (_Asked("coverage", f"at least {gate.coverage:.2%} scored, with a legacy decision",
                AtLeast("coverage", gate.coverage), f"{seen.coverage:.2%} of the payments",
                "not met"), there * seen.coverage),
        (_Asked("one set of rules", "legacy's rules did not change inside the period",
                AtMost("sets_of_rules", 1),
                f"{len(seen.rulesets)} in force: {names}; after a change, judge from it on",
                "not met"), there * len(seen.rulesets)),
        (_Asked("looks", f"at most {gate.looks}, as declared", AtMost("looks", gate.looks),
                f"{seen.looks_before + 1} with this one; intervals hold at every look",
                "not met"), seen.looks_before + 1),
    ]  # fmt: skip
    if gate.latency_p99_ms is not None:
        p99 = np.nan if seen.latency_p99_ms is None else seen.latency_p99_ms
        found.append((_Asked(
            "latency", f"at most {gate.latency_p99_ms:g} ms to score one payment",
            AtMost("latency_p99_ms", gate.latency_p99_ms),
            f"{p99:.3g} ms at the 99th percentile", "not met",
        ), p99))  # fmt: skip
    if gate.drift_psi is not None:
        drift = seen.drift or {"nothing": np.nan}
        worst, index = max(drift.items(), key=lambda one: one[1])
        found.append((_Asked(
            "drift", f"at most {gate.drift_psi:g} since training (stability index)",
            AtMost("drift_psi", gate.drift_psi), f"{index:.3g}, the largest: of {worst}", "not met",
        ), index))  # fmt: skip
    return found


def _answer(gate: Gate, seen: Seen, condition: Condition, rows: Paired, shared: int = 1) -> Answer:
    """Return one figure against legacy's, at the threshold fixed for it."""
    threshold = seen.thresholds.get(condition.at)
    if threshold is None:
        return _NO_THRESHOLD
    return answer(
        Moments.of(by_customer(threshold.flagged(rows))),
        difference(condition),
        elapsed=elapsed_of(gate, seen),
        level=level_of(gate, seen, shared),
    )


def difference(condition: Condition) -> Compared:
    """Return the figure of a condition: shadow minus legacy, or over it."""
    return Compared(SHADOW[condition.figure], LEGACY[condition.figure], ratio=condition.ratio)


def _segments(gate: Gate, seen: Seen) -> tuple[Segment, ...]:
    """Return the answer in every segment that the gate asks for."""
    asked = gate.segments
    if asked is None or not len(seen.rows):
        return ()
    masks = {
        f"{kind} {name}": seen.members[kind] == name
        for kind in asked.by
        for name in sorted(set(seen.members[kind].tolist()))
    }
    return tuple(
        Segment(
            name,
            float(mask.mean()) / len(asked.by),
            _answer(gate, seen, asked.condition, seen.rows.take(mask), len(masks)),
        )
        for name, mask in masks.items()
    )


def _where(seen: Seen, condition: Condition) -> str:
    threshold = seen.thresholds.get(condition.at)
    return _NO_THRESHOLD.reason if threshold is None else threshold.told


def _finding(asked: _Asked, evidence: Evidence, facts: Facts) -> Finding:
    """Put words, state and figures of a condition together."""
    declared = asked.declared
    states: dict[str, Status] = {"met": "met", "failed": "not met", "open": "not yet known"}
    status = states[evidence.state]
    if isinstance(declared, AtLeast | AtMost):
        value = facts.numbers[declared.name]
        bar = declared.least if isinstance(declared, AtLeast) else declared.most
        if np.isnan(value):
            return Finding(asked.title, asked.asked, status, "not measured", bar=bar)
        if status == "not yet known":
            status = asked.short
        return Finding(asked.title, asked.asked, status, asked.found, float(value), bar=bar)
    if isinstance(declared, NoSegmentWorse):
        return Finding(asked.title, asked.asked, status, evidence.told, bar=declared.bound)
    found = facts.answers[declared.figure]
    if isinstance(found, Known):
        low, high = (end if np.isfinite(end) else None for end in (found.low, found.high))
        return Finding(asked.title, asked.asked, status, asked.found, found.value, low, high,
                       declared.bound)  # fmt: skip
    return Finding(asked.title, asked.asked, status, found.reason, bar=declared.bound)
