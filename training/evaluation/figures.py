"""What scores are worth on a fold, and differences between candidates with intervals."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.evaluation.material import Payments
from training.judging import average_precision, ranked
from training.metrics import DAY_MS, detection, false_positives, flagged_at

Scores = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

RESAMPLES = 500
ALERTS_A_DAY = 100
LEAST_REACH = 1000


@dataclass(frozen=True)
class Interval:
    """A difference of means over folds, with its 95 % interval by customer."""

    difference: float
    low: float
    high: float


def figures(given: Payments, rows: Rows, scores: Scores) -> dict[str, float]:
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


@dataclass(frozen=True)
class Metric:
    """A figure of rows in falling order of score, of which each counts so many times.

    `of` takes their truth (m,), how often each counts (m,), and how often all genuine payments
    and all frauds count; `reach` is the share of rows beyond which it looks at none.
    """

    of: Callable[[npt.NDArray[np.bool_], Rows, int, int], float]
    reach: float

    def __call__(self, scores: Scores, fraud: npt.NDArray[np.bool_]) -> float:
        """Return the figure of scores (n,), each row counted once; NaN without frauds."""
        if not fraud.any():
            return float("nan")
        truth = fraud[np.argsort(-scores, kind="stable")]
        ones = np.ones(len(truth), np.int64)
        return self.of(truth, ones, int((~fraud).sum()), int(fraud.sum()))


AVERAGE_PRECISION = Metric(lambda truth, weights, _, __: average_precision(truth, weights), 1.0)


def recall_metric(false_positive_rate: float) -> Metric:
    """Return the share of frauds found while at most this share of genuine rows is flagged."""

    def of(truth: npt.NDArray[np.bool_], weights: Rows, genuine: int, frauds: int) -> float:
        wrong = np.cumsum(np.where(truth, 0, weights))
        flagged = int(
            np.searchsorted(wrong, false_positives(false_positive_rate, genuine), side="right")
        )
        return float(weights[:flagged][truth[:flagged]].sum()) / max(frauds, 1)

    return Metric(of, 5 * false_positive_rate)


def paired(
    given: Payments,
    folds: Mapping[str, Rows],
    first: Mapping[str, Sequence[Scores]],
    second: Mapping[str, Sequence[Scores]],
    *,
    metric: Metric = AVERAGE_PRECISION,
    seed: int = 0,
) -> Interval:
    """Return the first's figure minus the second's: mean over folds, and over their seeds.

    Customers are drawn with replacement, all their payments in all folds together: the folds
    share customers, and a week's frauds of one card are one story.
    """
    codes = np.unique(np.concatenate([given.customers[r] for r in folds.values()]))
    parts = [
        (sign / len(runs[name]), name, *_reached(one, given.fraud[rows], codes.searchsorted(
            given.customers[rows]), metric.reach))
        for name, rows in folds.items()
        for sign, runs in ((1.0, first), (-1.0, second))
        for one in runs[name]
    ]  # fmt: skip
    counted = {
        name: [
            np.bincount(codes.searchsorted(given.customers[some]), minlength=len(codes))
            for some in (rows[~given.fraud[rows]], rows[given.fraud[rows]])
        ]
        for name, rows in folds.items()
    }

    def difference(weights: Rows) -> float:
        totals = {name: [int(weights @ one) for one in both] for name, both in counted.items()}
        total = sum(
            share * metric.of(truth, weights[who], *totals[name])
            for share, name, truth, who in parts
        )
        return float(total) / len(folds)

    rng = np.random.default_rng(seed)
    draws = [
        difference(np.bincount(rng.integers(0, len(codes), len(codes)), minlength=len(codes)))
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(draws, (2.5, 97.5))
    return Interval(difference(np.ones(len(codes), np.int64)), float(low), float(high))


def _reached(
    scores: Scores, fraud: npt.NDArray[np.bool_], who: Rows, reach: float
) -> tuple[npt.NDArray[np.bool_], Rows]:
    truth, codes = ranked(scores, fraud, who)
    last = max(int(reach * len(scores)), LEAST_REACH)
    return truth[:last], codes[:last]
