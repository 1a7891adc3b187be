"""All that a training run found out, before anything is drawn."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.audit import Audit
from training.export import Parity
from training.judging import Difference, Judgement, Verdict
from training.kinds import KindFound
from training.segments import Segment


@dataclass(frozen=True, eq=False)
class ModelScores:
    """One model's probabilities on the judged window, kept for the plots."""

    name: str
    probability: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Run:
    """What report.json holds, and the arrays the plots need beside it.

    `facts` is plain data: data windows and counts, configuration, threshold, timings.
    """

    facts: dict[str, Any]
    audit: Audit
    judgements: tuple[Judgement, ...]
    differences: tuple[Difference, ...]
    verdict: Verdict
    segments: tuple[Segment, ...]
    parity: Parity
    history: tuple[float, ...]
    fraud: npt.NDArray[np.bool_]
    scores: tuple[ModelScores, ...]
    kinds: tuple[KindFound, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data for report.json; figures without a meaning are null."""
        data: dict[str, Any] = clean(
            {
                **self.facts,
                "verdict": dataclasses.asdict(self.verdict),
                "models": [dataclasses.asdict(one) for one in self.judgements],
                "differences": [dataclasses.asdict(one) for one in self.differences],
                "segments": [dataclasses.asdict(one) for one in self.segments],
                "kinds": [dataclasses.asdict(one) for one in self.kinds],
                "parity": dataclasses.asdict(self.parity),
                "validation_average_precision_by_epoch": list(self.history),
                "audit": self.audit.to_json(),
            }
        )
        return data


def clean(value: Any) -> Any:
    """NaN and infinities become None, tuples lists: what JSON can say."""
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
