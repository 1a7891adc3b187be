"""How far a distribution has moved, and how far it moves by chance alone."""

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2, norm

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


def ratio_with_interval(
    frauds: npt.NDArray[np.float64], payments: npt.NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return a later part's fraud share over an earlier one's, and its 95 % interval's ends.

    `frauds` and `payments` are (c, 2): counts of each customer in the earlier and the later part.
    Customers, not payments, are what is drawn: the variance of the ratio's logarithm is the sum of
    squares of each customer's influence (linearisation; Cochran, "Sampling Techniques", 6.4).
    Half a fraud is added to both parts where one has none.
    """
    few = 0.5 if (frauds.sum(axis=0) == 0).any() else 0.0
    total = frauds.sum(axis=0) + few
    share = total / payments.sum(axis=0)
    influence = (frauds - share * payments) / total
    clusters = len(frauds)
    variance = float(((influence[:, 1] - influence[:, 0]) ** 2).sum())
    variance *= clusters / max(clusters - 1, 1)
    if few:
        variance += float((1 / total).sum())
    ratio = float(share[1] / share[0])
    width = float(np.exp(norm.ppf(0.975) * np.sqrt(variance)))
    return ratio, ratio / width, ratio * width
