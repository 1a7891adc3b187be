"""From the trained network to an ONNX graph, and the proof that both answer the same."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import nn

from models.scorer import session
from training.errors import ParityRefused
from training.metrics import sigmoid
from training.networks import FraudNetwork

OUTPUTS = ("log_odds", "anomaly", "reconstruction")
OPSET = 20

MAX_PROBABILITY_DIFFERENCE = 1e-5
MAX_LOG_ODDS_DIFFERENCE = 1e-4

ALLOWED_OPERATORS = frozenset(
    {
        *("Gemm", "MatMul"),
        *("Add", "Sub", "Mul", "Div", "Reciprocal", "Neg", "Sign", "Abs", "Log"),
        *("Where", "Less", "Max", "Min", "Clip"),
        *("Relu", "Tanh", "Sigmoid", "Erf"),
        *("Concat", "Split", "Gather", "Squeeze", "Reshape", "Transpose", "Identity"),
    }
)
"""Affine maps, elementwise functions and moves of columns: nothing that mixes rows, and nothing
whose result in ONNX Runtime was seen to depend on the batch (Softplus, Elu, reductions)."""


@dataclass(frozen=True)
class Parity:
    """Largest differences between torch and ONNX Runtime over the rows compared."""

    rows: int
    probability: float
    log_odds: float


def export_network(network: FraudNetwork, path: Path) -> None:
    """Write the score graph: `features` (n, F) → `log_odds` (n,), `anomaly`, `reconstruction`.

    Raises ParityRefused when an operator outside ALLOWED_OPERATORS got into the graph.
    """
    features = len(network.preprocessing.centre)
    path.write_bytes(export_graph(network, {"features": features}, OUTPUTS))


def export_graph(module: nn.Module, inputs: Mapping[str, int], outputs: Sequence[str]) -> bytes:
    """Return the ONNX graph of a module that reads matrices (n, width), in this order.

    Raises ParityRefused when an operator outside ALLOWED_OPERATORS got into the graph.
    """
    rows = torch.export.Dim("n", min=2, max=1 << 20)
    with _quietly():
        program = torch.onnx.export(
            module.eval(),
            tuple(torch.zeros((4, width)) for width in inputs.values()),
            dynamo=True,
            optimize=True,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes=tuple({0: rows} for _ in inputs),
            verbose=False,
        )
    if program is None:  # pragma: no cover - only without dynamo
        raise ParityRefused("torch.onnx returned no program; check the torch version")
    model = program.model_proto
    del model.metadata_props[:]
    for node in model.graph.node:  # traces name source files: no part of the artefact
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        del value.metadata_props[:]
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
    strangers = {node.op_type for node in model.graph.node} - ALLOWED_OPERATORS
    if strangers:
        raise ParityRefused(
            f"the exported graph has operators {sorted(strangers)}, whose results may depend "
            "on the batch; build the network from the modules of training/networks"
        )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString(deterministic=True))


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep the exporter's remarks about packages nobody asked for off the terminal."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        logger.setLevel(level)


def run_graph(
    graph: Any, features: npt.NDArray[np.float32], tile: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Log-odds (n,), anomaly (n,) and reconstruction (n, F), in tiles padded with zeros."""
    rows = len(features)
    padded = np.zeros((-(-rows // tile) * tile, features.shape[1]), np.float32)
    padded[:rows] = features
    parts = [
        graph.run(list(OUTPUTS), {"features": padded[start : start + tile]})
        for start in range(0, len(padded), tile)
    ]
    log_odds, anomaly, errors = (np.concatenate(column) for column in zip(*parts, strict=True))
    return log_odds[:rows], anomaly[:rows], errors[:rows]


def check_parity(
    network: FraudNetwork, path: Path, features: npt.NDArray[np.float32], tile: int
) -> Parity:
    """Compare torch and ONNX on raw rows, (n, F). Raises ParityRefused beyond the contract."""
    found = run_graph(session(path.read_bytes()), features, tile)[0].astype(np.float64)
    with torch.no_grad():
        expected = network(torch.from_numpy(features))[0].numpy().astype(np.float64)
    parity = Parity(
        rows=len(features),
        probability=float(np.abs(sigmoid(found) - sigmoid(expected)).max()),
        log_odds=float(np.abs(found - expected).max()),
    )
    if not (
        parity.probability <= MAX_PROBABILITY_DIFFERENCE
        and parity.log_odds <= MAX_LOG_ODDS_DIFFERENCE
    ):
        raise ParityRefused(
            f"torch and ONNX differ by {parity.probability:.2e} in probability and "
            f"{parity.log_odds:.2e} in log-odds (allowed: {MAX_PROBABILITY_DIFFERENCE:.0e}, "
            f"{MAX_LOG_ODDS_DIFFERENCE:.0e}); no bundle was written: report the configuration"
        )
    return parity
