"""Plots of a training run."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.drawing import FAINT, INK, axes, colour, legend, percent, svg
from training.judging import Judgement
from training.report.run import ModelScores

_POINTS = 300


def precision_recall(scores: Sequence[ModelScores], fraud: npt.NDArray[np.bool_]) -> str:
    """Precision against recall of every model."""
    figure, drawn = axes(
        "Share of fraud found (recall)", "Share of flags that are fraud (precision)"
    )
    for number, model in enumerate(scores):
        recall, precision = _thinned(*_curve(model.probability, fraud)[:2])
        drawn.plot(recall, precision, label=model.name, color=colour(number), lw=_width(number))
    percent(drawn, x_digits=0, y_digits=0)
    drawn.set_ylim(0, 1.02)
    legend(drawn)
    return svg(figure)


def detection_by_budget(
    scores: Sequence[ModelScores], fraud: npt.NDArray[np.bool_], budget: float
) -> str:
    """Share of fraud found against the share of payments flagged."""
    figure, drawn = axes("Share of payments flagged", "Share of fraud found")
    for number, model in enumerate(scores):
        recall, _, flagged = _curve(model.probability, fraud)
        flagged, recall = _thinned(flagged, recall, logarithmic=True)
        drawn.plot(flagged, recall, label=model.name, color=colour(number), lw=_width(number))
    drawn.axvline(budget, color=FAINT, ls="--", lw=1)
    drawn.set_xscale("log")
    percent(drawn, x_digits=2, y_digits=0)
    legend(drawn)
    return svg(figure)


def calibration(judgement: Judgement) -> str:
    """Observed share of fraud against predicted probability, in bins of equal mass."""
    figure, drawn = axes("Predicted probability", "Observed share of fraud")
    predicted = np.array([row.mean_probability for row in judgement.calibration])
    observed = np.array([row.fraud_share for row in judgement.calibration])
    floor = 1e-5
    top = max(float(predicted.max()), float(observed.max()), 10 * floor)
    drawn.plot([floor, top], [floor, top], color=FAINT, ls="--", lw=1)
    drawn.plot(np.maximum(predicted, floor), np.maximum(observed, floor), "o-", color=colour(0))
    drawn.set_xscale("log")
    drawn.set_yscale("log")
    return svg(figure)


def score_histogram(
    log_odds: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_], threshold: float
) -> str:
    """Distribution of log-odds of genuine and fraudulent payments."""
    figure, drawn = axes("Log-odds of fraud", "Share of payments of the kind")
    edges = np.linspace(float(log_odds.min()), float(log_odds.max()) + 1e-6, 61)
    for number, (name, rows) in enumerate((("genuine", ~fraud), ("fraud", fraud))):
        shares = np.histogram(log_odds[rows], edges)[0] / max(int(rows.sum()), 1)
        drawn.stairs(shares, edges, label=name, color=colour(4 * number), fill=True, alpha=0.4)
    drawn.axvline(threshold, color=INK, ls="--", lw=1, label="threshold")
    legend(drawn)
    return svg(figure)


def learning(history: Sequence[float]) -> str:
    """Average precision on the validation window after each epoch."""
    figure, drawn = axes("Epoch", "Average precision, validation")
    drawn.plot(range(1, len(history) + 1), history, "o-", color=colour(0))
    drawn.xaxis.get_major_locator().set_params(integer=True)
    return svg(figure)


def _curve(
    scores: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Recall, precision and share flagged, by falling threshold."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(fraud[order])
    flagged = np.arange(1, len(scores) + 1)
    ends = np.append(np.diff(scores[order]) != 0, True)
    return (hits / hits[-1])[ends], (hits / flagged)[ends], (flagged / len(scores))[ends]


def _thinned(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], *, logarithmic: bool = False
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    positions = np.log(x) if logarithmic else x
    wanted = np.linspace(positions[0], positions[-1], _POINTS)
    rows = np.unique(np.searchsorted(positions, wanted).clip(max=len(x) - 1))
    return x[rows], y[rows]


def _width(number: int) -> float:
    return 1.2 if number else 2.2
