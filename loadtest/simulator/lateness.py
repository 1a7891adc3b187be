"""Late delivery: some transactions arrive minutes to days after they occurred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from loadtest.simulator import columns, frames
from loadtest.simulator.randomness import keyed, uniform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.simulator.config import SimulationConfig
    from loadtest.simulator.rows import Rows

_SHORTEST_MS, _LONGEST_MS = 60_000, 3 * 86_400_000
_DUE = "delivered_ms"


def delays(config: SimulationConfig, keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return by how many milliseconds each transaction is late: 0, or a minute to three days.

    Delays are log-uniform, and independent of everything else about the transaction.
    """
    late = uniform(keyed(config.seed, "late", keys)) < config.late_share
    u = uniform(keyed(config.seed, "late by", keys))
    long = _SHORTEST_MS * (_LONGEST_MS / _SHORTEST_MS) ** u
    return np.where(late, long, 0).astype(np.int64)


class Lateness:
    """Holds back the late share of what has occurred until it is delivered."""

    def __init__(self, config: SimulationConfig) -> None:
        self._config = config
        self._held: pl.DataFrame | None = None

    def deliver(self, table: pl.DataFrame, rows: Rows, until_ms: int) -> pl.DataFrame:
        """Return what is delivered before `until_ms`, in that order; `occurred_at` stays."""
        if not self._config.late_share:
            return table
        due = rows.occurred_ms + delays(self._config, rows.key)
        table = table.with_columns(pl.Series(_DUE, due))
        if self._held is not None:
            table = pl.concat([self._held, table])
        self._held = table.filter(pl.col(_DUE) >= until_ms)
        return table.filter(pl.col(_DUE) < until_ms).sort(_DUE, "transaction_id").drop(_DUE)

    def rest(self) -> pl.DataFrame:
        """Return what has not been delivered yet."""
        held, self._held = self._held, None
        if held is None:
            return columns.empty(frames.TRANSACTION_COLUMNS)
        return held.sort(_DUE, "transaction_id").drop(_DUE)
