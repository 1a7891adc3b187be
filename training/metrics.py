"""Detection and calibration figures from scores and truth, all pure functions.

Scores are any increasing measure of risk; truth is boolean. Ties are broken stably, in input order.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

Floats = npt.NDArray[np.floating]
Truth = npt.NDArray[np.bool_]

DAY_MS = 86_400_000
CALIBRATION_BINS = 10


@dataclass(frozen=True)
class Detection:
    """How well scores rank fraud above genuine payments; NaN where a figure has no meaning."""

    average_precision: float
    auc: float
    recall_at_fpr_0_1_percent: float
    recall_at_fpr_1_percent: float
    recall_at_precision_90_percent: float
    card_precision_100: float
    card_precision_100_perfect: float


@dataclass(frozen=True)
class CalibrationRow:
    """One of ten bins that hold the same number of payments."""

    rows: int
    mean_probability: float
    fraud_share: float


def detection(
    scores: Floats,
    fraud: Truth,
    *,
    customers: npt.NDArray[np.int64],
    occurred_ms: npt.NDArray[np.int64],
) -> Detection:
    """All ranking figures of one window, (n,) each; `customers` are integer codes."""
    if not fraud.any() or fraud.all():
        return Detection(*([float("nan")] * 7))
    days = occurred_ms // DAY_MS
    return Detection(
        average_precision=float(average_precision_score(fraud, scores)),
        auc=float(roc_auc_score(fraud, scores)),
        recall_at_fpr_0_1_percent=recall_at_fpr(scores, fraud, 0.001),
        recall_at_fpr_1_percent=recall_at_fpr(scores, fraud, 0.01),
        recall_at_precision_90_percent=recall_at_precision(scores, fraud, 0.9),
        card_precision_100=card_precision(scores, fraud, customers, days, top=100),
        card_precision_100_perfect=card_precision(
            fraud.astype(np.float64), fraud, customers, days, top=100
        ),
    )


def recall_at_fpr(scores: Floats, fraud: Truth, false_positive_rate: float) -> float:
    """Largest share of fraud found while at most this share of genuine payments is flagged."""
    return float(flagged_at(scores, fraud, false_positive_rate)[fraud].mean())


def flagged_at(scores: Floats, fraud: Truth, false_positive_rate: float) -> Truth:
    """Return the most flags, (n,), at which at most this share of genuine payments is flagged."""
    wrong = np.sort(scores[~fraud])[::-1]
    allowed = false_positives(false_positive_rate, len(wrong))
    flags: Truth = scores > (wrong[allowed] if allowed < len(wrong) else -np.inf)
    return flags


def false_positives(rate: float, genuine: int) -> int:
    """How many of so many genuine payments may be flagged at this rate, rounding errors aside."""
    return int(rate * genuine + 1e-9)


def riskiest(scores: Floats, count: int) -> Truth:
    """Mark the `count` payments with the highest scores, (n,)."""
    found = np.zeros(len(scores), bool)
    found[np.argsort(-scores, kind="stable")[:count]] = True
    return found


def recall_at_precision(scores: Floats, fraud: Truth, precision: float) -> float:
    """Largest share of fraud found by any threshold whose flags are fraud this often."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(fraud[order])
    ends = np.append(np.diff(scores[order]) != 0, True)
    good = ends & (hits >= precision * np.arange(1, len(hits) + 1))
    return float(hits[good].max() / hits[-1]) if good.any() else 0.0


def card_precision(
    scores: Floats,
    fraud: Truth,
    customers: npt.NDArray[np.int64],
    days: npt.NDArray[np.int64],
    *,
    top: int,
) -> float:
    """Mean over days of the share of compromised cards among the `top` riskiest cards.

    A card counts with its riskiest payment of the day; one that was found is not looked at
    again. From the Fraud Detection Handbook, chapter 4.
    """
    found: set[int] = set()
    daily: list[float] = []
    for day in np.unique(days):
        rows = np.flatnonzero(days == day)
        rows = rows[~np.isin(customers[rows], list(found))]
        cards, index = np.unique(customers[rows], return_inverse=True)
        risk = np.full(len(cards), -np.inf)
        np.maximum.at(risk, index, scores[rows])
        compromised = np.zeros(len(cards), bool)
        np.logical_or.at(compromised, index, fraud[rows])
        chosen = np.argsort(-risk, kind="stable")[:top]
        hits = cards[chosen[compromised[chosen]]]
        daily.append(len(hits) / top)
        found.update(hits.tolist())
    return float(np.mean(daily))


def calibration_table(probability: Floats, fraud: Truth) -> tuple[CalibrationRow, ...]:
    """Ten bins of equal mass, lowest probabilities first."""
    order = np.argsort(probability, kind="stable")
    return tuple(
        CalibrationRow(len(rows), float(probability[rows].mean()), float(fraud[rows].mean()))
        for rows in np.array_split(order, CALIBRATION_BINS)
        if len(rows)
    )


def log_odds(probability: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Inverse of the sigmoid, kept finite at 0 and 1."""
    clipped = np.clip(np.asarray(probability, np.float64), 1e-9, 1 - 1e-9)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))


def sigmoid(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Probability of a log-odds."""
    return np.asarray(1 / (1 + np.exp(-np.asarray(values, np.float64))))
