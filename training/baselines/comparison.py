"""Fitting every baseline and collecting its probabilities."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.baselines.boosting import fit_boosting
from training.baselines.sampling import sample_genuine
from training.baselines.simple import Predictor, fit_forest, fit_logistic, fit_tree
from training.config import BaselineConfig
from training.progress import Tracker

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Table:
    """Rows of one window: raw features and their standardised form, (n, F) each, and truth."""

    raw: Matrix
    standardised: Matrix
    fraud: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class BaselineResult:
    """One baseline: probabilities on validation and judged rows, and how it was fitted."""

    name: str
    validation: npt.NDArray[np.float64]
    judged: npt.NDArray[np.float64]
    genuine_share: float
    seconds: float


@dataclass(frozen=True)
class _Recipe:
    name: str
    standardised: bool
    most_genuine: int | None
    fit: Callable[[Matrix, npt.NDArray[np.bool_]], Predictor]


def fit_baselines(
    train: Table,
    validation: Table,
    judged: Table,
    config: BaselineConfig,
    *,
    seed: int,
    threads: int,
    tracker: Tracker,
) -> tuple[BaselineResult, ...]:
    """Fit all, simplest first. Trees read raw features, the regression standardised ones.

    LightGBM may stop early on the validation window, as the network does.
    """

    def boosting(features: Matrix, fraud: npt.NDArray[np.bool_]) -> Predictor:
        return fit_boosting(
            features, fraud, validation.raw, validation.fraud, config, seed=seed, threads=threads
        )

    recipes = (
        _Recipe("logistic regression", True, config.logistic_rows, fit_logistic),
        _Recipe("decision tree", False, config.tree_rows, lambda x, y: fit_tree(x, y, seed=seed)),
        _Recipe(
            "random forest",
            False,
            config.forest_rows,
            lambda x, y: fit_forest(x, y, trees=config.forest_trees, seed=seed, threads=threads),
        ),
        _Recipe("LightGBM", False, None, boosting),
    )
    advance = tracker.task("baselines", len(recipes))
    results = []
    for number, recipe in enumerate(recipes):
        begun = time.perf_counter()
        tracker.say(f"baseline: {recipe.name}")
        rng = np.random.default_rng([seed, number])
        sample = sample_genuine(train.fraud, recipe.most_genuine, rng=rng)
        predict = recipe.fit(
            (train.standardised if recipe.standardised else train.raw)[sample.rows],
            train.fraud[sample.rows],
        )
        validated, tested = (
            sample.corrected(predict(table.standardised if recipe.standardised else table.raw))
            for table in (validation, judged)
        )
        results.append(
            BaselineResult(
                recipe.name, validated, tested, sample.genuine_share, time.perf_counter() - begun
            )
        )
        advance(1)
    return tuple(results)
