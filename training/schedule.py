"""The learning rate over a run."""

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

_WARM_SHARE = 0.1
_FLOOR = 0.01
_STEPS_AN_EPOCH = 200
_LEAST_BATCH_ROWS = 64


def batch_size(rows: int, most: int) -> int:
    """Rows of a step: at most `most`, fewer on small data, so that an epoch has enough steps."""
    return min(rows, most, max(_LEAST_BATCH_ROWS, rows // _STEPS_AN_EPOCH))


def warm_cosine(optimiser: Optimizer, steps: int) -> LambdaLR:
    """Linear rise over the first tenth, then a cosine down to a hundredth of the top rate."""
    warm = max(1, round(_WARM_SHARE * steps))

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        share = min((step - warm) / max(steps - warm, 1), 1.0)
        return _FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * share))

    return LambdaLR(optimiser, factor)
