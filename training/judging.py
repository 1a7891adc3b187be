"""What a model's scores are worth on one window, and whether it is worth shipping."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.metrics import CalibrationRow, Detection, calibration_table, detection
from training.reliability import Reliability, reliability
from training.resampling import INTERVAL, RESAMPLES

_LEADERS = 20_000  # beyond so many of the riskiest rows precision no longer moves the average


@dataclass(frozen=True)
class Judgement:
    """One model on one window."""

    name: str
    detection: Detection
    reliability: Reliability
    calibration: tuple[CalibrationRow, ...]
    genuine_share: float
    seconds: float


@dataclass(frozen=True)
class Difference:
    """Average precision of the network minus a baseline's, 95 % interval by customer."""

    baseline: str
    difference: float
    low: float
    high: float

    @property
    def network_is_better(self) -> bool:
        """Whether the whole interval lies above zero."""
        return self.low > 0


@dataclass(frozen=True)
class Verdict:
    """What to ship, and why, in one sentence."""

    ship: str
    why: str


def judge_scores(
    name: str,
    probability: npt.NDArray[np.float64],
    fraud: npt.NDArray[np.bool_],
    flagged: npt.NDArray[np.bool_],
    *,
    customers: npt.NDArray[np.int64],
    occurred_ms: npt.NDArray[np.int64],
    genuine_share: float,
    seconds: float,
    rng: np.random.Generator,
) -> Judgement:
    """All figures of one model's probabilities, (n,), and of those that it flags."""
    return Judgement(
        name=name,
        detection=detection(probability, fraud, customers=customers, occurred_ms=occurred_ms),
        reliability=reliability(probability, fraud, flagged, customers, rng=rng),
        calibration=calibration_table(probability, fraud),
        genuine_share=genuine_share,
        seconds=seconds,
    )


def compare(
    baseline: str,
    network_scores: npt.NDArray[np.float64],
    baseline_scores: npt.NDArray[np.float64],
    fraud: npt.NDArray[np.bool_],
    customers: npt.NDArray[np.int64],
    *,
    rng: np.random.Generator,
) -> Difference:
    """Paired bootstrap over customers: a customer's payments are drawn together, or not at all."""
    codes = np.unique(customers, return_inverse=True)[1]
    count = int(codes.max()) + 1
    both = [ranked(scores, fraud, codes) for scores in (network_scores, baseline_scores)]
    differences = np.empty(RESAMPLES)
    for draw in range(RESAMPLES):
        weights = np.bincount(rng.integers(0, count, count), minlength=count)
        first, second = (average_precision(truth, weights[who]) for truth, who in both)
        differences[draw] = first - second
    whole = np.ones(count, np.int64)
    observed, other = (average_precision(truth, whole[who]) for truth, who in both)
    low, high = np.percentile(differences, INTERVAL)
    return Difference(baseline, observed - other, float(low), float(high))


def decide(differences: tuple[Difference, ...]) -> Verdict:
    """Ship the simplest model that is as good; `differences` are ordered simplest first.

    As good: the network's advantage is not beyond doubt (its interval reaches zero).
    """
    for found in differences:
        if not found.network_is_better:
            return Verdict(
                found.baseline,
                f"ship the simpler one: {found.baseline} is as good (network minus "
                f"{found.baseline}: {found.difference:+.3f} average precision, "
                f"95 % interval {found.low:+.3f} to {found.high:+.3f})",
            )
    if not differences:
        return Verdict("network", "no baseline was fitted: nothing is known of simpler models")
    closest = min(differences, key=lambda found: found.difference)
    return Verdict(
        "network",
        f"ship the network: it beats every baseline; the closest is {closest.baseline} "
        f"({closest.difference:+.3f} average precision, 95 % interval {closest.low:+.3f} to "
        f"{closest.high:+.3f})",
    )


def ranked(
    scores: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_], codes: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """Return truth and customer codes in falling order of score, as far as they matter."""
    order = np.argsort(-scores, kind="stable")
    last = np.flatnonzero(fraud[order])[-1] + 1
    order = order[: max(min(last, len(order)), _LEADERS)]
    return fraud[order], codes[order]


def average_precision(fraud: npt.NDArray[np.bool_], weights: npt.NDArray[np.int64]) -> float:
    """Average precision of rows in falling order of score, each as often as its weight says."""
    hits = np.where(fraud, weights, 0)
    found, flagged = np.cumsum(hits), np.cumsum(weights)
    total = found[-1] if len(found) else 0
    if not total:
        return 0.0
    return float(np.sum(hits * (found / np.maximum(flagged, 1))) / total)
