"""Whether a probability of ten per cent means ten in a hundred: calibration with intervals."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.metrics import CALIBRATION_BINS, log_odds, sigmoid
from training.resampling import LEVEL, Figure, Totals, totals

MOST_ERROR = 0.002
SOUND = (0.9, 1.1)
"""Within these the slope, and observed over expected frauds among flags, count as calibrated."""

_STEPS = 50
_CLOSE = 1e-9

Floats = npt.NDArray[np.floating]
Truth = npt.NDArray[np.bool_]
Sums = dict[str, Any]  # arrays of rows or of drawings, or single sums


@dataclass(frozen=True)
class Reliability:
    """Calibration of one model's probabilities on one window.

    `brier` is the mean squared difference of probability and outcome (Brier 1950), lower is
    better; `brier_skill` is one minus its ratio to that of the window's own share of fraud.
    `calibration_error` is the expected calibration error over ten bins of equal mass. `slope`
    and `intercept` are those of a logistic regression of outcomes on log-odds (Cox 1958): 1 and
    0 when calibrated, a slope under 1 when too sure. Observed over expected frauds are over 1
    when there were more than the probabilities said, of all payments and of flags alone.
    """

    brier: Figure
    brier_skill: Figure
    calibration_error: Figure
    slope: Figure
    intercept: Figure
    observed_over_expected: Figure
    observed_over_expected_flags: Figure

    @property
    def missed(self) -> tuple[str, ...]:
        """A sentence for each figure that lies where a calibrated model's should not."""
        limits = (
            ("calibration error", self.calibration_error, (0.0, MOST_ERROR), 4),
            ("slope", self.slope, SOUND, 2),
            (
                "observed over expected frauds among flags",
                self.observed_over_expected_flags,
                SOUND,
                2,
            ),
        )
        return tuple(
            f"{name} {one.told(digits)} instead of {low:g} to {high:g}"
            + (", which chance could explain" if one.low <= high and one.high >= low else "")
            for name, one, (low, high), digits in limits
            if one.value < low or one.value > high
        )


def reliability(
    probability: npt.NDArray[np.float64],
    fraud: Truth,
    flagged: Truth,
    customers: npt.NDArray[np.int64],
    *,
    rng: np.random.Generator,
) -> Reliability:
    """All calibration figures of probabilities, (n,), intervals from drawing customers."""
    scores = log_odds(probability)
    fitted = recalibration(scores, fraud)
    columns = {
        "rows": np.ones(len(fraud)),
        "frauds": fraud,
        "expected": probability,
        "error": (probability - fraud) ** 2,
        "flagged frauds": fraud & flagged,
        "flagged expected": probability * flagged,
    }
    columns |= _gaps(probability, fraud) | _newton_terms(scores, fraud, fitted)
    found = totals(columns, customers, rng=rng)
    return Reliability(
        brier=found.figure(lambda s: s["error"] / s["rows"]),
        brier_skill=found.figure(_skill),
        calibration_error=_calibration_error(found),
        slope=found.figure(lambda s: fitted[1] + _newton_step(s)[1]),
        intercept=found.figure(lambda s: fitted[0] + _newton_step(s)[0]),
        observed_over_expected=found.figure(lambda s: s["frauds"] / s["expected"]),
        observed_over_expected_flags=found.figure(
            lambda s: s["flagged frauds"] / s["flagged expected"]
        ),
    )


def recalibration(scores: npt.NDArray[np.float64], fraud: Truth) -> tuple[float, float]:
    """Intercept and slope of the logistic regression of outcomes on log-odds, (n,).

    By Newton's method, each step halved until the likelihood does not fall. NaN where there is
    no such line: one outcome only, one score only, or outcomes that a score parts cleanly.
    """
    nothing = (float("nan"), float("nan"))
    if fraud.all() or not fraud.any() or scores.min() == scores.max():
        return nothing
    if scores[fraud].min() > scores[~fraud].max() or scores[fraud].max() < scores[~fraud].min():
        return nothing
    line = np.array([0.0, 1.0])
    before = _log_likelihood(line, scores, fraud)
    for _ in range(_STEPS):
        terms = _newton_terms(scores, fraud, (line[0], line[1]))
        with np.errstate(divide="ignore", invalid="ignore"):
            step = np.array(_newton_step({name: np.sum(term) for name, term in terms.items()}))
        if not np.isfinite(step).all():
            break
        while (after := _log_likelihood(line + step, scores, fraud)) < before - _CLOSE:
            step /= 2
        line, before = line + step, after
        if np.abs(step).max() < _CLOSE:
            return float(line[0]), float(line[1])
    return nothing


def _log_likelihood(line: Floats, scores: Floats, fraud: Truth) -> float:
    value = line[0] + line[1] * scores
    return float(np.sum(fraud * value - np.logaddexp(0, value)))


def _newton_terms(scores: Floats, fraud: Truth, line: tuple[float, float]) -> Sums:
    """Gradient and curvature of the likelihood at a line, row by row.

    Their sums over customers drawn anew give the line of each drawing in one step, which
    differs from its full fit by less than the interval's own error.
    """
    probability = sigmoid(line[0] + line[1] * scores)
    residual, weight = fraud - probability, probability * (1 - probability)
    return {
        "g0": residual,
        "g1": residual * scores,
        "h00": weight,
        "h01": weight * scores,
        "h11": weight * scores**2,
    }


def _newton_step(sums: Sums) -> tuple[Floats, Floats]:
    determinant = sums["h00"] * sums["h11"] - sums["h01"] ** 2
    return (
        (sums["h11"] * sums["g0"] - sums["h01"] * sums["g1"]) / determinant,
        (sums["h00"] * sums["g1"] - sums["h01"] * sums["g0"]) / determinant,
    )


def _skill(sums: Sums) -> Floats:
    share = sums["frauds"] / sums["rows"]
    skill: Floats = 1 - sums["error"] / sums["rows"] / (share * (1 - share))
    return skill


def _gaps(probability: Floats, fraud: Truth) -> Sums:
    """How much more was expected than observed, in the column of each row's bin."""
    order = np.argsort(probability, kind="stable")
    found: Sums = {}
    for number, rows in enumerate(np.array_split(order, CALIBRATION_BINS)):
        gap = np.zeros(len(fraud))
        gap[rows] = probability[rows] - fraud[rows]
        found[f"gap {number}"] = gap
    return found


def _calibration_error(found: Totals) -> Figure:
    """Sum of absolute gaps, a row; its interval by the triangle inequality.

    Noise makes every gap larger, so percentiles of resampled sums lie above what they are an
    interval of. The sum of absolute differences of gaps from those observed has no such bias,
    and no error can be further from the true one than that: its 95 % quantile on either side.
    """
    names = [f"gap {number}" for number in range(CALIBRATION_BINS)]
    observed = np.stack([found.observed[name] for name in names]) / found.observed["rows"]
    drawn = np.stack([found.drawn[name] for name in names]) / found.drawn["rows"]
    distance = np.abs(drawn - observed[:, None]).sum(axis=0)
    error, reach = float(np.abs(observed).sum()), float(np.quantile(distance, LEVEL))
    return Figure(error, max(error - reach, 0.0), error + reach)
