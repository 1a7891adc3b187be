"""What came of learning: a model that scores rows, and can be kept on disk to be measured."""

import json
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from models.bundle import RISK_LEVELS
from models.features import FeatureSpec
from training.bundle import as_json, as_npy, write_bundle
from training.evaluation.material import Matrix
from training.explanation_files import explanation_files
from training.export import export_network
from training.fitting import score
from training.networks import FraudNetwork

Scores = npt.NDArray[np.float64]
ABOUT = "about.json"


class Learned(Protocol):
    """A model that has learned."""

    def scores(self, features: Matrix) -> Mapping[str, Scores]:
        """Score rows (n, F): an array (n,) by the name of the row it makes in a table."""

    def keep(self, folder: Path) -> None:
        """Write the model as it would be served, and `about.json`: how to measure it."""


@dataclass(frozen=True, eq=False)
class Estimator:
    """A model with `predict_proba`; `trees` says by what its trees can be explained."""

    name: str
    model: Any
    trees: tuple[str, ...] = ()

    def scores(self, features: Matrix) -> Mapping[str, Scores]:
        """Probabilities, (n,)."""
        return {self.name: np.asarray(self.model.predict_proba(features)[:, 1], np.float64)}

    def keep(self, folder: Path) -> None:
        """Write the model as Python keeps it."""
        folder.mkdir(parents=True)
        (folder / "model.pickle").write_bytes(pickle.dumps(self.model))
        module = type(self.model).__module__
        (folder / ABOUT).write_text(
            json.dumps({"kind": "estimator", "module": module, "trees": list(self.trees)})
        )


@dataclass(frozen=True, eq=False)
class Network:
    """The network; `alone` names the row of its autoencoder's anomaly score."""

    name: str
    alone: str | None
    network: FraudNetwork
    spec: FeatureSpec
    tile: int
    background: Matrix

    def scores(self, features: Matrix) -> Mapping[str, Scores]:
        """Log-odds (n,), and how strange the autoencoder finds each row."""
        log_odds, anomaly = score(self.network, features)
        found = {self.name: log_odds.astype(np.float64)}
        return found | ({self.alone: anomaly.astype(np.float64)} if self.alone else {})

    def keep(self, folder: Path) -> None:
        """Write a bundle: what a worker loads, without what only reports need."""
        folder.mkdir(parents=True)
        export_network(self.network, folder / "score.onnx")
        graph = (folder / "score.onnx").read_bytes()
        (folder / "score.onnx").unlink()
        write_bundle(
            folder / "bundle",
            {
                "score.onnx": graph,
                **explanation_files(self.network, self.spec, self.background, seed=0),
                "background.npy": as_npy(self.background),
                "risk_edges.npy": as_npy(np.linspace(-10, 10, RISK_LEVELS, dtype=np.float32)),
                "reference.json": as_json({}),
            },
            name="measured",
            spec=self.spec,
            created_at=datetime.now(UTC),
            facts={"tile": self.tile, "threshold": 0.0},
        )
        (folder / ABOUT).write_text(json.dumps({"kind": "network"}))


@dataclass(frozen=True, eq=False)
class Prepared:
    """A regression with what prepares its features."""

    prepare: Callable[[Matrix], Matrix]
    model: Any

    def predict_proba(self, features: Matrix) -> Scores:
        """Probabilities of both classes, (n, 2)."""
        return np.asarray(self.model.predict_proba(self.prepare(features)), np.float64)
