"""From what was seen in a shadow period to a verdict: promote, keep shadowing or reject.

Every condition of the gate becomes a finding with its figure, its interval and its bar. A model
is promoted when all are met, and rejected when one is shown to be broken: the whole interval of a
comparison lies on the wrong side. Anything else keeps it in shadow. To ask that all conditions
be met needs no correction for their number (Berger 1982); that several challengers are judged at
once does, and each gets an equal part of what may go wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.comparison.answers import Refused, answer
from models.comparison.clusters import Moments, by_customer
from models.comparison.figures import FRAUDS, LEGACY, SHADOW, Compared, coefficients
from models.comparison.paired import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.comparison.paired import Paired
    from service.promotion.gate import Condition, Gate
    from service.promotion.matched import Threshold

Status = Literal["met", "not met", "not yet known"]
Verdict = Literal["promote", "keep shadowing", "reject"]
MET: Status = "met"
NOT_MET: Status = "not met"
UNKNOWN_YET: Status = "not yet known"
_FRAUDS = coefficients(*FRAUDS)


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition: what is asked, what was found, and whether that is enough.

    `value` lies in [`low`, `high`] at every look with the gate's confidence; `bar` is what it is
    held against. None where there is no figure. `refutes` says that the interval shows the
    condition to be broken.
    """

    condition: str
    asked: str
    status: Status
    found: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    bar: float | None = None
    refutes: bool = False


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A verdict and what it rests on."""

    verdict: Verdict
    findings: tuple[Finding, ...]

    @property
    def missing(self) -> tuple[Finding, ...]:
        """What is not met, or not yet known."""
        return tuple(one for one in self.findings if one.status != MET)


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


def evaluate(gate: Gate, seen: Seen) -> Evaluation:
    """Hold what was seen against a gate; pure."""
    findings = [
        *_enough(gate, seen),
        *(
            _compared(gate, seen, one, seen.rows, least=gate.mature_frauds)
            for one in gate.conditions
        ),
        *_segments(gate, seen),
        *_fitness(gate, seen),
    ]
    if all(one.status == MET for one in findings):
        verdict: Verdict = "promote"
    elif any(one.refutes for one in findings):
        verdict = "reject"
    else:
        verdict = "keep shadowing"
    return Evaluation(verdict, tuple(findings))


def _enough(gate: Gate, seen: Seen) -> list[Finding]:
    """Judge whether there is enough to judge by."""
    known = int((seen.rows.settled() != UNKNOWN).sum())
    frauds = frauds_worth(seen.rows)
    return [
        _reached("period", f"at least {gate.period_days} mature days", seen.days, gate.period_days,
                 f"{seen.days:g} days old enough for their labels to have come"),
        _reached("labels", f"at least {gate.mature_labels:,} payments whose truth is known", known,
                 gate.mature_labels, f"{known:,} payments"),
        _reached("frauds", f"at least {gate.mature_frauds:,} frauds among them", frauds,
                 gate.mature_frauds,
                 f"worth {frauds:,.0f} independent frauds: a customer's spree counts once"),
        Finding("coverage", f"at least {gate.coverage:.2%} scored, with a legacy decision",
                MET if seen.coverage >= gate.coverage else NOT_MET,
                f"{seen.coverage:.2%} of the payments", seen.coverage, bar=gate.coverage),
        Finding("one set of rules", "legacy's rules did not change inside the period",
                MET if len(seen.rulesets) == 1 else NOT_MET,
                f"{len(seen.rulesets)} versions: {', '.join(seen.rulesets) or 'none'}; after a "
                "change, judge from it on"),
        _at_most("looks", "looks, as declared", float(seen.looks_before + 1), gate.looks,
                 "with this one; intervals hold at every look"),
    ]  # fmt: skip


def frauds_worth(rows: Paired) -> float:
    """Return how many independent frauds the rows are worth."""
    return float(Moments.of(by_customer(rows)).effective(_FRAUDS)) if len(rows) else 0.0


def level_of(gate: Gate, seen: Seen, shared: int = 1) -> float:
    """Return how sure each interval must be: what may go wrong is shared among challengers.

    `shared` is the number of segments that are judged at once.
    """
    return 1 - (1 - gate.confidence) / (max(seen.challengers, 1) * max(shared, 1))


def _compared(
    gate: Gate, seen: Seen, condition: Condition, rows: Paired, *, least: int, shared: int = 1
) -> Finding:
    """Judge one figure against legacy's, at the threshold fixed for it."""
    asked, bar = str(condition), condition.limit
    threshold = seen.thresholds.get(condition.at)
    if threshold is None:
        said = "no threshold could be fixed on the days before the period"
        return Finding("against legacy", asked, UNKNOWN_YET, said, bar=bar)
    frauds = frauds_worth(rows)
    if frauds < least:
        said = f"worth {frauds:,.0f} independent frauds, {least:,} are asked for"
        return Finding("against legacy", asked, UNKNOWN_YET, said, bar=bar)
    found = answer(
        Moments.of(by_customer(threshold.flagged(rows))),
        difference(condition),
        elapsed=max(seen.days, 1.0) / gate.period_days,
        level=level_of(gate, seen, shared),
    )
    if isinstance(found, Refused):
        return Finding("against legacy", asked, UNKNOWN_YET, found.reason, bar=bar)
    status, refutes = _side(condition, found.low, found.high)
    return Finding("against legacy", asked, status, threshold.told, found.value, found.low,
                   found.high, bar, refutes)  # fmt: skip


