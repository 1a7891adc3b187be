"""Histograms of features and scores when a model was made: what drift is measured against.

Edges are inner edges: with k of them there are k + 1 shares, the first for values at or below
edges[0], the last for values above edges[-1].
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from models.scorer import risk_score

_BINS = 20
_DIGITS = 6


def reference(
    names: tuple[str, ...],
    features: npt.NDArray[np.float32],
    fraud: npt.NDArray[np.bool_],
    log_odds: npt.NDArray[np.float32],
    anomaly: npt.NDArray[np.float32],
    risk_edges: npt.NDArray[np.float32],
) -> dict[str, Any]:
    """Plain data for reference.json, from rows the model was not learned on, (n, F)."""
    levels = np.bincount(risk_score(log_odds, risk_edges), minlength=len(risk_edges))
    return {
        "rows": len(features),
        "edges_are": "inner; shares[i] counts edges[i-1] < value <= edges[i]",
        "features": {
            name: histogram(features[:, column])
            | {"typical": _round(np.median(features[~fraud, column]))}
            for column, name in enumerate(names)
        },
        "log_odds": histogram(log_odds),
        "anomaly": histogram(anomaly),
        "risk": {"shares": [_round(share) for share in levels / len(log_odds)]},
    }


def histogram(values: npt.NDArray[np.float32]) -> dict[str, list[float]]:
    """Shares between at most nineteen quantiles; values that repeat get a bin of their own."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, _BINS + 1)[1:-1], method="lower"))
    edges = edges[edges < values.max()]
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return {
        "edges": [float(edge) for edge in edges],
        "shares": [_round(share) for share in counts / len(values)],
    }


def _round(value: float) -> float:
    return round(float(value), _DIGITS)
