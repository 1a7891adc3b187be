"""Logistic regression, decision tree and random forest from scikit-learn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

Matrix = npt.NDArray[np.float32]
Truth = npt.NDArray[np.bool_]
Predictor = Callable[[Matrix], npt.NDArray[np.float64]]


def fit_logistic(features: Matrix, fraud: Truth) -> Predictor:
    """Ridge-penalised logistic regression on standardised features."""
    return _probabilities(LogisticRegression(C=1.0, max_iter=200, tol=1e-4).fit(features, fraud))


def fit_tree(features: Matrix, fraud: Truth, *, seed: int) -> Predictor:
    """One tree of at most eight levels, leaves of at least fifty rows."""
    tree = DecisionTreeClassifier(max_depth=8, min_samples_leaf=50, random_state=seed)
    return _probabilities(tree.fit(features, fraud))


def fit_forest(features: Matrix, fraud: Truth, *, trees: int, seed: int, threads: int) -> Predictor:
    """Deep trees on bootstrap samples, leaves of at least three rows."""
    forest = RandomForestClassifier(
        n_estimators=trees,
        min_samples_leaf=3,
        max_features=0.3,
        max_samples=0.5,
        n_jobs=threads,
        random_state=seed,
    )
    return _probabilities(forest.fit(features, fraud))


def _probabilities(model: Any) -> Predictor:
    return lambda features: np.asarray(model.predict_proba(features)[:, 1], np.float64)
