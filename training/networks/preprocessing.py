"""From raw features in natural units to standardised ones, inside the graph."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

LOGARITHMIC = frozenset({"log1p", "signed_log"})
BINARY = "binary"

_TAIL = 1e-4  # share of training rows beyond which a value is clipped, on either side
_BINARY_SCALE_FLOOR = 0.1  # a flag seen once in a thousand rows must not become a value of 30
_CONSTANT = 1e-6


class Preprocessing(nn.Module):
    """Transform, clip, standardise: one function of one column each.

    Shape: raw float32 (n, F), no NaN → float32 (n, F), mean 0 and deviation 1 on training rows.
    `log1p` and `signed_log` are both sign(x)·log(1 + |x|): they agree where x is not negative. A
    column that is constant in training becomes 0 for every input.
    """

    logarithmic: Tensor
    low: Tensor
    high: Tensor
    centre: Tensor
    inverse_scale: Tensor

    def __init__(
        self,
        *,
        logarithmic: npt.NDArray[np.bool_],
        low: npt.NDArray[np.float32],
        high: npt.NDArray[np.float32],
        centre: npt.NDArray[np.float32],
        inverse_scale: npt.NDArray[np.float32],
    ) -> None:
        super().__init__()
        self.register_buffer("logarithmic", torch.from_numpy(logarithmic.copy()))
        self.register_buffer("low", torch.from_numpy(low.copy()))
        self.register_buffer("high", torch.from_numpy(high.copy()))
        self.register_buffer("centre", torch.from_numpy(centre.copy()))
        self.register_buffer("inverse_scale", torch.from_numpy(inverse_scale.copy()))

    def forward(self, features: Tensor) -> Tensor:
        """Standardised features, clipped to what training saw."""
        logs = torch.sign(features) * torch.log(torch.abs(features) + 1.0)
        natural = torch.where(self.logarithmic, logs, features)
        clipped = torch.maximum(torch.minimum(natural, self.high), self.low)
        return (clipped - self.centre) * self.inverse_scale

    @property
    def informative(self) -> npt.NDArray[np.bool_]:
        """Columns that vary in training, (F,)."""
        return self.inverse_scale.numpy() > 0


def fit_preprocessing(
    features: npt.NDArray[np.float32], transforms: tuple[str, ...]
) -> Preprocessing:
    """Learn clips and scales from training rows, (n, F); `transforms` come from the catalogue."""
    count = features.shape[1]
    logarithmic = np.array([name in LOGARITHMIC for name in transforms])
    low, high = np.zeros(count, np.float32), np.zeros(count, np.float32)
    centre, inverse_scale = np.zeros(count, np.float32), np.zeros(count, np.float32)
    for column, transform in enumerate(transforms):
        values = features[:, column].astype(np.float64)
        if logarithmic[column]:
            values = np.sign(values) * np.log1p(np.abs(values))
        bounds = (
            (values.min(), values.max())
            if transform == BINARY
            else np.quantile(values, (_TAIL, 1 - _TAIL))
        )
        low[column], high[column] = bounds
        clipped = np.clip(values, low[column], high[column])
        deviation = float(clipped.std())
        centre[column] = clipped.mean()
        if deviation > _CONSTANT:
            floor = _BINARY_SCALE_FLOOR if transform == BINARY else _CONSTANT
            inverse_scale[column] = 1 / max(deviation, floor)
    return Preprocessing(
        logarithmic=logarithmic, low=low, high=high, centre=centre, inverse_scale=inverse_scale
    )
