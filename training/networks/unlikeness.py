"""From reconstruction errors to one anomaly score and one figure a feature group."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn


class Unlikeness(nn.Module):
    """Squared differences, weighted so that a genuine training row has 1 on average.

    Shape: standardised and rebuilt (n, F) → errors (n, F), group errors (n, G) on a log scale,
    anomaly (n,), higher = stranger. Sums over features are affine maps with fixed weights.
    """

    reconstructed: Tensor
    group_weights: Tensor
    total_weights: Tensor

    def __init__(
        self,
        reconstructed: npt.NDArray[np.bool_],
        group_weights: npt.NDArray[np.float32],
        total_weights: npt.NDArray[np.float32],
    ) -> None:
        super().__init__()
        self.register_buffer("reconstructed", torch.from_numpy(reconstructed.astype(np.float32)))
        self.register_buffer("group_weights", torch.from_numpy(group_weights.copy()))
        self.register_buffer("total_weights", torch.from_numpy(total_weights.reshape(-1, 1)))

    def errors(self, standardised: Tensor, rebuilt: Tensor) -> Tensor:
        """Squared standardised error a feature; 0 for features that are not reconstructed."""
        difference = (standardised - rebuilt) * self.reconstructed
        return difference * difference

    def group_errors(self, errors: Tensor) -> Tensor:
        """log(1 + weighted error) of each feature group."""
        return torch.log(torch.matmul(errors, self.group_weights) + 1.0)

    def anomaly(self, errors: Tensor) -> Tensor:
        """Weighted mean error over all features."""
        return torch.matmul(errors, self.total_weights).reshape(-1)


def fit_unlikeness(
    genuine_errors: npt.NDArray[np.float32],
    reconstructed: npt.NDArray[np.bool_],
    groups: tuple[str, ...],
) -> Unlikeness:
    """Weights from genuine training rows' errors, (n, F); `groups` names each feature's group."""
    mean = genuine_errors.mean(axis=0, dtype=np.float64)
    usual = np.where(reconstructed, 1 / np.maximum(mean, 1e-3), 0.0)
    names = sorted(set(groups))
    weights = np.zeros((len(groups), len(names)), np.float32)
    for index, name in enumerate(names):
        members = np.array([group == name for group in groups]) & reconstructed
        weights[members, index] = usual[members] / max(int(members.sum()), 1)
    total = (usual / max(int(reconstructed.sum()), 1)).astype(np.float32)
    return Unlikeness(reconstructed, weights, total)
