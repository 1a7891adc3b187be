"""What an evaluation fits: folds, times worlds that knew more or less, times candidates."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from training.evaluation.candidates import Candidate
from training.evaluation.material import Mask, Payments
from training.evaluation.protocol import Fold


@dataclass(frozen=True, eq=False)
class World:
    """What was known: masks over all payments, (n,).

    `told` are payments whose truth somebody told: the labels of others reach neither the models
    nor the features. `usable` are payments that a model may learn from at all. `seed` is added
    to that of each fit.
    """

    name: str
    told: Mask
    usable: Mask
    seed: int = 0

    @property
    def folder(self) -> str:
        """Its name in a folder: kinds of fraud may have names that no file can have."""
        plain = re.sub(r"[^\w -]", "_", self.name)
        return (
            plain if plain == self.name else f"{plain}-{sha256(self.name.encode()).hexdigest()[:8]}"
        )


@dataclass(frozen=True)
class Fit:
    """One piece of work, in the folder of its world."""

    folder: str
    fold: Fold
    candidate: Candidate
    seed: int

    @property
    def file(self) -> str:
        """Where its scores are kept, in the folder of its world."""
        return f"{self.fold.name}.{self.candidate.file}.{self.seed}.npz"


@dataclass(frozen=True, eq=False)
class Experiment:
    """All that is to be fitted."""

    payments: Payments
    folds: Sequence[Fold]
    worlds: Sequence[World]
    candidates: Sequence[Candidate]

    def fits(self, world: World) -> list[Fit]:
        """Return the work in one world, what takes longest first."""
        return [
            Fit(world.folder, fold, candidate, seed)
            for candidate in reversed(self.candidates)
            for fold in self.folds
            for seed in range(candidate.seeds)
        ]

    @property
    def measured(self) -> Fold:
        """The fold whose models are kept, to measure what they cost."""
        return self.folds[0]


def everything(payments: Payments) -> World:
    """Return the world as it was."""
    told = np.ones(len(payments), bool)
    return World("all", told, told)
