"""All networks of one model, fitted in order on one set of rows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from models.features import FeatureSpec
from training.calibrating import fit_calibration
from training.config import TrainingConfig
from training.fit_autoencoder import fit_autoencoder
from training.fit_classifier import Examples, FittedClassifier, fit_classifier, predict
from training.networks import (
    Autoencoder,
    FraudNetwork,
    MonotoneCalibration,
    PiecewiseLinearBins,
    Preprocessing,
    Unlikeness,
)
from training.networks.bins import fit_bins
from training.networks.preprocessing import fit_preprocessing
from training.networks.unlikeness import fit_unlikeness
from training.progress import Tracker

_CHUNK_ROWS = 65_536

Matrix = npt.NDArray[np.float32]
Truth = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A network ready to export, and how it came to be."""

    network: FraudNetwork
    epochs: int
    validation_average_precision: tuple[float, ...]
    bins: int


@dataclass(frozen=True, eq=False)
class _Front:
    """What stands before the classifier: everything learned without looking at a validation row."""

    preprocessing: Preprocessing
    autoencoder: Autoencoder
    unlikeness: Unlikeness
    bins: PiecewiseLinearBins
    feeds: bool


def fit_and_calibrate(
    train: tuple[Matrix, Truth],
    validation: tuple[Matrix, Truth],
    spec: FeatureSpec,
    config: TrainingConfig,
    tracker: Tracker,
) -> Fitted:
    """Fit on one window, choose the epoch and calibrate on a later one.

    Rows are raw features (n, F) in the spec's order, and their truth (n,).
    """
    front, examples = _fit_front(*train, spec, config, tracker)
    judged = _examples(front, *validation)
    classifier = fit_classifier(
        examples,
        front.bins,
        config.classifier,
        validation=judged,
        stop_after=None,
        seed=config.seed,
        tracker=tracker,
    )
    calibration = fit_calibration(predict(classifier.network, judged, front.bins), validation[1])
    return _fitted(front, classifier, calibration)


def calibrate_again(
    before: tuple[Matrix, Truth],
    later: tuple[Matrix, Truth],
    epochs: int,
    spec: FeatureSpec,
    config: TrainingConfig,
    tracker: Tracker,
) -> MonotoneCalibration:
    """Return the calibration of a network learned on more rows, on `later` ones it never saw.

    A network that learned on more is surer by itself. With the calibration of one that learned
    on less it comes out too sure; with that of its like, on the next window, it does not.
    """
    fitted = fit_for(before, epochs, MonotoneCalibration(), spec, config, tracker)
    return fit_calibration(score(fitted.network, later[0])[0], later[1])


def fit_for(
    rows: tuple[Matrix, Truth],
    epochs: int,
    calibration: MonotoneCalibration,
    spec: FeatureSpec,
    config: TrainingConfig,
    tracker: Tracker,
    *,
    unlabelled: Matrix | None = None,
) -> Fitted:
    """Fit for so many epochs, nothing held back, with a calibration found elsewhere.

    Rows of which nobody said whether they are fraud, (m, F), teach the autoencoder alone.
    """
    front, examples = _fit_front(*rows, spec, config, tracker, unlabelled)
    classifier = fit_classifier(
        examples,
        front.bins,
        config.classifier,
        validation=None,
        stop_after=epochs,
        seed=config.seed,
        tracker=tracker,
    )
    return _fitted(front, classifier, calibration)


@torch.no_grad()
def score(network: FraudNetwork, features: Matrix) -> tuple[Matrix, Matrix]:
    """Log-odds (n,) and anomaly (n,) of raw rows, by torch."""
    parts = [
        network(torch.from_numpy(features[start : start + _CHUNK_ROWS]))[:2]
        for start in range(0, len(features), _CHUNK_ROWS)
    ]
    return (
        np.concatenate([log_odds.numpy() for log_odds, _ in parts]),
        np.concatenate([anomaly.numpy() for _, anomaly in parts]),
    )


def _fit_front(
    features: Matrix,
    fraud: Truth,
    spec: FeatureSpec,
    config: TrainingConfig,
    tracker: Tracker,
    unlabelled: Matrix | None = None,
) -> tuple[_Front, Examples]:
    transforms = tuple(f.transform for f in spec.features)
    seen = features if unlabelled is None else np.concatenate([features, unlabelled])
    preprocessing = fit_preprocessing(seen, transforms)
    standardised = _in_chunks(preprocessing, features)
    genuine = standardised[torch.from_numpy(~fraud)]
    if unlabelled is not None:
        genuine = torch.cat([genuine, _in_chunks(preprocessing, unlabelled)])
    autoencoder = fit_autoencoder(genuine, config.autoencoder, seed=config.seed, tracker=tracker)
    unlikeness = fit_unlikeness(
        _squared_errors(autoencoder, genuine),
        preprocessing.informative,
        tuple(f.group for f in spec.features),
    )
    bins = fit_bins(
        standardised.numpy(),
        fraud,
        bins_per_feature=config.classifier.bins_per_feature,
        min_rows=config.classifier.bin_min_rows,
        min_gain=config.classifier.bin_min_gain,
        seed=config.seed,
        tracker=tracker,
    )
    front = _Front(
        preprocessing, autoencoder, unlikeness, bins, config.autoencoder.feeds_classifier
    )
    return front, _examples_of(front, standardised, fraud)


def _examples(front: _Front, features: Matrix, fraud: Truth) -> Examples:
    return _examples_of(front, _in_chunks(front.preprocessing, features), fraud)


@torch.no_grad()
def _examples_of(front: _Front, standardised: Tensor, fraud: Truth) -> Examples:
    codes, group_errors = [], []
    for start in range(0, len(standardised), _CHUNK_ROWS):
        rows = standardised[start : start + _CHUNK_ROWS]
        code, rebuilt = front.autoencoder(rows)
        errors = front.unlikeness.errors(rows, rebuilt)
        codes.append(code)
        group_errors.append(front.unlikeness.group_errors(errors))
    return Examples(
        standardised,
        torch.cat(codes),
        torch.cat(group_errors),
        torch.from_numpy(fraud.astype(np.float32)),
        front.feeds,
    )


@torch.no_grad()
def _in_chunks(preprocessing: Preprocessing, features: Matrix) -> Tensor:
    result = torch.empty(features.shape)
    for start in range(0, len(features), _CHUNK_ROWS):
        rows = slice(start, start + _CHUNK_ROWS)
        result[rows] = preprocessing(torch.from_numpy(features[rows]))
    return result


@torch.no_grad()
def _squared_errors(autoencoder: Autoencoder, standardised: Tensor) -> Matrix:
    result = np.empty(standardised.shape, np.float32)
    for start in range(0, len(standardised), _CHUNK_ROWS):
        rows = standardised[start : start + _CHUNK_ROWS]
        result[start : start + len(rows)] = ((rows - autoencoder(rows)[1]) ** 2).numpy()
    return result


def _fitted(
    front: _Front, classifier: FittedClassifier, calibration: MonotoneCalibration
) -> Fitted:
    network = FraudNetwork(
        preprocessing=front.preprocessing,
        autoencoder=front.autoencoder,
        unlikeness=front.unlikeness,
        bins=front.bins,
        classifier=classifier.network,
        calibration=calibration,
        autoencoder_feeds=front.feeds,
    ).eval()
    return Fitted(
        network, classifier.epochs, classifier.validation_average_precision, front.bins.width
    )
