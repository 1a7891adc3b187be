"""The network where few payments have a label: the autoencoder learns from all others too."""

from functools import partial

import numpy as np
import torch

from models.features import FeatureSpec
from training.arithmetic import reproducible
from training.config import TrainingConfig
from training.evaluation.candidates import AUTOENCODER, NETWORK, Candidate, Task
from training.evaluation.learned import Learned, Network, background_of
from training.evaluation.material import OURS, Mask, Matrix
from training.fit_autoencoder import fit_autoencoder
from training.fit_classifier import Examples, fit_classifier
from training.networks import (
    Autoencoder,
    FraudNetwork,
    MonotoneCalibration,
    Preprocessing,
    Unlikeness,
)
from training.networks.bins import fit_bins
from training.networks.preprocessing import fit_preprocessing
from training.networks.unlikeness import fit_unlikeness

CHUNK_ROWS = 65_536


def taught(config: TrainingConfig) -> Candidate:
    """Return the network; its autoencoder reads unlabelled payments as well."""
    return Candidate(NETWORK, OURS, True, 1, partial(_learn, config))


def _learn(config: TrainingConfig, task: Task) -> Learned:
    if task.spec is None:
        raise ValueError("the network needs to know what its features are")
    config = config.model_copy(update={"seed": task.seed})
    with reproducible(config):
        network = _fit(config, task, task.spec)
    background = background_of(task.features, task.fraud, task.seed)
    return Network(NETWORK, AUTOENCODER, network, task.spec, config.tile, background)


def _fit(config: TrainingConfig, task: Task, spec: FeatureSpec) -> FraudNetwork:
    transforms = tuple(f.transform for f in spec.features)
    preprocessing = fit_preprocessing(np.concatenate([task.features, task.unlabelled]), transforms)
    autoencoder, unlikeness = _fit_unsupervised(config, preprocessing, spec, task)
    examples = _examples(preprocessing, autoencoder, unlikeness, task.features, task.fraud)
    bins = fit_bins(
        examples.standardised.numpy(),
        task.fraud,
        bins_per_feature=config.classifier.bins_per_feature,
        min_rows=config.classifier.bin_min_rows,
        min_gain=config.classifier.bin_min_gain,
        seed=config.seed,
        tracker=task.tracker,
    )
    classifier = fit_classifier(
        examples,
        bins,
        config.classifier,
        validation=None,
        stop_after=config.classifier.epochs,
        seed=config.seed,
        tracker=task.tracker,
    )
    return FraudNetwork(
        preprocessing=preprocessing,
        autoencoder=autoencoder,
        unlikeness=unlikeness,
        bins=bins,
        classifier=classifier.network,
        calibration=MonotoneCalibration(),
    ).eval()


@torch.no_grad()
def _examples(
    preprocessing: Preprocessing,
    autoencoder: Autoencoder,
    unlikeness: Unlikeness,
    features: Matrix,
    fraud: Mask,
) -> Examples:
    standardised = torch.from_numpy(_standardised(preprocessing, features))
    codes, errors = [], []
    for start in range(0, len(standardised), CHUNK_ROWS):
        rows = standardised[start : start + CHUNK_ROWS]
        code, rebuilt = autoencoder(rows)
        codes.append(code)
        errors.append(unlikeness.group_errors(unlikeness.errors(rows, rebuilt)))
    truth = torch.from_numpy(fraud.astype(np.float32))
    return Examples(standardised, torch.cat(codes), torch.cat(errors), truth)


def _fit_unsupervised(
    config: TrainingConfig, preprocessing: Preprocessing, spec: FeatureSpec, task: Task
) -> tuple[Autoencoder, Unlikeness]:
    """Learn from all payments that are not known to be fraud."""
    history = np.concatenate([task.features[~task.fraud], task.unlabelled])
    standardised = _standardised(preprocessing, history)
    autoencoder = fit_autoencoder(
        torch.from_numpy(standardised), config.autoencoder, seed=config.seed, tracker=task.tracker
    )
    squared = np.empty_like(standardised)
    with torch.no_grad():
        for start in range(0, len(standardised), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            rebuilt = autoencoder(torch.from_numpy(standardised[rows]))[1].numpy()
            squared[rows] = (standardised[rows] - rebuilt) ** 2
    groups = tuple(f.group for f in spec.features)
    return autoencoder, fit_unlikeness(squared, preprocessing.informative, groups)


@torch.no_grad()
def _standardised(preprocessing: Preprocessing, features: Matrix) -> Matrix:
    result = np.empty_like(features)
    for start in range(0, len(features), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        result[rows] = preprocessing(torch.from_numpy(features[rows])).numpy()
    return result
