"""Gradient boosting, the strongest of the simpler models."""

import lightgbm
import numpy as np
import numpy.typing as npt

from training.baselines.simple import Matrix, Predictor, Truth
from training.config import BaselineConfig

_PATIENCE_ROUNDS = 60


def fit_boosting(
    features: Matrix,
    fraud: Truth,
    validation: Matrix,
    validation_fraud: Truth,
    config: BaselineConfig,
    *,
    seed: int,
    threads: int,
) -> Predictor:
    """LightGBM with fine bins (few bins lose much on amounts) and early stopping.

    It stops when average precision on the validation window has not risen for 60 rounds.
    """
    parameters = {
        "objective": "binary",
        "metric": "average_precision",
        "learning_rate": 0.05,
        "num_leaves": 31,
        "min_data_in_leaf": 50,
        "feature_fraction": 0.6,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "max_bin": config.boosting_bins,
        "seed": seed,
        "num_threads": threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    data = lightgbm.Dataset(features, fraud, params=parameters)
    booster = lightgbm.train(
        parameters,
        data,
        num_boost_round=config.boosting_rounds,
        valid_sets=[data.create_valid(validation, validation_fraud)],
        callbacks=[lightgbm.early_stopping(_PATIENCE_ROUNDS, verbose=False)],
    )

    def predict(rows: Matrix) -> npt.NDArray[np.float64]:
        return np.asarray(booster.predict(rows, num_threads=threads), np.float64)

    return predict
