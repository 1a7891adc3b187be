"""What is audited: a table, and what the mapping made of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from models.labels import Labels
from models.mapping import Mapping
from models.rejection import Rejection
from models.transaction import Transactions
from training.source import Source
from training.truth import truth

FOREVER_MS = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class Subject:
    """`record` gives each transaction's row in `frame`; `labels` is None where there are none."""

    frame: pl.DataFrame
    transactions: Transactions
    record: npt.NDArray[np.int64]
    labels: Labels | None
    rejections: list[Rejection]
    mapping: Mapping

    @cached_property
    def fraud(self) -> npt.NDArray[np.bool_] | None:
        """Which payments all labels together call fraud, (n,)."""
        if self.labels is None:
            return None
        return truth(self.transactions.transaction_id, self.labels, known_by_ms=FOREVER_MS)

    @property
    def attribute_columns(self) -> frozenset[str]:
        """Columns of the table that the mapping makes model inputs as attributes."""
        sources = self.mapping.file.attributes.values()
        inputs = [source.column for source in sources if source.kind != "group"]
        return frozenset(column for column in inputs if column is not None)

    @staticmethod
    def of(source: Source, mapping: Mapping) -> "Subject":
        """Return what an audit looks at of a file that was read with this mapping."""
        return Subject(
            frame=source.frame,
            transactions=source.transactions,
            record=source.record,
            labels=source.labels,
            rejections=source.rejections,
            mapping=mapping,
        )
