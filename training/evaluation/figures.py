"""What scores are worth on a fold, and differences between candidates with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.material import Material
from training.judging import average_precision, ranked
from training.kinds import flagged_at
from training.metrics import DAY_MS, detection

Scores = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

RESAMPLES = 500
ALERTS_A_DAY = 100


@dataclass(frozen=True)
class Interval:
    """A difference of means over folds, with its 95 % interval by customer."""

    difference: float
    low: float
    high: float


def figures(given: Material, rows: Rows, scores: Scores) -> dict[str, float]:
    """Return all figures of one candidate's scores of the judged rows, by name."""
    fraud, occurred_ms = given.fraud[rows], given.occurred_ms[rows]
    found = detection(scores, fraud, customers=given.customers[rows], occurred_ms=occurred_ms)
    payments, cards = daily_top(
        scores, fraud, given.customers[rows], occurred_ms // DAY_MS, ALERTS_A_DAY
    )
    return {
        "average precision": found.average_precision,
        "AUC": found.auc,
        "card precision@100": found.card_precision_100,
        "card precision@100 of a perfect ranker": found.card_precision_100_perfect,
        "recall at 0.1 % false positives": found.recall_at_fpr_0_1_percent,
        "recall at 1 % false positives": found.recall_at_fpr_1_percent,
        "recall at 90 % precision": found.recall_at_precision_90_percent,
        "share of fraud money at 0.1 % false positives": value_detected(
            scores, fraud, given.amount[rows], 0.001
        ),
        "daily top-100 payments precision": payments,
        "daily top-100 cards precision": cards,
    }


def value_detected(
    scores: Scores,
    fraud: npt.NDArray[np.bool_],
    amount: npt.NDArray[np.float64],
    false_positive_rate: float,
) -> float:
    """Share of the money in frauds found while at most this share of genuine rows is flagged.

    Payments without an exchange rate count with nothing.
    """
    found = fraud & flagged_at(scores, fraud, false_positive_rate)
    money = np.nan_to_num(amount)
    total = float(money[fraud].sum())
    return float(money[found].sum()) / total if total else float("nan")


def daily_top(
    scores: Scores, fraud: npt.NDArray[np.bool_], customers: Rows, days: Rows, top: int
) -> tuple[float, float]:
    """Precision of each day's `top` riskiest payments, and cards; means over days.

    A card has the risk of its riskiest payment of the day and is right if any of them is fraud.
    """
    of_payments, of_cards = [], []
    for day in np.unique(days):
        rows = np.flatnonzero(days == day)
        chosen = rows[np.argsort(-scores[rows], kind="stable")[:top]]
        of_payments.append(fraud[chosen].sum() / top)
        cards, index = np.unique(customers[rows], return_inverse=True)
        risk = np.full(len(cards), -np.inf)
        np.maximum.at(risk, index, scores[rows])
        compromised = np.zeros(len(cards), bool)
        np.logical_or.at(compromised, index, fraud[rows])
        of_cards.append(compromised[np.argsort(-risk, kind="stable")[:top]].sum() / top)
    return float(np.mean(of_payments)), float(np.mean(of_cards))


def paired(
    given: Material,
    folds: Mapping[str, Rows],
    first: Mapping[str, Sequence[Scores]],
    second: Mapping[str, Sequence[Scores]],
    *,
    seed: int = 0,
) -> Interval:
    """Average precision of the first minus the second: mean over folds, and over their seeds.

    Customers are drawn with replacement, all their payments in all folds together: the folds
    share customers, and a week's frauds of one card are one story.
    """
    codes = np.unique(np.concatenate([given.customers[r] for r in folds.values()]))
    parts = [
        (sign / len(runs[name]), *ranked(one, given.fraud[rows], codes.searchsorted(
            given.customers[rows])))
        for name, rows in folds.items()
        for sign, runs in ((1.0, first), (-1.0, second))
        for one in runs[name]
    ]  # fmt: skip

    def difference(weights: Rows) -> float:
        total = sum(share * average_precision(truth, weights[who]) for share, truth, who in parts)
        return float(total) / len(folds)

    rng = np.random.default_rng(seed)
    draws = [
        difference(np.bincount(rng.integers(0, len(codes), len(codes)), minlength=len(codes)))
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(draws, (2.5, 97.5))
    return Interval(difference(np.ones(len(codes), np.int64)), float(low), float(high))
