"""One guess: which field a column is, how sure that is, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from models.suggestion.names import NEAR, name_score

Certainty = Literal["sure", "likely", "guess"]
_MOST_ROWS = 20_000


@dataclass(frozen=True)
class Guess:
    """`source` is what stands in the mapping behind `field`."""

    field: str
    source: Mapping[str, Any]
    certainty: Certainty
    why: str

    @property
    def column(self) -> str | None:
        """The column it takes; None for a constant or row numbers."""
        found = self.source.get("column")
        return None if found is None else str(found)


@dataclass(frozen=True, eq=False)
class Columns:
    """A table whose columns are still free to be something. `sample` is evenly spread rows."""

    name: str
    table: pl.DataFrame
    sample: pl.DataFrame

    @staticmethod
    def of(table: pl.DataFrame, name: str) -> "Columns":
        """Return all columns of a table."""
        step = max(1, -(-len(table) // _MOST_ROWS))
        return Columns(name, table, table.gather_every(step))

    def without(self, column: str | None) -> "Columns":
        """Return the columns that are left once one is taken."""
        if column is None:
            return self
        return Columns(self.name, self.table.drop(column), self.sample.drop(column))

    def named(self, field: str) -> list[tuple[pl.Series, Certainty]]:
        """Return the sampled columns whose names fit a field, best first."""
        scores = {one: name_score(field, one) for one in self.sample.columns}
        order = sorted((one for one in scores if scores[one] > 0), key=lambda one: -scores[one])
        return [(self.sample[one], "sure" if scores[one] > NEAR else "likely") for one in order]


def texts(column: pl.Series) -> list[str]:
    """Return the distinct values of a column as text, without empty ones."""
    values = column.cast(pl.String, strict=False).drop_nulls().unique(maintain_order=True)
    return [value for value in values.to_list() if value]


def missing_share(column: pl.Series) -> float:
    """Return the share of rows without a value."""
    empty = column.is_null()
    if column.dtype == pl.String:
        empty = empty | (column == "").fill_null(value=False)
    return float(np.mean(empty.to_numpy())) if len(column) else 1.0
