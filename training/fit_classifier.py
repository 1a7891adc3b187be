"""Learning to tell fraud from genuine, and when to stop."""

import copy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor, nn

from training.config import ClassifierConfig
from training.networks import Ensemble, PiecewiseLinearBins
from training.networks.fraud_network import join_inputs
from training.progress import Tracker
from training.schedule import batch_size, warm_cosine

_CHUNK_ROWS = 16_384


@dataclass(frozen=True)
class Examples:
    """What the classifier learns from: (n, F) standardised, (n, C) code, (n, G) group errors."""

    standardised: Tensor
    code: Tensor
    group_errors: Tensor
    fraud: Tensor
    autoencoder_feeds: bool = True

    def __len__(self) -> int:
        return len(self.fraud)

    def inputs(self, rows: Tensor | slice, bins: PiecewiseLinearBins) -> Tensor:
        """Join the classifier inputs of some rows."""
        standardised = self.standardised[rows]
        return join_inputs(
            standardised,
            bins(standardised),
            self.code[rows],
            self.group_errors[rows],
            autoencoder_feeds=self.autoencoder_feeds,
        )


@dataclass(frozen=True)
class FittedClassifier:
    """The network at its best epoch, and how every epoch did."""

    network: Ensemble
    epochs: int
    validation_average_precision: tuple[float, ...]


def fit_classifier(
    examples: Examples,
    bins: PiecewiseLinearBins,
    config: ClassifierConfig,
    *,
    validation: Examples | None,
    stop_after: int | None,
    seed: int,
    tracker: Tracker,
) -> FittedClassifier:
    """Train on `examples`, keep the epoch with the best average precision on `validation`.

    Without validation the network after `stop_after` epochs is kept (a refit); the learning-rate
    schedule is that of the whole run either way.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    width = examples.inputs(slice(0, 1), bins).shape[1]
    network = Ensemble(width, members=config.members, hidden=config.hidden, dropout=config.dropout)
    start_from_prior(network, float(examples.fraud.mean()))
    rows = len(examples)
    batch = batch_size(rows, config.batch_rows)
    steps = rows // batch
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = warm_cosine(optimiser, config.epochs * steps)
    epochs = config.epochs if stop_after is None else stop_after
    advance = tracker.task("classifier" if validation else "classifier again", epochs * steps)
    history: list[float] = []
    best: dict[str, Tensor] | None = None
    for _ in range(epochs):
        network.train()
        order = torch.randperm(rows, generator=generator)
        for start in range(0, rows - batch + 1, batch):
            chosen = order[start : start + batch]
            logits = network.logits(examples.inputs(chosen, bins))
            truth = examples.fraud[chosen][:, None].expand_as(logits)
            loss = nn.functional.binary_cross_entropy_with_logits(logits, truth)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            advance(1)
        network.eval()
        if validation is not None:
            scores = predict(network, validation, bins)
            history.append(float(average_precision_score(validation.fraud.numpy(), scores)))
            if history[-1] >= max(history):
                best = copy.deepcopy(network.state_dict())
    if best is not None:
        network.load_state_dict(best)
    chosen_epochs = epochs if not history else len(history) - int(np.argmax(history[::-1]))
    return FittedClassifier(network.eval(), chosen_epochs, tuple(history))


@torch.no_grad()
def predict(
    network: Ensemble, examples: Examples, bins: PiecewiseLinearBins
) -> npt.NDArray[np.float32]:
    """Mean logits, (n,)."""
    return np.concatenate(
        [
            network(examples.inputs(slice(start, start + _CHUNK_ROWS), bins)).numpy()
            for start in range(0, len(examples), _CHUNK_ROWS)
        ]
    )


def start_from_prior(network: Ensemble, base_rate: float) -> None:
    """Begin at the base rate, so that the first epoch is not spent on learning it."""
    prior = float(np.log(base_rate / (1 - base_rate)))
    for last in network.last:
        if isinstance(last, nn.Linear):
            nn.init.constant_(last.bias, prior)
