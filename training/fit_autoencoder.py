"""Learning what genuine payments look like."""

import torch
from torch import Tensor, nn

from training.config import AutoencoderConfig
from training.networks import Autoencoder
from training.progress import Tracker
from training.schedule import batch_size, warm_cosine


def fit_autoencoder(
    genuine: Tensor, config: AutoencoderConfig, *, seed: int, tracker: Tracker
) -> Autoencoder:
    """Autoencoder of standardised genuine rows, (n, F), learned to undo two kinds of noise.

    Gaussian noise makes it smooth; values swapped in from other payments make it learn how
    features belong together. The code is the bottleneck.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    network = Autoencoder(genuine.shape[1], hidden=config.hidden, code=config.code)
    rows = genuine.shape[0]
    batch = batch_size(rows, config.batch_rows)
    steps = config.epochs * (rows // batch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate)
    schedule = warm_cosine(optimiser, steps)
    advance = tracker.task("autoencoder", steps)
    for _ in range(config.epochs):
        order = torch.randperm(rows, generator=generator)
        for start in range(0, rows - batch + 1, batch):
            clean = genuine[order[start : start + batch]]
            noisy = _corrupt(clean, config, generator)
            loss = nn.functional.mse_loss(network(noisy)[1], clean)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            advance(1)
    return network.eval()


def _corrupt(clean: Tensor, config: AutoencoderConfig, generator: torch.Generator) -> Tensor:
    others = clean[torch.randperm(len(clean), generator=generator)]
    swapped = torch.rand(clean.shape, generator=generator) < config.swap
    noise = config.noise * torch.randn(clean.shape, generator=generator)
    return torch.where(swapped, others, clean) + noise
