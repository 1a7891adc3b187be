"""The explainers of the shap library beside our own, each as it does best.

Those that ask the model alone see the features. Those that read the network see what its first
layers read: each feature standardised, and its ramps. Logarithms, clips and steps lie before
that, and a gradient knows nothing of a step it does not stand on. All attribute to columns, which
are added up: an indicator to its value, ramps to their feature.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.bundle import ENCODING, SLOPES, Bundle
from models.explainer.graphs import explanation_graph, first_layer
from models.scorer import Scorer
from training.evaluation.fidelity.methods import SOME, Doubles, Matrix, Way, by_player
from training.evaluation.fidelity.torch_graph import TorchGraph

FEW = 20


def shap_ways(bundle: Bundle, scorer: Scorer) -> Iterator[Way]:
    """Give KernelExplainer, PermutationExplainer, and of networks Deep- and GradientExplainer."""
    yield from _asking(bundle, scorer)
    yield from _reading(bundle)


def _asking(bundle: Bundle, scorer: Scorer) -> Iterator[Way]:
    import shap  # noqa: PLC0415 - four seconds, and only here

    def log_odds(rows: npt.NDArray[np.floating]) -> Doubles:
        return scorer.score(rows.astype(np.float32)).log_odds.astype(np.float64)

    def way(name: str, values: Callable[[Matrix], npt.ArrayLike]) -> Way:
        return Way(name, lambda flags: by_player(bundle, np.asarray(values(flags))), most=FEW)

    kernel = shap.KernelExplainer(log_odds, bundle.compared)
    yield way("shap.KernelExplainer", lambda rows: kernel.shap_values(rows, silent=True))
    yield way(
        "shap.KernelExplainer, l1_reg=False",
        lambda rows: kernel.shap_values(rows, silent=True, l1_reg=False),
    )
    masker = shap.maskers.Independent(bundle.compared, max_samples=len(bundle.compared))
    walks = shap.PermutationExplainer(log_odds, masker, seed=0)
    yield way("shap.PermutationExplainer", lambda rows: walks(rows, silent=True).values)


def _reading(bundle: Bundle) -> Iterator[Way]:
    import shap  # noqa: PLC0415 - four seconds, and only here

    network, encode, feature = behind_single_features(bundle)
    against = encode(bundle.compared)

    def way(name: str, values: Callable[[torch.Tensor], npt.ArrayLike]) -> Way:
        def explain(flags: Matrix) -> Doubles:
            return by_player(bundle, np.asarray(values(encode(flags))), feature)

        return Way(name, explain, most=SOME)

    deep = shap.DeepExplainer(network, against)
    yield way("shap.DeepExplainer", lambda rows: deep.shap_values(rows, check_additivity=False))
    gradient = shap.GradientExplainer(network, against)
    yield way("shap.GradientExplainer", lambda rows: gradient.shap_values(rows, rseed=0))


def behind_single_features(
    bundle: Bundle,
) -> tuple[nn.Module, Callable[[Matrix], torch.Tensor], npt.NDArray[np.int64]]:
    """Return the network from its encoded columns on, the way there, and each column's feature.

    Without explanation graphs the columns are the features themselves.
    """
    if not bundle.has_explanation_graphs:
        features = np.arange(len(bundle.spec.features))
        return TorchGraph(bundle.graph("score.onnx")), torch.from_numpy, features
    graph = explanation_graph(bundle, ENCODING, bundle.tile)
    _, feature = first_layer(bundle)
    network = nn.Sequential(
        TorchGraph(bundle.graph(ENCODING), "encoded", "state"),
        TorchGraph(bundle.graph(SLOPES), "state"),
    )
    return network, lambda rows: torch.from_numpy(graph.run(rows)[0]), feature
