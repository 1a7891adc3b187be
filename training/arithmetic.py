"""How torch computes during a run: the same numbers every time."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from training.config import TrainingConfig


@contextmanager
def reproducible(config: TrainingConfig) -> Iterator[None]:
    """Give torch the run's seed and threads, and deterministic algorithms."""
    torch.set_num_threads(config.threads)
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(config.seed)
    # Dying weights are denormal numbers, which make a step several times slower. The setting is
    # the processor's: left on, it would change the arithmetic of whatever runs here next.
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
