"""The files of a bundle that its explanations are made with."""

import io

import numpy as np
import numpy.typing as npt
import torch

from models.bundle import COMPARED, DEEPLIFT, ENCODING, FIRST_LAYER, SLOPES
from models.features import FeatureSpec
from training.background import representatives
from training.bundle import as_npy
from training.export import export_graph
from training.networks import FraudNetwork
from training.networks.explanation import DeepLift, Encoding, Slopes, encoded_features
from training.networks.trace import Tail


@torch.no_grad()
def explanation_files(
    network: FraudNetwork, spec: FeatureSpec, genuine: npt.NDArray[np.float32], seed: int
) -> dict[str, bytes]:
    """Return the graphs of a network's explanations, and the rows they compare with, by name.

    Those rows are chosen among `genuine` ones, (n, F), to stand for all of them.
    """
    tail = Tail(network.eval()).eval()
    features = len(spec.features)
    states = tail.state(tail.encode(torch.from_numpy(genuine)))
    log_odds, _ = tail.run(states)
    compared = genuine[representatives(states.numpy(), log_odds.numpy(), seed)]
    first_layer = io.BytesIO()
    np.savez(
        first_layer,
        weights=np.ascontiguousarray(tail.from_encoded[:, : tail.units].numpy()),
        feature=np.array(encoded_features(network), np.int64),
    )
    return {
        COMPARED: as_npy(compared),
        DEEPLIFT: export_graph(
            DeepLift(tail, spec.players),
            {"features": features, "compared": features},
            ["contributions"],
        ),
        ENCODING: export_graph(Encoding(tail), {"features": features}, ["encoded", "state"]),
        FIRST_LAYER: first_layer.getvalue(),
        SLOPES: export_graph(
            Slopes(tail), {"state": sum(tail.sizes)}, ["log_odds", "units", "slopes"]
        ),
    }
