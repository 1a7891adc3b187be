"""Small networks with random weights, and bundles that hold them with their explanation graphs."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from plugins.bundles import make_bundle

from models.features import FeatureSpec
from training.explanation_files import explanation_files
from training.export import export_network
from training.networks import Autoencoder, Ensemble, FraudNetwork, MonotoneCalibration
from training.networks.bins import fit_bins
from training.networks.preprocessing import fit_preprocessing
from training.networks.unlikeness import fit_unlikeness
from training.progress import Silent

NAMES = (
    "amount", "amount_known", "count_1h", "count_1d", "merchant_frauds_7d", "night", "spend_1h",
    "spend_1d", "amount_deviation",
)  # fmt: skip
SPEC = FeatureSpec.of(NAMES)


def payments(n: int, seed: int) -> NDArray[np.float32]:
    """Return raw rows of the features above."""
    rng = np.random.default_rng(seed)
    rows = rng.gamma(1.0, 8.0, (n, len(NAMES)))
    rows[:, 1] = rng.random(n) < 0.9
    rows[:, 2:5] = np.floor(rows[:, 2:5] / 3)
    rows[:, 5] = rng.random(n) < 0.2
    rows[:, 8] -= 8
    return rows.astype(np.float32)


def network(seed: int = 1, *, feeds: bool = True) -> FraudNetwork:
    """Return a network: learned preprocessing, random weights, a bent calibration."""
    torch.manual_seed(seed)
    learned = payments(3000, 0)
    preprocessing = fit_preprocessing(learned, tuple(f.transform for f in SPEC.features))
    standardised = preprocessing(torch.from_numpy(learned))
    count = len(NAMES)
    autoencoder = Autoencoder(count, hidden=8, code=3)
    with torch.no_grad():
        errors = ((standardised - autoencoder(standardised)[1]) ** 2).numpy()
    unlikeness = fit_unlikeness(
        errors, preprocessing.informative, tuple(f.group for f in SPEC.features)
    )
    bins = fit_bins(
        standardised.numpy(),
        learned[:, 0] * learned[:, 2] > 16,
        bins_per_feature=4,
        min_rows=50,
        min_gain=0,
        seed=0,
        tracker=Silent(),
    )
    seen = 3 + unlikeness.group_weights.shape[1] if feeds else 0
    made = FraudNetwork(
        preprocessing=preprocessing,
        autoencoder=autoencoder,
        unlikeness=unlikeness,
        bins=bins,
        classifier=Ensemble(count + bins.width + seen, members=2, hidden=(16, 8), dropout=0.1),
        calibration=MonotoneCalibration(0.2, (3.0, 1.5, 4.0), (-0.1, 0.1)),
        autoencoder_feeds=feeds,
    )
    return made.eval()


def network_bundle(path: Path, made: FraudNetwork) -> Path:
    """Write a bundle of a network and return its path."""
    with TemporaryDirectory() as folder:
        export_network(made, Path(folder) / "score.onnx")
        graph = (Path(folder) / "score.onnx").read_bytes()
    genuine = payments(200, 3)
    files = explanation_files(made, SPEC, genuine, seed=0)
    return make_bundle(path, names=NAMES, background=genuine[:50], graph=graph, files=files)
