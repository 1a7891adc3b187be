"""What an audit says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Level = Literal["good", "note", "warning", "problem"]
LEVELS: tuple[Level, ...] = ("good", "note", "warning", "problem")

Fitness = Literal["fit to train on", "fit with care", "not fit to train on"]


@dataclass(frozen=True)
class Finding:
    """One check's result: a sentence for people, figures for machines."""

    check: str
    level: Level
    text: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Grade:
    """How good the data is in one respect, 1 to 5, why, and what would make it better."""

    dimension: str
    grade: int
    reason: str
    remedy: str | None


@dataclass(frozen=True)
class Verdict:
    """Whether to train on the data; `reasons` name what speaks against it."""

    fitness: Fitness
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Audit:
    """All findings in the order of the checks, the scorecard and the verdict that follow."""

    findings: tuple[Finding, ...]
    grades: tuple[Grade, ...]
    verdict: Verdict

    @property
    def worst(self) -> Level:
        """The most serious level found."""
        return max((one.level for one in self.findings), key=LEVELS.index, default="good")

    def figures(self, check: str) -> Mapping[str, Any]:
        """Return the figures of one check; none where it found nothing to count."""
        return next((one.figures for one in self.findings if one.check == check), {})

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "worst": self.worst,
            "verdict": {"fitness": self.verdict.fitness, "reasons": list(self.verdict.reasons)},
            "scorecard": [asdict(one) for one in self.grades],
            "findings": [
                {
                    "check": one.check,
                    "level": one.level,
                    "text": one.text,
                    "figures": dict(one.figures),
                }
                for one in self.findings
            ],
        }
