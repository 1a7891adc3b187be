"""Figures of one way to explain, beside converged values."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

COUNTED = 0.01
"""Players count for the rank correlation from this share of the range of values on."""
STRONGEST = 3
BATCH = 64
PASSES, LONG_S = 9, 1.0
"""So many passes are timed, none after so many seconds."""

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Fidelity:
    """Means over flags: Spearman's rho, share of the strongest three; worst additivity; ms a flag.

    `slower` are the shares of flags that were given to slower methods, by method.
    """

    flags: int
    spearman: float
    strongest: float
    additivity: float
    ms: float
    slower: Mapping[str, float] = field(default_factory=dict)


def spearman(found: Doubles, reference: Doubles) -> Doubles:
    """Return each flag's rank correlation over the players that count, (n,)."""
    result = np.ones(len(found))
    for row, (mine, theirs) in enumerate(zip(found, reference, strict=True)):
        counted = np.abs(theirs) > COUNTED * np.ptp(theirs)
        if counted.sum() > 1:
            ranks = rankdata(mine[counted]), rankdata(theirs[counted])
            constant = min(np.ptp(one) for one in ranks) == 0
            result[row] = 0.0 if constant else np.corrcoef(*ranks)[0, 1]
    return result


def strongest(found: Doubles, reference: Doubles) -> Doubles:
    """Return how many of each flag's strongest three are among the true ones, as a share, (n,)."""
    first, second = (
        np.argsort(-np.abs(values), axis=1, kind="stable")[:, :STRONGEST]
        for values in (found, reference)
    )
    shared: Doubles = (first[:, :, None] == second[:, None, :]).any(axis=2).mean(axis=1)
    return shared


def timed(
    explain: Callable[[npt.NDArray[np.float32]], Doubles], flags: npt.NDArray[np.float32]
) -> tuple[Doubles, float]:
    """Return values of all flags in batches of 64, and processor time a flag in ms.

    The first batch is explained once before: what is compiled or cached on the way is no part
    of the time. It is the median of several passes, of one where a pass takes long.
    """
    explain(flags[:BATCH] if len(flags) > BATCH else flags)
    passes: list[float] = []
    while len(passes) < PASSES and sum(passes) < LONG_S:
        begun = time.process_time()
        found = [explain(flags[start : start + BATCH]) for start in range(0, len(flags), BATCH)]
        passes.append(time.process_time() - begun)
    return np.concatenate(found), 1e3 * float(np.median(passes)) / len(flags)
