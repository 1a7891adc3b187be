"""Shapley values to compare with: antithetic permutations until hardly anything moves."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.bundle import Bundle
from models.explainer import PermutationExplainer
from models.scorer import Scorer
from training.progress import Tracker

MOST_ERROR = 1e-3
"""Largest standard error of a flag's values, as a share of their range."""
LEAST_ROUNDS = 8
MOST_ROUNDS = 200
PAIRS_A_ROUND = 4

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reference:
    """Values (n, P); the largest standard error of each flag as a share of its range, (n,)."""

    values: Doubles
    error: Doubles
    rounds: npt.NDArray[np.int64]


def converged(
    bundle: Bundle, scorer: Scorer, flags: npt.NDArray[np.float32], *, seed: int, tracker: Tracker
) -> Reference:
    """Explain flags (n, F) in rounds of new permutations until each has converged.

    The standard error is that of the mean over rounds, the root of its mean square over players.
    """
    advance = tracker.task(f"reference {seed}", len(flags))
    n, players = len(flags), len(bundle.spec.players)
    total, squares = np.zeros((n, players)), np.zeros((n, players))
    rounds, error = np.zeros(n, np.int64), np.full(n, np.inf)
    for round_ in range(MOST_ROUNDS):
        open_ = np.flatnonzero(error > MOST_ERROR)
        if not len(open_):
            break
        explainer = PermutationExplainer(
            bundle, scorer, PAIRS_A_ROUND, seed=seed * MOST_ROUNDS + round_
        )
        values = explainer.explain(flags[open_]).contributions.astype(np.float64)
        total[open_] += values
        squares[open_] += values * values
        rounds[open_] += 1
        if round_ + 1 >= LEAST_ROUNDS:
            count = rounds[open_, None]
            mean = total[open_] / count
            variance = np.maximum(squares[open_] / count - mean * mean, 0) / (count - 1)
            error[open_] = np.sqrt(variance.mean(axis=1)) / np.ptp(mean, axis=1)
            advance(int((error[open_] <= MOST_ERROR).sum()))
    return Reference(total / rounds[:, None], error, rounds)
