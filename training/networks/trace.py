"""One pass through everything behind the first affine layers, and the way back.

The first layers of classifier and autoencoder are sums over features, so what stands before them
(the state) can be put together for any mixture of two payments without running them again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from training.networks.fraud_network import FraudNetwork


@dataclass(frozen=True, eq=False)
class Trace:
    """What a pass met, (n, ·) each: enough to tell how steep every step was.

    `units` are the first layers' values before their ReLU, the classifier's and then the
    autoencoder's; `second` those of each member's second layer. Without an autoencoder that
    feeds the classifier, `code` to `weighed` are empty.
    """

    units: Tensor
    code_in: Tensor
    decode_in: Tensor
    difference: Tensor
    weighed: Tensor
    second: tuple[Tensor, ...]
    logit: Tensor


@dataclass(frozen=True, eq=False)
class Steepness:
    """How much each elementwise step passes on of a change before it; the fields of a trace."""

    units: Tensor
    code: Tensor
    decode: Tensor
    difference: Tensor
    weighed: Tensor
    second: tuple[Tensor, ...]
    logit: Tensor


class Tail(nn.Module):
    """From the state of the first layers to calibrated log-odds, and multipliers back to it.

    Shape: state (n, K): the classifier's C first units and, where the autoencoder feeds it, the
    autoencoder's E first units and the F standardised features.
    """

    from_encoded: Tensor
    from_seen: Tensor
    bias: Tensor

    def __init__(self, network: FraudNetwork) -> None:
        super().__init__()
        self.network = network
        features, ramps = len(network.preprocessing.centre), network.bins.width
        first = network.classifier.first
        self.sizes = [first.out_features]
        weight = first.weight.detach().T.contiguous()
        encoded, bias = [weight[: features + ramps]], [first.bias.detach()]
        if network.autoencoder_feeds:
            hidden = network.autoencoder.encode_hidden
            self.sizes += [hidden.out_features, features]
            padding = torch.zeros((ramps, hidden.out_features + features))
            theirs = torch.cat([hidden.weight.detach().T, torch.eye(features)], dim=1)
            encoded.append(torch.cat([theirs, padding]))
            bias += [hidden.bias.detach(), torch.zeros(features)]
        self.register_buffer("from_encoded", torch.cat(encoded, dim=1))
        self.register_buffer("bias", torch.cat(bias))
        self.register_buffer("from_seen", weight[features + ramps :].contiguous())

    @property
    def units(self) -> int:
        """How many values of a state pass a ReLU next: all but the standardised features."""
        return sum(self.sizes[:2])

    def encode(self, features: Tensor) -> Tensor:
        """Standardised features and their ramps, (n, F + B): one feature each."""
        standardised = self.network.preprocessing(features)
        return torch.cat([standardised, self.network.bins(standardised)], dim=1)

    def state(self, encoded: Tensor) -> Tensor:
        """Sum up what stands before the first ReLUs, (n, K)."""
        return torch.addmm(self.bias, encoded, self.from_encoded)

    def run(self, state: Tensor) -> tuple[Tensor, Trace]:
        """Calibrated log-odds (n,), and what was met on the way."""
        network = self.network
        empty = state[:, :0]
        code_in = decode_in = difference = weighed = empty
        own, units = state, state
        if network.autoencoder_feeds:
            own, hidden, standardised = torch.split(state, self.sizes, dim=1)
            autoencoder, unlikeness = network.autoencoder, network.unlikeness
            code_in = autoencoder.encode_code(torch.relu(hidden))
            code = torch.tanh(code_in)
            decode_in = autoencoder.decode_hidden(code)
            rebuilt = autoencoder.decode_features(torch.relu(decode_in))
            difference = (standardised - rebuilt) * unlikeness.reconstructed
            weighed = torch.matmul(difference * difference, unlikeness.group_weights) + 1.0
            seen = torch.cat([code, torch.log(weighed)], dim=1)
            own = own + torch.matmul(seen, self.from_seen)
            units = torch.cat([own, hidden], dim=1)
        classifier = network.classifier
        pieces = torch.split(torch.relu(own), classifier.first_width, dim=1)
        second = tuple(layer(piece) for layer, piece in zip(classifier.second, pieces, strict=True))
        total = torch.zeros(1)
        for layer, before in zip(classifier.last, second, strict=True):
            total = total + layer(torch.relu(before))
        logit = total.reshape(-1) * (1.0 / len(second))
        trace = Trace(units, code_in, decode_in, difference, weighed, second, logit)
        return network.calibration(logit), trace

    def back(self, steep: Steepness) -> Tensor:
        """Multipliers of log-odds, (n, K): per activation of a unit, and per standardised feature.

        The last layer's weights are carried back through the steps, each as steep as `steep`
        says: the chain rule for derivatives, the rescale rule for differences.
        """
        classifier = self.network.classifier
        scale = (steep.logit * (1.0 / len(steep.second))).reshape(-1, 1)
        weights = [
            (cast("nn.Linear", last).weight, cast("nn.Linear", layer).weight)
            for last, layer in zip(classifier.last, classifier.second, strict=True)
        ]
        parts = [
            torch.matmul(passes * last, layer)
            for passes, (last, layer) in zip(steep.second, weights, strict=True)
        ]
        own = torch.cat(parts, dim=1) * scale
        if not self.network.autoencoder_feeds:
            return own
        autoencoder, unlikeness = self.network.autoencoder, self.network.unlikeness
        passed = torch.split(steep.units, self.sizes[:2], dim=1)[0]
        seen = torch.matmul(own * passed, self.from_seen.T)
        code, groups = torch.split(
            seen, [autoencoder.encode_code.out_features, steep.weighed.shape[1]], dim=1
        )
        error = torch.matmul(groups * steep.weighed, unlikeness.group_weights.T)
        standardised = error * steep.difference * unlikeness.reconstructed
        decoded = -torch.matmul(standardised, autoencoder.decode_features.weight) * steep.decode
        code = (code + torch.matmul(decoded, autoencoder.decode_hidden.weight)) * steep.code
        hidden = torch.matmul(code, autoencoder.encode_code.weight)
        return torch.cat([own, hidden, standardised], dim=1)


def derivative(network: FraudNetwork, at: Trace) -> Steepness:
    """Steepness at one point; where a ReLU has none, zero."""
    code = torch.tanh(at.code_in)
    return Steepness(
        units=_open(at.units),
        code=1.0 - code * code,
        decode=_open(at.decode_in),
        difference=2.0 * at.difference,
        weighed=1.0 / at.weighed,
        second=tuple(_open(before) for before in at.second),
        logit=_calibration_slope(network, at.logit),
    )


def between(network: FraudNetwork, start: Trace, end: Trace) -> Steepness:
    """Steepness between two points: change after a step over change before it (rescale rule).

    Shrikumar, Greenside, Kundaje: "Learning Important Features Through Propagating Activation
    Differences" (ICML 2017). Where hardly anything changed it is the derivative at the end. A
    square passes on the sum of both values, exactly.
    """
    there = derivative(network, end)

    def secant(
        step: Callable[[Tensor], Tensor], before: Tensor, after: Tensor, limit: Tensor
    ) -> Tensor:
        change = after - before
        still = torch.abs(change) < _STILL
        return torch.where(
            still, limit, (step(after) - step(before)) / torch.where(still, 1.0, change)
        )

    return Steepness(
        units=secant(torch.relu, start.units, end.units, there.units),
        code=secant(torch.tanh, start.code_in, end.code_in, there.code),
        decode=secant(torch.relu, start.decode_in, end.decode_in, there.decode),
        difference=start.difference + end.difference,
        weighed=secant(torch.log, start.weighed, end.weighed, there.weighed),
        second=tuple(
            secant(torch.relu, before, after, limit)
            for before, after, limit in zip(start.second, end.second, there.second, strict=True)
        ),
        logit=secant(network.calibration, start.logit, end.logit, there.logit),
    )


_STILL = 1e-4  # below it a quotient of differences is mostly rounding


def _open(before: Tensor) -> Tensor:
    """1 where a ReLU lets through, else 0."""
    return torch.sign(torch.relu(before))


def _calibration_slope(network: FraudNetwork, logit: Tensor) -> Tensor:
    calibration = network.calibration
    slope = logit * 0.0 + calibration.slope
    for index in range(len(calibration.knots)):
        slope = slope + _open(logit - calibration.knots[index]) * calibration.changes[index]
    return slope
