"""What models are compared on: one row a scored payment, in order of time."""

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from models.features import FeatureSpec

Matrix = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
OURS, HANDBOOK = "our features", "handbook's 15"
NEVER_MS = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Payments:
    """Truth and what figures are made of, n rows each: nothing that a model reads.

    `customers` and `merchants` are codes, negative where unknown. `known_ms` is when a fraud
    became known, NEVER_MS where none did. `kind` names the kind of each fraud where that is
    known, "" elsewhere. A model learns of no fraud that is not known when judging begins.
    """

    fraud: Mask
    customers: npt.NDArray[np.int64]
    merchants: npt.NDArray[np.int64]
    occurred_ms: npt.NDArray[np.int64]
    known_ms: npt.NDArray[np.int64]
    amount: npt.NDArray[np.float64]
    kind: npt.NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.fraud)

    def taught(self, rows: npt.NDArray[np.int64], by_ms: int) -> Mask:
        """Return which of these rows are frauds that are known by then."""
        return self.fraud[rows] & (self.known_ms[rows] <= by_ms)

    def take(self, rows: npt.NDArray[np.int64]) -> Self:
        """Return some of the payments."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})


@dataclass(frozen=True, eq=False)
class Views:
    """Features of all payments: a matrix (n, F) for each set of them.

    `spec` tells what the columns of our own features are.
    """

    matrices: dict[str, Matrix]
    spec: FeatureSpec
