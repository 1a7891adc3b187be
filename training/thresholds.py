"""From a budget, a precision or costs to a threshold, and from log-odds to a risk score.

Values are what flags go by, higher first: log-odds, or money at risk. A threshold is an observed
value, and rows at or above it are flagged; rows that share a value stand or fall together.
"""

import numpy as np
import numpy.typing as npt

RISK_EDGES = 1000

_TAIL_DECADES = 5.0  # genuine tail shares from 1 to 10^-5 fill the genuine part of the scale
_GENUINE_PART = 0.6  # of the scale; the rest is shared out by the frauds' own ranks
_MARGIN = 0.5  # log-odds by which the outermost edges pass what was observed

LEAST_FLAGS = 20
"""A precision counted on fewer flags says too little to choose by."""

Values = npt.NDArray[np.floating]


def threshold_for_share(values: Values, share: float) -> float:
    """Smallest observed value whose flags (value ≥ threshold) keep within `share` of rows.

    When even the highest value is shared by too many rows the threshold lies just above it.
    """
    descending = np.sort(values)[::-1]
    allowed = int(np.floor(share * len(descending)))
    if allowed < len(descending):
        first_refused = descending[allowed]
        above = descending[:allowed][descending[:allowed] > first_refused]
        if not len(above):
            return float(np.nextafter(descending[0], values.dtype.type(np.inf)))
        return float(above[-1])
    return float(descending[-1])


def threshold_for_precision(
    values: Values,
    probability: npt.NDArray[np.float64],
    fraud: npt.NDArray[np.bool_],
    precision: float,
) -> float | None:
    """Smallest observed value whose flags reach a precision; None when none does.

    Reached means twice: by the mean of their calibrated probabilities and by counting their
    frauds, so that neither a lucky count nor a wrong probability is enough.
    """
    order = np.argsort(-values, kind="stable")
    flags = np.arange(1, len(values) + 1)
    needed = precision * flags
    good = (np.cumsum(fraud[order]) >= needed) & (np.cumsum(probability[order]) >= needed)
    places = np.flatnonzero(good & _ends(values[order]) & (flags >= LEAST_FLAGS))
    return float(values[order[places[-1]]]) if len(places) else None


def threshold_for_cost(values: Values, extra: npt.NDArray[np.float64]) -> float | None:
    """Observed value whose flags cost least; None when flagging nothing does.

    `extra` (n,) is what flagging a row costs more than letting it pass, negative where a flag
    saves money.
    """
    order = np.argsort(-values, kind="stable")
    total = np.where(_ends(values[order]), np.cumsum(extra[order]), np.inf)
    best = int(np.argmin(total))
    return float(values[order[best]]) if total[best] < 0 else None


def _ends(descending: Values) -> npt.NDArray[np.bool_]:
    """Which rows are the last of those that share their value."""
    return np.append(descending[:-1] != descending[1:], True)


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
