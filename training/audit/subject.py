"""What is audited: a table, and what the mapping made of it."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from models.labels import Labels
from models.mapping import Mapping
from models.rejection import Rejection
from models.transaction import Transactions
from training.audit.weeks import Weeks, weeks_of
from training.config import WindowConfig
from training.source import Source
from training.truth import fraud_delays_ms, truth

FOREVER_MS = np.iinfo(np.int64).max
DAY_MS = 86_400_000
_MOST_DAYS = 3660


@dataclass(frozen=True, eq=False)
class Subject:
    """`record` gives each transaction's row in `frame`; `labels` is None where there are none.

    `windows` is how training would divide the time.
    """

    frame: pl.DataFrame
    transactions: Transactions
    record: npt.NDArray[np.int64]
    labels: Labels | None
    rejections: list[Rejection]
    mapping: Mapping
    windows: WindowConfig = field(default_factory=WindowConfig)

    @staticmethod
    def of(source: Source, mapping: Mapping, windows: WindowConfig | None = None) -> "Subject":
        """Return what an audit looks at of a file that was read with this mapping."""
        return Subject(
            frame=source.frame,
            transactions=source.transactions,
            record=source.record,
            labels=source.labels,
            rejections=source.rejections,
            mapping=mapping,
            windows=windows or WindowConfig(),
        )

    @cached_property
    def fraud(self) -> npt.NDArray[np.bool_] | None:
        """Which payments all labels together call fraud, (n,)."""
        if self.labels is None:
            return None
        return truth(self.transactions.transaction_id, self.labels, known_by_ms=FOREVER_MS)

    @cached_property
    def fraud_delays_ms(self) -> npt.NDArray[np.int64]:
        """How long after its payment each label of a fraud became known, (f,)."""
        if self.labels is None:
            return np.empty(0, np.int64)
        rows = self.transactions
        return fraud_delays_ms(rows.transaction_id, rows.occurred_ms, self.labels)

    @cached_property
    def ids(self) -> pl.Series:
        """The transaction ids, (n,)."""
        return pl.Series(self.transactions.transaction_id, dtype=pl.String)

    @cached_property
    def weeks(self) -> Weeks | None:
        """The whole weeks of the file; None where there are too few to compare."""
        return weeks_of(self.transactions.occurred_ms)

    def column(self, name: str) -> pl.Series:
        """Return a column of the table for the accepted payments, (n,)."""
        return self.frame[name].gather(self.record)


def by_day(
    occurred_ms: npt.NDArray[np.int64], rows: npt.NDArray[np.bool_] | None = None
) -> list[int]:
    """Return how many payments each day has, from the first on; of a mask's rows where given.

    Nothing where time spans more than ten years: such a time was misread.
    """
    days = occurred_ms // DAY_MS
    days = days - int(days.min())
    span = int(days.max()) + 1
    if span > _MOST_DAYS:
        return []
    counts = np.bincount(days if rows is None else days[rows], minlength=span)
    return [int(one) for one in counts]
