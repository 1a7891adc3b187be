"""Whether a bundle is fit to run: how long a payment takes it, and how far its world has moved."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from models.stability_index import shares_between, stability_index

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from service.pipeline.lineup import Judge

TIMED = 500
"""Payments that are scored one by one."""
SCORE = "log-odds"


def latency_p99_ms(
    judge: Judge, vectors: NDArray[np.float32], clock: Callable[[], float] = time.perf_counter
) -> float | None:
    """Return the 99th percentile of scoring one payment by itself, milliseconds.

    On this machine, with stored vectors (n, W); None where there are none. `clock` is in seconds.
    """
    features = judge.bundle.spec.select(vectors[:TIMED]) if len(vectors) else vectors
    if not len(features):
        return None
    judge.scorer.score(features[:1])
    taken = []
    for row in range(len(features)):
        begun = clock()
        judge.scorer.score(features[row : row + 1])
        taken.append(clock() - begun)
    return float(np.quantile(taken, 0.99) * 1000)


def drift(
    judge: Judge, vectors: NDArray[np.float32], log_odds: NDArray[np.float64]
) -> dict[str, float] | None:
    """Return the population stability index of the score and of every feature since training.

    Against the shares that the bundle's reference.json holds; None where that has none.
    """
    reference = judge.bundle.reference
    rows = int(reference.get("rows", 0))
    if not rows or not len(vectors) or not len(log_odds):
        return None
    features = judge.bundle.spec.select(vectors)
    found = {SCORE: _index(reference["log_odds"], rows, log_odds)}
    for column, name in enumerate(judge.bundle.spec.names):
        if name in reference["features"]:
            found[name] = _index(reference["features"][name], rows, features[:, column])
    return found


def _index(known: Mapping[str, Any], rows: int, values: NDArray[np.floating[Any]]) -> float:
    edges = np.array(known["edges"], np.float64)
    expected = np.rint(np.array(known["shares"]) * rows).astype(np.int64)
    found = shares_between(values[np.isfinite(values)].astype(np.float64), edges)
    return float(stability_index(expected, found[None, :])[0])
