"""The promotion gate: declared conditions, the evidence on each, and what follows from them.

The outcome is a recommendation. It changes which bundle is champion in Penumbra at most, and
never decides a live payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from models.comparison.answers import Answer, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_T = TypeVar("_T")
State = Literal["met", "open", "failed"]
Outcome = Literal["promote", "keep shadowing", "reject"]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A plain number that has to be reached: days, labels, a share covered.

    Below it a condition is open, since time mends it; with `final` it has failed.
    """

    name: str
    least: float
    final: bool = False


@dataclass(frozen=True, slots=True)
class AtMost:
    """A plain number that may not be exceeded: milliseconds, a stability index.

    Above it a condition is open, since it can be mended; with `final` it has failed.
    """

    name: str
    most: float
    final: bool = False


@dataclass(frozen=True, slots=True)
class Better:
    """A comparison whose whole interval has to lie on the right side of a bound.

    `figure` names an answer. With `higher`, met where the interval lies above `bound` and failed
    where all of it lies below; without, the other way round. For a difference, superiority is a
    bound of 0, non-inferiority a margin below it, -0.02 say.
    """

    name: str
    figure: str
    bound: float
    higher: bool = True


@dataclass(frozen=True, slots=True)
class NoSegmentWorse:
    """A comparison in every segment: none may be shown to be worse than a bound.

    Segments are many and small, so it is met unless a segment's whole interval lies on the wrong
    side; segments that cannot be judged are counted in the evidence, and no more than the share
    `unknown` of payments may be in those. Where intervals are to hold for all segments together,
    ask for them at a level of 1 - 0.05 / segments (Bonferroni).
    """

    name: str
    figure: str
    bound: float
    higher: bool = True
    unknown: float = 0.5


Condition = AtLeast | AtMost | Better | NoSegmentWorse


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment's answer, and its share of all payments."""

    name: str
    share: float
    answer: Answer


@dataclass(frozen=True, slots=True)
class Facts:
    """What conditions are held against: numbers, answers and segments, all by name.

    Answers have to hold at every look (`Known.always`), since a gate is asked again and again.
    """

    numbers: Mapping[str, float]
    answers: Mapping[str, Answer]
    segments: Mapping[str, Sequence[Segment]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """One condition, its state and the figure behind it in words."""

    condition: Condition
    state: State
    told: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows, and the evidence of every condition, in the order they were declared."""

    outcome: Outcome
    evidence: tuple[Evidence, ...]


def judge(conditions: Sequence[Condition], facts: Facts) -> Verdict:
    """Return what follows from the facts.

    Promote when every condition is met, reject when one has failed, else keep shadowing. No
    conditions promote nothing: raises ValueError, as for a fact that nobody gave.
    """
    if not conditions:
        raise ValueError("a gate without conditions would let everything pass")
    evidence = tuple(_evidence(one, facts) for one in conditions)
    states = {one.state for one in evidence}
    if "failed" in states:
        return Verdict("reject", evidence)
    return Verdict("promote" if states == {"met"} else "keep shadowing", evidence)


def _evidence(condition: Condition, facts: Facts) -> Evidence:
    match condition:
        case AtLeast():
            number = _named(facts.numbers, condition.name, "number")
            short: State = "failed" if condition.final else "open"
            state: State = "met" if number >= condition.least else short
            return Evidence(condition, state, f"{number:g}, at least {condition.least:g}")
        case AtMost():
            number = _named(facts.numbers, condition.name, "number")
            over: State = "failed" if condition.final else "open"
            state = "met" if number <= condition.most else over
            return Evidence(condition, state, f"{number:g}, at most {condition.most:g}")
        case Better():
            answer = _named(facts.answers, condition.figure, "answer")
            side = _side(answer, condition)
            return Evidence(condition, side, f"{_told(answer)}, {_asked(condition)}")
        case NoSegmentWorse():
            return _segments(condition, _named(facts.segments, condition.figure, "segments"))


def _side(answer: Answer, condition: Better | NoSegmentWorse) -> State:
    if isinstance(answer, Refused):
        return "open"
    if isinstance(condition, Better) and not answer.always:
        raise ValueError(f"{condition.figure}: a gate is asked again and again, so its intervals "
                         "have to hold at every look")  # fmt: skip
    above, below = answer.low > condition.bound, answer.high < condition.bound
    if not condition.higher:
        above, below = below, above
    return "met" if above else "failed" if below else "open"


def _segments(condition: NoSegmentWorse, segments: Sequence[Segment]) -> Evidence:
    worse = [one for one in segments if _side(one.answer, condition) == "failed"]
    silent = [one for one in segments if isinstance(one.answer, Refused)]
    unknown = sum(one.share for one in silent)
    if worse:
        named = "; ".join(f"{one.name} {_told(one.answer)}" for one in worse)
        return Evidence(condition, "failed", f"worse: {named}; {_asked(condition)}")
    if not segments:
        return Evidence(condition, "open", "no segment has a payment to judge")
    told = f"none of {len(segments)} worse, {len(silent)} not known ({unknown:.0%} of payments)"
    return Evidence(condition, "met" if unknown <= condition.unknown else "open", told)


def _told(answer: Answer) -> str:
    if isinstance(answer, Refused):
        return f"not known yet: {answer.reason}"
    return f"{answer.value:.4g} ({answer.low:.4g} to {answer.high:.4g})"


def _asked(condition: Better | NoSegmentWorse) -> str:
    return f"{'above' if condition.higher else 'below'} {condition.bound:g}"


def _named(mapping: Mapping[str, _T], name: str, kind: str) -> _T:
    if name not in mapping:
        raise ValueError(f"the gate asks for the {kind} {name!r}, which nobody gave")
    return mapping[name]
