"""Shapley values to compare with: antithetic permutations until hardly anything moves."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Values (n, P); the largest standard error of each flag as a share of its range, (n,)."""

    values: Doubles
    error: Doubles
    rounds: npt.NDArray[np.int64]


def references(
    bundle: Bundle, scorer: Scorer, flags: npt.NDArray[np.float32], folder: Path, tracker: Tracker
) -> tuple[Reference, Reference]:
    """Return two that share no permutation.

    They take long, so they are kept in `folder` and taken up from there for the same flags of the
    same bundle, another time.
    """
    first, second = (_kept(bundle, scorer, flags, seed, folder, tracker) for seed in (1, 2))
    return first, second


def _kept(
    bundle: Bundle,
    scorer: Scorer,
    flags: npt.NDArray[np.float32],
    seed: int,
    folder: Path,
    tracker: Tracker,
) -> Reference:
    asked = f"{bundle.bundle_id} {seed} {MOST_ERROR} {MOST_ROUNDS} {PAIRS_A_ROUND} ".encode()
    digest = hashlib.sha256(asked + bundle.compared.tobytes() + flags.tobytes()).hexdigest()
    place = folder / f"reference-{digest[:16]}.npz"
    if place.exists():
        with np.load(place, allow_pickle=False) as kept:
            return Reference(kept["values"], kept["error"], kept["rounds"])
    found = converged(bundle, scorer, flags, seed=seed, tracker=tracker)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(place, values=found.values, error=found.error, rounds=found.rounds)
    return found


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
