"""A bundle for the tests: small, real, made without training."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models.bundle import FORMAT, RISK_LEVELS, bundle_id
from models.catalogue import KERNEL_VERSION
from models.features import FeatureSpec

NAMES = ("amount", "amount_known", "count_1h", "merchant_frauds_7d", "night")


def affine_graph(weights: NDArray[np.float32], bias: float) -> bytes:
    """Return a score graph whose log-odds are affine in the features."""
    constants = {
        "weights": weights.reshape(len(weights), 1).astype(np.float32),
        "bias": np.array([bias], np.float32),
    }
    nodes = [("Gemm", ["features", "weights", "bias"], ["log_odds_column"])]
    return _graph(nodes, constants, len(weights))


def product_graph(features: int) -> bytes:
    """Return a score graph of log-odds = first feature x second + third."""
    picks = np.eye(features, 3, dtype=np.float32)
    constants = {f"pick{k}": picks[:, k : k + 1] for k in range(3)}
    nodes = [("MatMul", ["features", f"pick{k}"], [f"x{k}"]) for k in range(3)]
    nodes += [("Mul", ["x0", "x1"], ["product"]), ("Add", ["product", "x2"], ["log_odds_column"])]
    return _graph(nodes, constants, features)


def _graph(
    nodes: list[tuple[str, list[str], list[str]]],
    constants: dict[str, NDArray[Any]],
    features: int,
) -> bytes:
    """Return a score graph out of nodes that make `log_odds_column` (n, 1).

    The anomaly is the sigmoid of the log-odds, the reconstruction error of each feature its
    square over a million.
    """
    onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install .[training]")
    helper, number = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        *nodes,
        ("Reshape", ["log_odds_column", "flat"], ["log_odds"]),
        ("Sigmoid", ["log_odds"], ["anomaly"]),
        ("Mul", ["features", "features"], ["squares"]),
        ("Mul", ["squares", "millionth"], ["reconstruction"]),
    ]
    constants = constants | {
        "flat": np.array([-1], np.int64),
        "millionth": np.array(1e-6, np.float32),
    }
    graph = helper.make_graph(
        [helper.make_node(*node) for node in nodes],
        "score",
        [helper.make_tensor_value_info("features", number, ["n", features])],
        [
            helper.make_tensor_value_info("log_odds", number, ["n"]),
            helper.make_tensor_value_info("anomaly", number, ["n"]),
            helper.make_tensor_value_info("reconstruction", number, ["n", features]),
        ],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def make_bundle(
    path: Path,
    *,
    names: Sequence[str] = NAMES,
    threshold: float = 2.0,
    weights: Sequence[float] | None = None,
    background: NDArray[np.float32] | None = None,
    graph: bytes | None = None,
    files: Mapping[str, bytes] | None = None,
    name: str = "tiny",
    **changed: Any,
) -> Path:
    """Write a bundle over these features and return its path.

    Without `weights` the features pull alternately up and down, less and less. `files` are put in
    beside the others. `changed` replaces entries of the manifest, which is sealed with them inside.
    """
    spec = FeatureSpec.of(names)
    f = len(spec.features)
    pull = np.array([0.5 * (-0.8) ** k for k in range(f)] if weights is None else weights)
    if background is None:
        background = np.random.default_rng(5).gamma(2.0, 2.0, (20, f)).astype(np.float32)
    path.mkdir(parents=True)
    (path / "score.onnx").write_bytes(graph or affine_graph(pull.astype(np.float32), -1.0))
    np.save(path / "background.npy", background)
    np.save(path / "risk_edges.npy", np.linspace(-10, 10, RISK_LEVELS, dtype=np.float32))
    (path / "reference.json").write_text(json.dumps({"features": {}, "log_odds": {}}))
    (path / "report.json").write_text("{}")
    for file, body in (files or {}).items():
        (path / file).write_bytes(body)
    entries = {
        file.name: {
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "bytes": file.stat().st_size,
        }
        for file in sorted(path.iterdir())
    }
    manifest = {
        "format": FORMAT,
        "name": name,
        "bundle_id": bundle_id(name, entries),
        "created_at": "2026-01-01T00:00:00Z",
        "code_version": "test",
        "kernel_version": KERNEL_VERSION,
        "feature_spec": spec.to_json(),
        "tile": 16,
        "threshold": threshold,
        "alert_rate": 0.01,
        "base_rate": 0.008,
        "data": {"rows": 1000, "frauds": 8},
        "config": {},
        "seed": 1,
        "metrics": {},
        "files": entries,
    }
    seal(path, manifest | changed)
    return path


def seal(path: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest, and DONE for it."""
    body = json.dumps(manifest, sort_keys=True).encode()
    (path / "manifest.json").write_bytes(body)
    (path / "DONE").write_text(hashlib.sha256(body).hexdigest())


@pytest.fixture
def tiny_bundle(tmp_path: Path) -> Path:
    """Give the path of a bundle over five features."""
    return make_bundle(tmp_path / "tiny")
