"""Piecewise-linear encoding of numbers: a network sees thresholds as easily as a tree does.

Gorishniy, Rubachev, Babenko: "On Embeddings for Numerical Features in Tabular Deep Learning"
(NeurIPS 2022), the target-aware variant: the edges of each feature come from a small tree on it.
Beside the paper's ramps from edge to edge stands a steep one at each inner edge: a rule such as
"more than 220" is a step, which ramps alone would smear over a whole bin.
"""

import numpy as np
import numpy.typing as npt
import torch
from sklearn.tree import DecisionTreeClassifier
from torch import Tensor, nn

from training.progress import Tracker

_MOST_GENUINE_ROWS = 300_000
_STEP_WIDTH = 0.01  # standard deviations over which a step rises


class PiecewiseLinearBins(nn.Module):
    """Ramps from 0 to 1: clip((x - start) / (end - start), 0, 1), one a bin and one an edge.

    Shape: standardised (n, F) → (n, B), where bin b reads column `columns[b]`.
    """

    weight: Tensor
    shift: Tensor

    def __init__(
        self,
        features: int,
        columns: npt.NDArray[np.int64],
        starts: npt.NDArray[np.float32],
        ends: npt.NDArray[np.float32],
    ) -> None:
        super().__init__()
        scale = 1 / (ends - starts)
        weight = np.zeros((features, len(columns)), np.float32)
        weight[columns, np.arange(len(columns))] = scale
        self.register_buffer("weight", torch.from_numpy(weight))
        self.register_buffer("shift", torch.from_numpy((-starts * scale).astype(np.float32)))

    def forward(self, standardised: Tensor) -> Tensor:
        """Ramps of every bin.

        A matrix with one entry a column copies and scales: ONNX Runtime gathers columns several
        times slower than it multiplies.
        """
        return torch.clamp(torch.addmm(self.shift, standardised, self.weight), 0.0, 1.0)

    @property
    def width(self) -> int:
        """How many ramps there are in all."""
        return int(self.shift.shape[0])


def fit_bins(
    standardised: npt.NDArray[np.float32],
    fraud: npt.NDArray[np.bool_],
    *,
    bins_per_feature: int,
    min_rows: int,
    min_gain: float,
    seed: int,
    tracker: Tracker,
) -> PiecewiseLinearBins:
    """Edges of each column from a tree of at most `bins_per_feature` leaves on that column alone.

    An edge must remove at least `min_gain` of the whole impurity: edges that tell nothing would
    only be noise to the network. A flag, a constant, and a column whose tree has no split get none.
    """
    columns: list[int] = []
    starts: list[float] = []
    ends: list[float] = []
    rows, weights = _spread(fraud)
    share = float(np.average(fraud[rows], weights=weights))
    impurity = 2 * share * (1 - share)
    considered = standardised.shape[1] if bins_per_feature > 1 else 0
    advance = tracker.task("bins", considered)
    for column in range(considered):
        advance(1)
        values = standardised[:, column]
        low, high = float(values.min()), float(values.max())
        if ((values == low) | (values == high)).all():
            continue
        tree = DecisionTreeClassifier(
            max_leaf_nodes=bins_per_feature,
            min_samples_leaf=min_rows,
            min_impurity_decrease=min_gain * impurity,
            random_state=seed,
        ).fit(values[rows, None], fraud[rows], sample_weight=weights)
        inner = np.unique(tree.tree_.threshold[tree.tree_.feature >= 0])
        inner = inner[(inner > low) & (inner < high)]
        if not len(inner):
            continue
        edges = np.concatenate(([low], inner, [high]))
        edges = edges[np.concatenate(([True], np.diff(edges) > _STEP_WIDTH))]
        steps = edges[1:-1]
        columns += [column] * (len(edges) - 1 + len(steps))
        starts += [*edges[:-1], *(steps - _STEP_WIDTH / 2)]
        ends += [*edges[1:], *(steps + _STEP_WIDTH / 2)]
    return PiecewiseLinearBins(
        standardised.shape[1],
        np.array(columns, np.int64),
        np.array(starts, np.float32),
        np.array(ends, np.float32),
    )


def _spread(fraud: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """All frauds and evenly spread genuine rows, weighted as if all were there."""
    genuine = np.flatnonzero(~fraud)
    step = max(1, -(-len(genuine) // _MOST_GENUINE_ROWS))
    rows = np.sort(np.concatenate((np.flatnonzero(fraud), genuine[::step])))
    return rows, np.where(fraud[rows], 1.0, float(step))
