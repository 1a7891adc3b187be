"""Torch modules, one idea a file, composed into one graph by `fraud_network`.

Every module keeps to affine maps, elementwise functions and sums, row by row: ONNX Runtime then
gives the same bits whatever stands beside a row, and the DeepLIFT rule stays additive.
"""

from training.networks.autoencoder import Autoencoder
from training.networks.bins import PiecewiseLinearBins
from training.networks.calibration import MonotoneCalibration
from training.networks.classifier import Ensemble
from training.networks.fraud_network import FraudNetwork
from training.networks.preprocessing import Preprocessing
from training.networks.unlikeness import Unlikeness

__all__ = [
    "Autoencoder",
    "Ensemble",
    "FraudNetwork",
    "MonotoneCalibration",
    "PiecewiseLinearBins",
    "Preprocessing",
    "Unlikeness",
]
