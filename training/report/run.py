"""All that a training run found out, before anything is drawn."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.audit import Audit
from training.export import Parity
from training.flagging import Flagging
from training.judging import Difference, Judgement, Verdict
from training.kinds import KindFound
from training.metrics import sigmoid
from training.report.overall import Overall
from training.segments import Segments


@dataclass(frozen=True, eq=False)
class ModelScores:
    """One model's probabilities on the judged window, kept for the plots."""

    name: str
    probability: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Run:
    """What report.json holds, and the arrays the plots need beside it.

    `facts` is plain data: data windows and counts, configuration, timings.
    """

    facts: dict[str, Any]
    audit: Audit
    judgements: tuple[Judgement, ...]
    differences: tuple[Difference, ...]
    verdict: Verdict
    flagging: Flagging
    segments: Segments
    parity: Parity
    history: tuple[float, ...]
    fraud: npt.NDArray[np.bool_]
    scores: tuple[ModelScores, ...]
    kinds: tuple[KindFound, ...] = ()
    overall: Overall | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data for report.json; figures without a meaning are null."""
        data: dict[str, Any] = clean(
            {
                **self.facts,
                "verdict": dataclasses.asdict(self.verdict),
                "models": [dataclasses.asdict(one) for one in self.judgements],
                "differences": [dataclasses.asdict(one) for one in self.differences],
                "threshold": self._threshold(),
                "segments": [dataclasses.asdict(one) for one in self.segments.rows],
                "disparity": {
                    "comparisons": self.segments.comparisons,
                    "findings": self.segments.findings,
                },
                "kinds": [dataclasses.asdict(one) for one in self.kinds],
                "explanations": None if self.overall is None else self.overall.to_json(),
                "parity": dataclasses.asdict(self.parity),
                "validation_average_precision_by_epoch": list(self.history),
                "audit": self.audit.to_json(),
            }
        )
        return data

    def _threshold(self) -> dict[str, Any]:
        """Return the rule, and what it brings where it was fixed and where it is judged."""
        found, windows = self.flagging, self.facts["windows"]
        return {
            **dataclasses.asdict(dataclasses.replace(found.rule, cost=None)),
            "cost": None if found.rule.cost is None else found.rule.cost.model_dump(),
            "probability": float(sigmoid(found.rule.log_odds)),
            "fixed": {"window": "validation", **dataclasses.asdict(found.fixed)},
            "judged": {"window": windows["judged"], **dataclasses.asdict(found.judged)},
            "rankings": {by: dataclasses.asdict(one) for by, one in found.rankings.items()},
        }


def clean(value: Any) -> Any:
    """NaN and infinities become None, tuples lists: what JSON can say."""
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
