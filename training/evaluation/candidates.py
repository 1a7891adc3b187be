"""The models that are compared: each a way to learn from rows, and the features it reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import lightgbm
import numpy as np
import numpy.typing as npt
import torch
import xgboost
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from models.features import FeatureSpec
from training.arithmetic import reproducible
from training.config import TrainingConfig
from training.evaluation.material import HANDBOOK, OURS, Matrix
from training.fitting import fit_for, score
from training.networks import MonotoneCalibration
from training.networks.preprocessing import fit_preprocessing
from training.progress import Tracker

Scores = npt.NDArray[np.float64]
Truth = npt.NDArray[np.bool_]

NETWORK = "autoencoder + classifier"
CLASSIFIER = "classifier without autoencoder"
AUTOENCODER = "autoencoder alone"
BOOSTING = "LightGBM"
FOREST_GENUINE = 100_000


@dataclass(frozen=True)
class Task:
    """What a model learns from and what it then scores: matrices (n, F) and truth."""

    features: Matrix
    fraud: Truth
    judged: Matrix
    spec: FeatureSpec | None
    seed: int
    tracker: Tracker


@dataclass(frozen=True)
class Candidate:
    """A model: `fit` learns and returns scores of the judged rows, by the name of the row.

    With `history` it learns from all payments before, else from the handbook's week.
    """

    name: str
    view: str
    history: bool
    seeds: int
    fit: Callable[[Task], Mapping[str, Scores]]


def candidates(config: TrainingConfig, seeds: int) -> tuple[Candidate, ...]:
    """Return all candidates; those whose result depends on a seed are fitted `seeds` times."""
    simple = (
        ("logistic regression", 1, _logistic),
        ("decision tree", 1, _tree),
        ("random forest", 1, _forest),
    )
    bare = config.model_copy(
        update={"autoencoder": config.autoencoder.model_copy(update={"feeds_classifier": False})}
    )
    return (
        *(
            Candidate(name, HANDBOOK, False, count, partial(_named, name, fit))
            for name, count, fit in (*simple, ("XGBoost", 1, _xgboost))
        ),
        *(
            Candidate(name, OURS, True, count, partial(_named, name, fit))
            for name, count, fit in (*simple, (BOOSTING, 1, _boosting))
        ),
        Candidate(NETWORK, OURS, True, seeds, partial(_network, config, (NETWORK, AUTOENCODER))),
        Candidate(CLASSIFIER, OURS, True, seeds, partial(_network, bare, (CLASSIFIER, None))),
    )


def _named(name: str, fit: Callable[[Task], Scores], task: Task) -> Mapping[str, Scores]:
    return {name: fit(task)}


def _logistic(task: Task) -> Scores:
    if task.spec is None:
        model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=200))
        return _probability(model.fit(task.features, task.fraud), task.judged)
    prepared = fit_preprocessing(task.features, tuple(f.transform for f in task.spec.features))
    learned, judged = (prepared(torch.from_numpy(x)).numpy() for x in (task.features, task.judged))
    return _probability(LogisticRegression(max_iter=200).fit(learned, task.fraud), judged)


def _tree(task: Task) -> Scores:
    depth, leaf = (5, 1) if task.spec is None else (8, 50)
    model = DecisionTreeClassifier(max_depth=depth, min_samples_leaf=leaf, random_state=task.seed)
    return _probability(model.fit(task.features, task.fraud), task.judged)


def _forest(task: Task) -> Scores:
    rng = np.random.default_rng(task.seed)
    genuine = np.flatnonzero(~task.fraud)
    kept = rng.choice(genuine, min(FOREST_GENUINE, len(genuine)), replace=False)
    rows = np.sort(np.concatenate([kept, np.flatnonzero(task.fraud)]))
    model = RandomForestClassifier(100, max_depth=20, random_state=task.seed, n_jobs=1)
    return _probability(model.fit(task.features[rows], task.fraud[rows]), task.judged)


def _xgboost(task: Task) -> Scores:
    model = xgboost.XGBClassifier(
        n_estimators=100, max_depth=3, learning_rate=0.1, tree_method="exact", n_jobs=1,
        random_state=task.seed,
    )  # fmt: skip
    return _probability(model.fit(task.features, task.fraud), task.judged)


def _boosting(task: Task) -> Scores:
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
    return _probability(model.fit(task.features, task.fraud), task.judged)


def _network(
    config: TrainingConfig, names: tuple[str, str | None], task: Task
) -> Mapping[str, Scores]:
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
        )
        log_odds, anomaly = score(fitted.network, task.judged)
    own, alone = names
    found = {own: log_odds.astype(np.float64)}
    return found | ({alone: anomaly.astype(np.float64)} if alone else {})


def _probability(model: object, features: Matrix) -> Scores:
    return np.asarray(model.predict_proba(features)[:, 1], np.float64)  # type: ignore[attr-defined]
