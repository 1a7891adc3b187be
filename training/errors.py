"""What training refuses, each with the fact and its remedy.

PenumbraError
└── TrainingRefused       training stops before or instead of writing a bundle
    ├── ConfigRefused     a training configuration has an unknown or impossible value
    ├── UnusableData      the data cannot be learned from: too short, no fraud, no genuine payment
    ├── NoThreshold       no threshold does what the configuration asks of flags
    └── ParityRefused     the exported graph does not answer as the trained network does
"""

from models.errors import PenumbraError


class TrainingRefused(PenumbraError):
    """Training stops; no bundle was written."""


class ConfigRefused(TrainingRefused):
    """A training configuration names an unknown setting or an impossible value."""


class UnusableData(TrainingRefused):
    """The data has too little in it to learn from or to judge on."""


class NoThreshold(TrainingRefused):
    """No threshold reaches the precision, or saves the costs, that were asked for."""


class ParityRefused(TrainingRefused):
    """The ONNX graph and the torch network disagree by more than the contract allows."""
