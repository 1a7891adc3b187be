"""A gate: what must be shown before a model may replace another, declared before it is looked at.

Margins are of shadow against legacy. A superiority margin asks how much better it must be, a
non-inferiority margin how much worse it may be; both want the whole interval on the right side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Figure = Literal[
    "detection_rate", "value_detection_rate", "precision", "false_positives_per_fraud",
    "alert_rate",
]  # fmt: skip
Matched = Literal["legacy_alert_rate", "legacy_detection_rate", "chosen_threshold"]
Margin = Literal["better_by", "worse_by_at_most", "at_least_times", "at_most_times"]

LESS_IS_BETTER = frozenset({"false_positives_per_fraud", "alert_rate"})
"""Figures of which less is better; of all others more is."""
FREE = {"legacy_alert_rate": "alert_rate", "legacy_detection_rate": "detection_rate"}
"""What a matched comparison makes equal, and so says nothing about."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One figure of the shadow against legacy's, where both alert or detect alike.

    `bar` is a difference in shares (`better_by`, `worse_by_at_most`), or what the shadow's figure
    is to be times legacy's.
    """

    figure: Figure
    at: Matched
    margin: Margin
    bar: float

    @property
    def ratio(self) -> bool:
        """Whether the bar is on the ratio of the two figures, not on their difference."""
        return self.margin in {"at_least_times", "at_most_times"}

    @property
    def limit(self) -> float:
        """The value on whose right side the interval must lie: shadow minus, or over, legacy."""
        if self.ratio:
            return self.bar
        gain = self.bar if self.margin == "better_by" else -self.bar
        return (-gain if self.less else gain) + 0.0  # never -0

    @property
    def less(self) -> bool:
        """Whether the right side is the lower one."""
        return self.figure in LESS_IS_BETTER

    def __str__(self) -> str:
        """Return the condition in words."""
        said = {
            "better_by": f"better than legacy's by more than {self.bar:g}",
            "worse_by_at_most": f"worse than legacy's by less than {self.bar:g}",
            "at_least_times": f"more than {self.bar:g} times legacy's",
            "at_most_times": f"less than {self.bar:g} times legacy's",
        }[self.margin]
        return f"{words(self.figure)} {said}, at {words(self.at)}"


@dataclass(frozen=True, slots=True)
class SegmentCondition:
    """In no segment is `condition` shown to be broken.

    Segments too small to judge may hold `unknown_at_most` of the payments, a share.
    """

    by: tuple[str, ...]
    unknown_at_most: float
    condition: Condition


@dataclass(frozen=True, slots=True)
class Gate:
    """What a model must show. `sha256` is that of its file, so that an edited one is another.

    `threshold_days` before the period fix the thresholds of matched comparisons. `looks` is how
    often people plan to look; intervals hold at every one of them. None means not asked for.
    """

    name: str
    version: str
    goal: str
    owner: str
    period_days: int
    threshold_days: int
    mature_labels: int
    mature_frauds: int
    coverage: float
    confidence: float
    looks: int
    conditions: tuple[Condition, ...]
    segments: SegmentCondition | None
    latency_p99_ms: float | None
    drift_psi: float | None
    sha256: str

    @property
    def label(self) -> str:
        """Return name, version and hash, as a ruleset's version is written."""
        return f"{self.name}@{self.version}+{self.sha256[:8]}"


def words(name: str) -> str:
    """Return a name of a figure or a place as people say it."""
    return name.replace("_", " ")
