"""LightGBM on the same features, its own flags, and TreeSHAP: exact where it is asked to be."""

import warnings
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np

from models.bundle import Bundle
from training.evaluation.fidelity.flags import Flagged, Matrix, spread
from training.evaluation.fidelity.measures import Doubles, Fidelity, spearman, strongest, timed
from training.evaluation.fidelity.methods import by_player

ROUNDS = 200
EVERY = 5
"""Of genuine payments one in so many is learned from: what is measured is explaining."""


def trees(bundle: Bundle, flagged: Flagged) -> dict[str, Fidelity]:
    """Fit boosting, flag as many as the network did, and explain them in two ways.

    Both are measured against interventional TreeSHAP over the rows the bundle compares with, which
    is exact.
    """
    import shap  # noqa: PLC0415 - four seconds, and only here

    kept = flagged.fraud | (np.arange(len(flagged.fraud)) % EVERY == 0)
    model = lightgbm.train(
        {
            "objective": "binary", "num_leaves": 15, "learning_rate": 0.05,
            "num_threads": 1, "verbosity": -1, "seed": 0,
        },
        lightgbm.Dataset(flagged.learned[kept], flagged.fraud[kept]),
        num_boost_round=ROUNDS,
    )  # fmt: skip
    riskiest = np.argsort(-np.asarray(model.predict(flagged.judged)), kind="stable")
    flags = flagged.judged[riskiest[: flagged.found]]
    flags = flags[spread(len(flags), len(flagged.flags))]
    warnings.filterwarnings("ignore", "LightGBM binary classifier", UserWarning)
    exact = shap.TreeExplainer(
        model, bundle.compared.astype(np.float64), feature_perturbation="interventional"
    )
    path = shap.TreeExplainer(model)
    margin = np.asarray(model.predict(flags, raw_score=True))

    def measured(explainer: Any, reference: Doubles | None) -> tuple[Doubles, Fidelity]:
        values, ms = timed(_players(bundle, explainer), flags)
        base = float(np.ravel(explainer.expected_value)[-1])
        truth = values if reference is None else reference
        return values, Fidelity(
            flags=len(flags),
            spearman=float(spearman(values, truth).mean()),
            strongest=float(strongest(values, truth).mean()),
            additivity=float(np.abs(base + values.sum(axis=1) - margin).max()),
            ms=ms,
        )

    reference, interventional = measured(exact, None)
    _, dependent = measured(path, reference)
    return {
        "LightGBM, TreeSHAP interventional (exact)": interventional,
        "LightGBM, TreeSHAP path-dependent": dependent,
    }


def _players(bundle: Bundle, explainer: Any) -> Callable[[Matrix], Doubles]:
    def explain(rows: Matrix) -> Doubles:
        found = explainer.shap_values(rows.astype(np.float64), check_additivity=False)
        columns = np.asarray(found[-1] if isinstance(found, list) else found)
        return by_player(bundle, columns)

    return explain
