"""How far a distribution has moved, and how far it moves by chance alone."""

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

_CHANCE = 0.001


def stability_index(
    expected: npt.NDArray[np.int64], found: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the population stability index (w,) of bin counts `found` (w, k).

    Against `expected` (k,): the sum over bins of (p - q) ln(p / q). Half a payment is added to
    every bin, so that an empty one is a finite distance away.
    """
    q = (expected + 0.5) / (expected.sum() + 0.5 * len(expected))
    p = (found + 0.5) / (found.sum(axis=1, keepdims=True) + 0.5 * found.shape[1])
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=1), np.float64)


def chance_index(
    expected: npt.NDArray[np.int64], found: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return what one of the w samples exceeds once in a thousand times without any drift, (w,).

    Without drift the index is distributed as (1/n + 1/m) times chi-squared with k - 1 degrees of
    freedom (Yurdakul, "Statistical properties of population stability index", 2018); the chance is
    shared among the samples (Bonferroni).
    """
    used = max(int(((expected > 0) | (found > 0).any(axis=0)).sum()), 2)
    sizes = np.maximum(found.sum(axis=1), 1)
    scale = 1 / max(int(expected.sum()), 1) + 1 / sizes
    return np.asarray(scale * chi2.ppf(1 - _CHANCE / len(found), used - 1), np.float64)


def shares_between(
    values: npt.NDArray[np.floating], edges: npt.NDArray[np.floating]
) -> npt.NDArray[np.int64]:
    """Return how many values lie between inner edges (k,): (k + 1,), as reference.json counts."""
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return counts.astype(np.int64)
