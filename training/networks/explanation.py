"""The graphs an explanation is made with, exported beside the score graph."""

import torch
from torch import Tensor, nn

from training.networks.fraud_network import FraudNetwork
from training.networks.trace import Tail, between, derivative


class Encoding(nn.Module):
    """Raw features (n, F) → encoded (n, F + B), a feature each, and their state (n, K)."""

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self.tail = tail

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Encode, and sum up what stands before the first ReLUs."""
        encoded = self.tail.encode(features)
        return encoded, self.tail.state(encoded)


class Slopes(nn.Module):
    """State (n, K) → log-odds (n,), first units (n, U), slopes of the log-odds (n, K).

    A slope is the derivative by a first unit's activation, or by a standardised feature as the
    reconstruction error reads it.
    """

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self.tail = tail

    def forward(self, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-odds, what stands before the first ReLUs with the code's part, and slopes."""
        log_odds, trace = self.tail.run(state)
        return log_odds, trace.units, self.tail.back(derivative(self.tail.network, trace))


class DeepLift(nn.Module):
    """Raw rows `features` and `compared`, (n, F) each → contributions of players (n, P).

    The rescale rule on the whole path from features to calibrated log-odds, between a payment
    and one it is compared with: contributions add up to the difference of their log-odds. The
    mean over a background set is DeepSHAP (Lundberg and Lee, NeurIPS 2017).
    """

    players: Tensor

    def __init__(self, tail: Tail, players: tuple[tuple[int, ...], ...]) -> None:
        super().__init__()
        self.tail = tail
        member = torch.zeros((len(tail.from_encoded), len(players)))
        owner = encoded_features(tail.network)
        for player, columns in enumerate(players):
            member[[at for at, column in enumerate(owner) if column in columns], player] = 1.0
        self.register_buffer("players", member)

    def forward(self, features: Tensor, compared: Tensor) -> Tensor:
        """Contributions, in log-odds."""
        tail = self.tail
        first, last = tail.encode(compared), tail.encode(features)
        _, start = tail.run(tail.state(first))
        _, end = tail.run(tail.state(last))
        steep = between(tail.network, start, end)
        back = tail.back(steep)
        if tail.units == back.shape[1]:
            passed = back * steep.units
        else:
            units, rest = torch.split(back, [tail.units, back.shape[1] - tail.units], dim=1)
            passed = torch.cat([units * steep.units, rest], dim=1)
        each = torch.matmul(passed, tail.from_encoded.T) * (last - first)
        return torch.matmul(each, self.players)


def encoded_features(network: FraudNetwork) -> list[int]:
    """Return which feature each encoded column is made of: itself, then those of the ramps."""
    count = len(network.preprocessing.centre)
    return [*range(count), *network.bins.weight.abs().argmax(dim=0).tolist()]
