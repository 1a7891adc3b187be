"""The ways to explain a network's flags that are compared."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch

from models.bundle import Bundle
from models.explainer import (
    PERMUTATION,
    RESCALE,
    SWEEP,
    DeepLiftExplainer,
    Explainer,
    PermutationExplainer,
    SweepExplainer,
    explainer_of,
)
from models.scorer import Scorer
from training.evaluation.fidelity.torch_graph import TorchGraph

DEFAULT = "default"
SOME, FEW = 100, 20

Matrix = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Way:
    """A way to explain: its values (n, P), the methods it used, the most flags it is asked for."""

    name: str
    values: Callable[[Matrix], Doubles]
    methods: Callable[[Matrix], tuple[str, ...]] | None = None
    most: int | None = None


def ways(bundle: Bundle, scorer: Scorer) -> Iterator[Way]:
    """Give our own ways, and shap's: those on columns, a value and its indicator added up."""
    default = explainer_of(bundle, scorer)
    yield Way(DEFAULT, partial(_values, default), lambda flags: default.explain(flags).methods)
    if bundle.has_explanation_graphs:
        yield Way(f"{SWEEP}, unchecked", partial(_values, SweepExplainer(bundle, scorer)))
        yield Way(RESCALE, partial(_values, DeepLiftExplainer(bundle, scorer)))
    for pairs in (1, 4):
        slow = PermutationExplainer(bundle, scorer, pairs)
        yield Way(f"{PERMUTATION}, pairs a row: {pairs}", partial(_values, slow), most=SOME)
    yield from _of_shap(bundle, scorer)


def _values(explainer: Explainer, flags: Matrix) -> Doubles:
    return explainer.explain(flags).contributions.astype(np.float64)


def _of_shap(bundle: Bundle, scorer: Scorer) -> Iterator[Way]:
    import shap  # noqa: PLC0415 - four seconds, and only here

    background = bundle.compared
    network = TorchGraph(bundle.graph("score.onnx"))
    against = torch.from_numpy(background)

    def log_odds(rows: npt.NDArray[np.floating]) -> Doubles:
        return scorer.score(rows.astype(np.float32)).log_odds.astype(np.float64)

    def way(name: str, values: Callable[[Matrix], npt.ArrayLike], most: int) -> Way:
        return Way(name, lambda flags: by_player(bundle, np.asarray(values(flags))), most=most)

    kernel = shap.KernelExplainer(log_odds, background)
    yield way("shap.KernelExplainer", lambda rows: kernel.shap_values(rows, silent=True), FEW)
    masker = shap.maskers.Independent(background, max_samples=len(background))
    walks = shap.PermutationExplainer(log_odds, masker, seed=0)
    yield way("shap.PermutationExplainer", lambda rows: walks(rows, silent=True).values, FEW)
    deep = shap.DeepExplainer(network, against)
    yield way(
        "shap.DeepExplainer",
        lambda rows: deep.shap_values(torch.from_numpy(rows), check_additivity=False),
        SOME,
    )
    gradient = shap.GradientExplainer(network, against)
    yield way(
        "shap.GradientExplainer",
        lambda rows: gradient.shap_values(torch.from_numpy(rows), rseed=0),
        SOME,
    )


def by_player(bundle: Bundle, columns: npt.NDArray[np.floating]) -> Doubles:
    """Return values of players (n, P) from those of columns, (n, F) or (n, F, 1)."""
    flat = columns.reshape(len(columns), len(bundle.spec.features))
    players = bundle.spec.players
    return np.stack([flat[:, list(one)].sum(axis=1) for one in players], axis=1).astype(np.float64)
