"""Scoring: feature rows in, log-odds out, the same bits whatever the batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort

from models.errors import SchemaMismatch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What the score graph says of n rows; all float32.

    `log_odds` (n,) is calibrated: its sigmoid is the fraud probability. `anomaly` (n,) is
    higher the less a row looks like genuine behaviour. `reconstruction` (n, F) is the
    squared standardised error the autoencoder makes on each feature.
    """

    log_odds: NDArray[np.float32]
    anomaly: NDArray[np.float32]
    reconstruction: NDArray[np.float32]


def probability(log_odds: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the fraud probability, in float64: the logistic function of the log-odds."""
    return 1.0 / (1.0 + np.exp(-log_odds.astype(np.float64)))


def session(graph: bytes) -> Any:
    """Return an ONNX Runtime session that computes the same bits on every call.

    One thread inside an operator, operators one after the other.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


class Scorer:
    """The score graph of one bundle. Safe to call from several threads."""

    def __init__(self, bundle: Bundle) -> None:
        self._session = session(bundle.graph("score.onnx"))
        self._width = len(bundle.spec.features)
        self._tile = bundle.tile

    def score(self, features: NDArray[np.float32]) -> Scores:
        """Score rows (n, F) of the bundle's features, in natural units.

        The graph always sees whole tiles, padded with zeros: ONNX Runtime may choose another
        algorithm, and so another last bit, for another number of rows.
        """
        if features.dtype != np.float32 or features.shape[1:] != (self._width,):
            raise SchemaMismatch(
                expected=f"float32 (n, {self._width})",
                found=f"{features.dtype} {features.shape}",
                fix="select the bundle's columns with its feature spec",
            )
        n = len(features)
        log_odds = np.empty(n, np.float32)
        anomaly = np.empty(n, np.float32)
        reconstruction = np.empty((n, self._width), np.float32)
        for start in range(0, n, self._tile):
            rows = features[start : start + self._tile]
            size = len(rows)
            if size < self._tile:
                rows = np.vstack([rows, np.zeros((self._tile - size, self._width), np.float32)])
            part = slice(start, start + size)
            outputs = self._session.run(
                ["log_odds", "anomaly", "reconstruction"], {"features": rows}
            )
            log_odds[part] = outputs[0][:size]
            anomaly[part] = outputs[1][:size]
            reconstruction[part] = outputs[2][:size]
        return Scores(log_odds, anomaly, reconstruction)


def risk_score(log_odds: NDArray[np.float32], risk_edges: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return 0-999: how many of the bundle's 1,000 edges lie at or below the log-odds, less one."""
    place = np.searchsorted(risk_edges, log_odds, side="right") - 1
    return np.clip(place, 0, len(risk_edges) - 1).astype(np.int16)
