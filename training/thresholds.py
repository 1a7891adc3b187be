"""From a budget to a threshold, and from log-odds to a risk score."""

import numpy as np
import numpy.typing as npt

RISK_EDGES = 1000

_TAIL_DECADES = 5.0  # genuine tail shares from 1 to 10^-5 fill the genuine part of the scale
_GENUINE_PART = 0.6  # of the scale; the rest is shared out by the frauds' own ranks
_MARGIN = 0.5  # log-odds by which the outermost edges pass what was observed


def threshold_for_share(log_odds: npt.NDArray[np.float32], share: float) -> float:
    """Smallest observed log-odds whose flags (log_odds ≥ threshold) keep within `share` of rows.

    When even the highest value is shared by too many rows the threshold lies just above it.
    """
    descending = np.sort(log_odds.astype(np.float32))[::-1]
    allowed = int(np.floor(share * len(descending)))
    if allowed < len(descending):
        first_refused = descending[allowed]
        above = descending[:allowed][descending[:allowed] > first_refused]
        if not len(above):
            return float(np.nextafter(descending[0], np.float32(np.inf)))
        return float(above[-1])
    return float(descending[-1])


def risk_edges(
    log_odds: npt.NDArray[np.float32], fraud: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """1,000 strictly increasing log-odds: the lower edges of risk scores 0 to 999.

    The scale is a blend, so that scores near any sensible threshold are told apart: six tenths
    follow the logarithm of the share of genuine payments above a value (a tenth above: .12, a
    thousandth: .36, and so on), four tenths the share of frauds below it.
    """
    genuine = np.sort(log_odds[~fraud].astype(np.float64))
    frauds = np.sort(log_odds[fraud].astype(np.float64))
    low, high = float(log_odds.min()) - _MARGIN, float(log_odds.max()) + _MARGIN
    grid = np.unique(np.concatenate((np.linspace(low, high, 4001), genuine, frauds)))
    above = 1 - _rank(genuine, grid)
    tail = np.log10(1 / np.maximum(above, 10**-_TAIL_DECADES)) / _TAIL_DECADES
    position = tail
    if len(frauds):
        position = _GENUINE_PART * tail + (1 - _GENUINE_PART) * _rank(frauds, grid)
    # A small linear part keeps the scale strictly increasing where nothing was observed.
    position = 0.98 * position + 0.02 * (grid - low) / (high - low)
    position = (position - position[0]) / (position[-1] - position[0])
    edges = np.interp(np.arange(RISK_EDGES) / RISK_EDGES, position, grid).astype(np.float32)
    for index in range(1, RISK_EDGES):
        edges[index] = max(edges[index], np.nextafter(edges[index - 1], np.float32(np.inf)))
    return edges


def _rank(values: npt.NDArray[np.float64], at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if not len(values):
        return np.zeros(len(at))
    return np.searchsorted(values, at, side="right") / (len(values) + 1)
