"""The graphs of a bundle that explanations are made with, run in whole tiles."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from models.bundle import FIRST_LAYER
from models.scorer import session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.bundle import Bundle

    Floats = NDArray[np.float32]


class Graph:
    """One graph of a bundle. Rows are padded to its tile, so that company changes no bit."""

    def __init__(self, body: bytes, tile: int) -> None:
        self._session = session(body)
        self._inputs = [one.name for one in self._session.get_inputs()]
        self._outputs = [one.name for one in self._session.get_outputs()]
        self.tile = tile

    def run(self, *inputs: Floats) -> list[Floats]:
        """Return every output for rows of all inputs, (n, ·) each."""
        n = len(inputs[0])
        if n == self.tile:
            return self._run(inputs)
        parts = [
            self._run([_padded(one[start : start + self.tile], self.tile) for one in inputs])
            for start in range(0, max(n, 1), self.tile)
        ]
        return [np.concatenate(column)[:n] for column in zip(*parts, strict=True)]

    def _run(self, inputs: Sequence[Floats]) -> list[Floats]:
        found: list[Floats] = self._session.run(
            self._outputs, dict(zip(self._inputs, inputs, strict=True))
        )
        return found


def _padded(rows: Floats, tile: int) -> Floats:
    if len(rows) == tile:
        return rows
    return np.concatenate([rows, np.zeros((tile - len(rows), rows.shape[1]), np.float32)])


def explanation_graph(bundle: Bundle, name: str, tile: int) -> Graph:
    """Return a graph of a bundle, verified. Raises BundleRefused."""
    return Graph(bundle.graph(name), tile)


def first_layer(bundle: Bundle) -> tuple[Floats, NDArray[np.int64]]:
    """Return the first layers' weights (E, U) and the feature of each encoded column, (E,)."""
    with np.load(io.BytesIO(bundle.graph(FIRST_LAYER)), allow_pickle=False) as kept:
        arrays: dict[str, Any] = dict(kept)
    return arrays["weights"], arrays["feature"]
