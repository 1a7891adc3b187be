"""How a score adds up, as bars on one scale: the geometry of the waterfall."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 1000.0
"""Units of a bar's drawing; it is stretched to the column it stands in."""
MOST_STEPS = 10
MARGIN = 0.06
LEAST_SPAN = 0.01
"""Log-odds: less is not drawn larger than it is."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line: a contribution of `amount` log-odds, drawn from `x` over `width` units.

    `before` and `after` are the places of the running sum. `fact` is the contribution as stored,
    None for the lines that begin, gather and end.
    """

    kind: str
    words: str
    amount: float
    x: float
    width: float
    before: float
    after: float
    fact: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The lines, from the base value to the score; where the threshold lies on the scale."""

    steps: Sequence[Step]
    threshold: float
    total: float
    difference: float


def waterfall(explanation: dict[str, Any], log_odds: float, threshold: float) -> Waterfall | None:
    """Return the lines of an explanation, strongest first; None where it has no contributions.

    What does not fit is gathered in one line, so that the lines add up to the score.
    """
    facts = explanation.get("contributions") or []
    base = explanation.get("base_value")
    if base is None or not facts:
        return None
    ordered = sorted(facts, key=lambda fact: -abs(fact["contribution"]))
    shown, rest = ordered[:MOST_STEPS], ordered[MOST_STEPS:]
    amounts = [("base", "Where every payment begins", float(base), None)]
    amounts += [("step", fact["text"], float(fact["contribution"]), fact) for fact in shown]
    if rest:
        gathered = sum(float(fact["contribution"]) for fact in rest)
        amounts.append(("rest", f"{len(rest)} weaker contributions", gathered, None))
    sums = [0.0]
    for _, _, amount, _ in amounts:
        sums.append(sums[-1] + amount)
    scale = _Scale.of([*sums[1:], log_odds, threshold])
    steps = []
    for number, (kind, words, amount, fact) in enumerate(amounts):
        before = scale.low if kind == "base" else sums[number]
        left, right = sorted((scale.at(before), scale.at(sums[number + 1])))
        steps.append(
            Step(kind, words, amount, left, max(right - left, 2.0), scale.at(before),
                 scale.at(sums[number + 1]), fact)
        )  # fmt: skip
    end = scale.at(log_odds)
    steps.append(Step("total", "Score", log_odds, 0.0, max(end, 2.0), end, end))
    return Waterfall(steps, scale.at(threshold), sums[-1], abs(sums[-1] - log_odds))


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    unit: float

    @staticmethod
    def of(values: Sequence[float]) -> _Scale:
        low = min(values)
        span = max(max(values) - low, LEAST_SPAN)
        return _Scale(low - span * MARGIN, WIDTH / (span * (1 + 2 * MARGIN)))

    def at(self, value: float) -> float:
        return round((value - self.low) * self.unit, 1)
