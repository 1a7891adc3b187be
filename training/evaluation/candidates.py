"""The models that are compared: each a way to learn from rows, and the features it reads."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import lightgbm
import numpy as np
import torch
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from models.features import FeatureSpec
from training.arithmetic import reproducible
from training.background import background
from training.config import TrainingConfig
from training.evaluation.learned import Estimator, Learned, Network, Prepared
from training.evaluation.material import HANDBOOK, OURS, Mask, Matrix
from training.fitting import fit_for
from training.networks import MonotoneCalibration
from training.networks.preprocessing import Preprocessing, fit_preprocessing
from training.progress import Tracker

NETWORK = "autoencoder + classifier"
CLASSIFIER = "classifier without autoencoder"
AUTOENCODER = "autoencoder alone"
BOOSTING = "LightGBM"
FOREST = "random forest"
REGRESSION = "logistic regression"
IN_LOG_ODDS = frozenset({NETWORK, CLASSIFIER})
"""Rows whose scores are log-odds; those of all others but the autoencoder are probabilities."""
FOREST_GENUINE = 100_000
BY_SHAP, BY_LIGHTGBM = "shap.TreeExplainer", "pred_contrib"


@dataclass(frozen=True)
class Task:
    """What a model learns from: rows (n, F), their truth (n,), and rows nobody judged (m, F).

    `spec` is None for other features than ours.
    """

    features: Matrix
    fraud: Mask
    unlabelled: Matrix
    spec: FeatureSpec | None
    seed: int
    tracker: Tracker


@dataclass(frozen=True)
class Candidate:
    """A way to learn. With `history` from all payments before, else from the handbook's week."""

    name: str
    view: str
    history: bool
    seeds: int
    learn: Callable[[Task], Learned]

    @property
    def label(self) -> str:
        """Its row in a table."""
        return label(self.name, self.view)

    @property
    def file(self) -> str:
        """Its name in a folder."""
        return "-".join(self.label.replace(",", "").replace("'", "").replace("+", "").split())


def label(name: str, view: str = OURS) -> str:
    """Return the name of a row in a table."""
    return f"{name}, {view}"


def candidates(config: TrainingConfig, seeds: int) -> tuple[Candidate, ...]:
    """Return all candidates; those whose result depends on a seed are learned `seeds` times."""
    simple = ((REGRESSION, _logistic), ("decision tree", _tree), (FOREST, _forest))
    return (
        *(
            Candidate(name, HANDBOOK, False, 1, learn)
            for name, learn in (*simple, ("XGBoost", _xgboost))
        ),
        *(Candidate(name, OURS, True, 1, learn) for name, learn in simple),
        boosting(),
        shipped(config, seeds),
        without_autoencoder(config, seeds),
    )


def boosting() -> Candidate:
    """Gradient boosting on our features."""
    return Candidate(BOOSTING, OURS, True, 1, _boosting)


def regression() -> Candidate:
    """Logistic regression on our features."""
    return Candidate(REGRESSION, OURS, True, 1, _logistic)


def forest() -> Candidate:
    """Random forest on our features."""
    return Candidate(FOREST, OURS, True, 1, _forest)


def shipped(config: TrainingConfig, seeds: int) -> Candidate:
    """Return the network as a bundle ships it, and its autoencoder alone."""
    return Candidate(NETWORK, OURS, True, seeds, partial(_network, config, NETWORK, AUTOENCODER))


def without_autoencoder(config: TrainingConfig, seeds: int) -> Candidate:
    """Return the network whose classifier sees nothing of the autoencoder."""
    unfed = config.autoencoder.model_copy(update={"feeds_classifier": False})
    bare = config.model_copy(update={"autoencoder": unfed})
    return Candidate(CLASSIFIER, OURS, True, seeds, partial(_network, bare, CLASSIFIER, None))


def _logistic(task: Task) -> Learned:
    if task.spec is None:
        plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
        return Estimator(REGRESSION, plain.fit(task.features, task.fraud))
    transforms = tuple(f.transform for f in task.spec.features)
    prepare = partial(_standardised, fit_preprocessing(task.features, transforms))
    model = LogisticRegression(max_iter=200).fit(prepare(task.features), task.fraud)
    return Estimator(REGRESSION, Prepared(prepare, model))


def _standardised(preprocessing: Preprocessing, features: Matrix) -> Matrix:
    found: Matrix = preprocessing(torch.from_numpy(features)).numpy()
    return found


def _tree(task: Task) -> Learned:
    depth, leaf = (5, 1) if task.spec is None else (8, 50)
    model = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf, random_state=task.seed)
    return Estimator("decision tree", model.fit(task.features, task.fraud), (BY_SHAP,))


def _forest(task: Task) -> Learned:
    rng = np.random.default_rng(task.seed)
    genuine = np.flatnonzero(~task.fraud)
    kept = rng.choice(genuine, min(FOREST_GENUINE, len(genuine)), replace=False)
    rows = np.sort(np.concatenate([kept, np.flatnonzero(task.fraud)]))
    model = RandomForestClassifier(100, max_depth=20, random_state=task.seed, n_jobs=1)
    return Estimator(FOREST, model.fit(task.features[rows], task.fraud[rows]), (BY_SHAP,))


def _xgboost(task: Task) -> Learned:
    model = xgboost.XGBClassifier(
        n_estimators=100, max_depth=3, learning_rate=0.1, tree_method="exact", n_jobs=1,
        random_state=task.seed,
    )  # fmt: skip
    return Estimator("XGBoost", model.fit(task.features, task.fraud))


def _boosting(task: Task) -> Learned:
    model = lightgbm.LGBMClassifier(
        n_estimators=400,
        learning_rate=0.03,
        num_leaves=15,
        min_child_samples=100,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.4,
        reg_lambda=5.0,
        max_bin=1023,
        n_jobs=1,
        random_state=task.seed,
        deterministic=True,
        force_row_wise=True,
        verbose=-1,
    )
    return Estimator(BOOSTING, model.fit(task.features, task.fraud), (BY_LIGHTGBM, BY_SHAP))


def _network(config: TrainingConfig, name: str, alone: str | None, task: Task) -> Learned:
    if task.spec is None:
        raise ValueError("the network needs to know what its features are")
    config = config.model_copy(update={"seed": task.seed})
    with reproducible(config):
        fitted = fit_for(
            (task.features, task.fraud),
            config.classifier.epochs,
            MonotoneCalibration(),
            task.spec,
            config,
            task.tracker,
            unlabelled=task.unlabelled if alone and len(task.unlabelled) else None,
        )
    compared = background(task.features, task.fraud, task.seed)
    return Network(name, alone, fitted.network, task.spec, config.tile, compared)
