"""Fewer genuine rows for slow models, with the prior put right afterwards."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Sample:
    """Rows kept, and the share of genuine rows they are."""

    rows: npt.NDArray[np.int64]
    genuine_share: float

    def corrected(self, probability: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Probabilities in the full population: odds times the share of genuine rows kept.

        Saerens, Latinne, Decaestecker: "Adjusting the Outputs of a Classifier to New a Priori
        Probabilities" (Neural Computation 2002).
        """
        odds = probability * self.genuine_share
        return odds / (odds + 1 - probability)


def sample_genuine(
    fraud: npt.NDArray[np.bool_], most: int | None, *, rng: np.random.Generator
) -> Sample:
    """All frauds and at most `most` genuine rows, in time order."""
    genuine = np.flatnonzero(~fraud)
    if most is None or len(genuine) <= most:
        return Sample(np.arange(len(fraud)), 1.0)
    kept = rng.choice(genuine, most, replace=False)
    rows = np.sort(np.concatenate((kept, np.flatnonzero(fraud))))
    return Sample(rows, most / len(genuine))
