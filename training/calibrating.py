"""Fitting the calibration map on a window the classifier did not learn from.

Maximum likelihood (Platt 1999) over strictly increasing piecewise-linear maps: slopes are
exponentials of free numbers, and a penalty pulls neighbouring slopes together, so that few
frauds give Platt's affine map and many allow a bend.
"""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from training.networks.calibration import MonotoneCalibration

_FRAUDS_A_KNOT = 150  # fewer than twice this many frauds: affine
_MOST_KNOTS = 4
_BEND_PENALTY = 5.0
_SLOPE_BOUNDS = (0.05, 20.0)


def fit_calibration(
    logits: npt.NDArray[np.float32], fraud: npt.NDArray[np.bool_]
) -> MonotoneCalibration:
    """Calibration of the classifier's logits, (n,), from their outcomes."""
    z = logits.astype(np.float64)
    frauds = int(fraud.sum())
    knots = np.empty(0)
    if frauds >= 2 * _FRAUDS_A_KNOT:
        count = min(_MOST_KNOTS, frauds // _FRAUDS_A_KNOT - 1)
        knots = np.unique(np.quantile(z[fraud], np.linspace(0, 1, count + 2)[1:-1]))

    hinges = np.maximum(z[:, None] - knots, 0.0)

    def loss(free: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        slopes = np.exp(free[1:])
        changes = np.diff(slopes)
        value = free[0] + slopes[0] * z + hinges @ changes
        likelihood = np.sum(np.logaddexp(0, value) - fraud * value)
        residual = 1 / (1 + np.exp(-value)) - fraud
        on_slopes = np.concatenate(([residual @ z], residual @ hinges))
        on_slopes[:-1] -= on_slopes[1:]
        bends = np.diff(free[1:])
        gradient = np.concatenate(([residual.sum()], on_slopes * slopes))
        gradient[2:] += 2 * _BEND_PENALTY * bends
        gradient[1:-1] -= 2 * _BEND_PENALTY * bends
        return float(likelihood + _BEND_PENALTY * np.sum(bends**2)), gradient

    bounds = [(None, None)] + [tuple(np.log(_SLOPE_BOUNDS))] * (len(knots) + 1)
    fitted = minimize(loss, np.zeros(len(knots) + 2), jac=True, method="L-BFGS-B", bounds=bounds).x
    return MonotoneCalibration(float(fitted[0]), np.exp(fitted[1:]), knots)
