"""A strictly increasing map from the classifier's logit to calibrated log-odds."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn


class MonotoneCalibration(nn.Module):
    """Piecewise linear: intercept + slope·z + Σ change_k·max(z - knot_k, 0).

    Every segment's slope is positive, so the order of transactions never changes and no plateau
    hides differences. Without knots it is Platt's affine map (1999).

    Shape: logits (n,) → log-odds (n,).
    """

    intercept: Tensor
    slope: Tensor
    knots: Tensor
    changes: Tensor

    def __init__(
        self,
        intercept: float = 0.0,
        slopes: npt.ArrayLike = (1.0,),
        knots: npt.ArrayLike = (),
    ) -> None:
        super().__init__()
        segment_slopes = np.asarray(slopes, np.float64)
        edges = np.asarray(knots, np.float64)
        if (segment_slopes <= 0).any() or len(segment_slopes) != len(edges) + 1:
            raise ValueError("a calibration needs one positive slope for each segment")
        self.register_buffer("intercept", torch.tensor(intercept, dtype=torch.float32))
        self.register_buffer("slope", torch.tensor(segment_slopes[0], dtype=torch.float32))
        self.register_buffer("knots", torch.tensor(edges, dtype=torch.float32))
        self.register_buffer("changes", torch.tensor(np.diff(segment_slopes), dtype=torch.float32))

    def forward(self, logits: Tensor) -> Tensor:
        """Calibrated log-odds."""
        result = logits * self.slope + self.intercept
        for index in range(len(self.knots)):
            result = result + torch.relu(logits - self.knots[index]) * self.changes[index]
        return result
