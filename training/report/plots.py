"""Plots of a report, as SVG text to put inline: no file beside the page, no script."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from training.judging import Judgement
from training.report.run import ModelScores

_POINTS = 300
_COLOURS = ("#0b6e99", "#b8860b", "#7a5195", "#5b8c5a", "#c0392b", "#555555")


def precision_recall(scores: Sequence[ModelScores], fraud: npt.NDArray[np.bool_]) -> str:
    """Precision against recall of every model."""
    figure, axes = _axes(
        "Share of fraud found (recall)", "Share of flags that are fraud (precision)"
    )
    for number, model in enumerate(scores):
        recall, precision = _thinned(*_curve(model.probability, fraud)[:2])
        axes.plot(recall, precision, label=model.name, color=_colour(number), lw=_width(number))
    _percent(axes)
    axes.set_ylim(0, 1.02)
    axes.legend(fontsize=8)
    return _svg(figure)


def detection_by_budget(
    scores: Sequence[ModelScores], fraud: npt.NDArray[np.bool_], budget: float
) -> str:
    """Share of fraud found against the share of payments flagged."""
    figure, axes = _axes("Share of payments flagged", "Share of fraud found")
    for number, model in enumerate(scores):
        recall, _, flagged = _curve(model.probability, fraud)
        flagged, recall = _thinned(flagged, recall, logarithmic=True)
        axes.plot(flagged, recall, label=model.name, color=_colour(number), lw=_width(number))
    axes.axvline(budget, color="#888888", ls="--", lw=1)
    axes.set_xscale("log")
    _percent(axes, digits=2)
    axes.legend(fontsize=8)
    return _svg(figure)


def calibration(judgement: Judgement) -> str:
    """Observed share of fraud against predicted probability, in bins of equal mass."""
    figure, axes = _axes("Predicted probability", "Observed share of fraud")
    predicted = np.array([row.mean_probability for row in judgement.calibration])
    observed = np.array([row.fraud_share for row in judgement.calibration])
    floor = 1e-5
    top = max(float(predicted.max()), float(observed.max()), 10 * floor)
    axes.plot([floor, top], [floor, top], color="#888888", ls="--", lw=1)
    axes.plot(np.maximum(predicted, floor), np.maximum(observed, floor), "o-", color=_colour(0))
    axes.set_xscale("log")
    axes.set_yscale("log")
    return _svg(figure)


def score_histogram(
    log_odds: npt.NDArray[np.float64], fraud: npt.NDArray[np.bool_], threshold: float
) -> str:
    """Distribution of log-odds of genuine and fraudulent payments."""
    figure, axes = _axes("Log-odds of fraud", "Share of payments of the kind")
    edges = np.linspace(float(log_odds.min()), float(log_odds.max()) + 1e-6, 61)
    for number, (name, rows) in enumerate((("genuine", ~fraud), ("fraud", fraud))):
        shares = np.histogram(log_odds[rows], edges)[0] / max(int(rows.sum()), 1)
        axes.stairs(shares, edges, label=name, color=_colour(4 * number), fill=True, alpha=0.4)
    axes.axvline(threshold, color="#333333", ls="--", lw=1, label="threshold")
    axes.legend(fontsize=8)
    return _svg(figure)


def learning(history: Sequence[float]) -> str:
    """Average precision on the validation window after each epoch."""
    figure, axes = _axes("Epoch", "Average precision, validation")
    axes.plot(range(1, len(history) + 1), history, "o-", color=_colour(0))
    axes.xaxis.get_major_locator().set_params(integer=True)
    return _svg(figure)


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


def _axes(x_label: str, y_label: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.6, 3.8), layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _percent(axes: Any, digits: int = 0) -> None:
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=digits))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _colour(number: int) -> str:
    return _COLOURS[number % len(_COLOURS)]


def _width(number: int) -> float:
    return 1.2 if number else 2.2


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
