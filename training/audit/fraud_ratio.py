"""How much more fraud one part of a file holds than another, with the interval of the ratio."""

import numpy as np
import numpy.typing as npt
from scipy.stats import norm


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
