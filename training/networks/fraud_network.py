"""The whole path from raw features to calibrated log-odds, as one module to export."""

import torch
from torch import Tensor, nn

from training.networks.autoencoder import Autoencoder
from training.networks.bins import PiecewiseLinearBins
from training.networks.calibration import MonotoneCalibration
from training.networks.classifier import Ensemble
from training.networks.preprocessing import Preprocessing
from training.networks.unlikeness import Unlikeness


class FraudNetwork(nn.Module):
    """Preprocessing → autoencoder → classifier on features, code and errors → calibration.

    Shape: raw float32 (n, F) → log_odds (n,), anomaly (n,), reconstruction (n, F).
    """

    def __init__(
        self,
        *,
        preprocessing: Preprocessing,
        autoencoder: Autoencoder,
        unlikeness: Unlikeness,
        bins: PiecewiseLinearBins,
        classifier: Ensemble,
        calibration: MonotoneCalibration,
        autoencoder_feeds: bool = True,
    ) -> None:
        super().__init__()
        self.preprocessing = preprocessing
        self.autoencoder = autoencoder
        self.unlikeness = unlikeness
        self.bins = bins
        self.classifier = classifier
        self.calibration = calibration
        self.autoencoder_feeds = autoencoder_feeds

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-odds of fraud, anomaly score, reconstruction error a feature."""
        standardised = self.preprocessing(features)
        code, rebuilt = self.autoencoder(standardised)
        errors = self.unlikeness.errors(standardised, rebuilt)
        inputs = join_inputs(
            standardised,
            self.bins(standardised),
            code,
            self.unlikeness.group_errors(errors),
            autoencoder_feeds=self.autoencoder_feeds,
        )
        log_odds = self.calibration(self.classifier(inputs))
        return log_odds, self.unlikeness.anomaly(errors), errors


def join_inputs(
    standardised: Tensor,
    ramps: Tensor,
    code: Tensor,
    group_errors: Tensor,
    *,
    autoencoder_feeds: bool,
) -> Tensor:
    """Return what the classifier reads, (n, F + B + C + G): one order in training and graph."""
    seen = [code, group_errors] if autoencoder_feeds else []
    return torch.cat([standardised, ramps, *seen], dim=1)