def difference(condition: Condition) -> Compared:
    """Return the figure of a condition: shadow minus legacy, or over it."""
    return Compared(SHADOW[condition.figure], LEGACY[condition.figure], ratio=condition.ratio)


def _side(condition: Condition, low: float, high: float) -> tuple[Status, bool]:
    """Return whether an interval lies on the right side of its bar, and if it refutes it."""
    if not np.isfinite([low, high]).all():
        return UNKNOWN_YET, False
    bar = condition.limit
    right, wrong = (high < bar, low > bar) if condition.less else (low > bar, high < bar)
    if right:
        return MET, False
    return (NOT_MET, True) if wrong else (UNKNOWN_YET, False)


def _segments(gate: Gate, seen: Seen) -> list[Finding]:
    """Judge every segment with enough frauds; one finding says how the rest fared."""
    asked = gate.segments
    if asked is None:
        return []
    worth = [
        (f"{by} {name}", rows)
        for by in asked.by
        for name in sorted(set(seen.members[by].tolist()))
        if frauds_worth(rows := seen.rows.take(seen.members[by] == name)) >= asked.frauds
    ]
    if not worth:
        return [Finding("no segment worse", str(asked.condition), UNKNOWN_YET,
                        f"no segment has {asked.frauds} frauds yet")]  # fmt: skip
    found = []
    for name, rows in worth:
        one = _compared(gate, seen, asked.condition, rows, least=asked.frauds, shared=len(worth))
        found.append(replace(one, condition=f"segment {name}"))
    return found


def _fitness(gate: Gate, seen: Seen) -> list[Finding]:
    """Judge latency and drift, where the gate asks for them."""
    findings = []
    if gate.latency_p99_ms is not None:
        findings.append(
            _at_most("latency", "ms to score one payment", seen.latency_p99_ms, gate.latency_p99_ms,
                     "ms at the 99th percentile")
        )  # fmt: skip
    if gate.drift_psi is not None:
        drift = seen.drift or {}
        worst = max(drift, key=lambda name: drift[name], default=None)
        findings.append(
            _at_most("drift", "by the stability index, of the score and every feature since training",
                     None if worst is None else drift[worst], gate.drift_psi,
                     f"the largest, of {worst}")
        )  # fmt: skip
    return findings


def _reached(name: str, asked: str, value: float, bar: float, found: str) -> Finding:
    status = MET if value >= bar else UNKNOWN_YET
    return Finding(name, asked, status, found, float(value), bar=float(bar))


def _at_most(name: str, what: str, value: float | None, bar: float, unit: str) -> Finding:
    asked = f"at most {bar:g} {what}"
    if value is None:
        return Finding(name, asked, UNKNOWN_YET, "not measured", bar=bar)
    status = MET if value <= bar else NOT_MET
    return Finding(name, asked, status, f"{value:.3g} {unit}", value, bar=bar)
