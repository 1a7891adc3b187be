"""What an audit says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["good", "note", "warning", "problem"]
LEVELS: tuple[Level, ...] = ("good", "note", "warning", "problem")


@dataclass(frozen=True)
class Finding:
    """One check's result: a sentence for people, figures for machines."""

    check: str
    level: Level
    text: str
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Audit:
    """All findings, in the order of the checks."""

    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Level:
        """The most serious level found."""
        return max((one.level for one in self.findings), key=LEVELS.index, default="good")

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "worst": self.worst,
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
