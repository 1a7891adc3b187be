"""The paired ledger as columns: what legacy said, what the shadow said and what was true."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from models.labels import SOURCES

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNKNOWN = -1
"""A legacy decision, an amount, a truth or a source that nobody knows."""
BLIND = "blind_disposition"
LABEL_SOURCES = (*SOURCES, BLIND)
"""What `source` codes count through: the sources of labels, and last the dispositions of
analysts who could not see which system had flagged."""


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """n scored payments, one row each, in any order.

    `customer` are codes; each missing customer has a code of its own, since payments of one
    customer are taken to depend on each other. `amount` is in minor units of the reporting
    currency. `legacy` is 1 where the legacy decision counts as calling fraud, by the setting
    `legacy_positive`; `declined` where it was a decline, obeyed or not: such a payment gets no
    label by itself. `held_out` are customers drawn at random whose declines are not obeyed.
    `truth` is 1 for fraud, 0 for genuine, by a label; `mature` payments are old enough that a
    label would have come, so without one they are genuine if they went through. `presence` is
    how many payments a row stands for, `weight` how many whose truth it tells: the inverse of the
    probability with which the row, and its truth, came to be known.
    """

    occurred_ms: NDArray[np.int64]
    customer: NDArray[np.int64]
    amount: NDArray[np.int64]
    legacy: NDArray[np.int8]
    declined: NDArray[np.bool_]
    held_out: NDArray[np.bool_]
    flagged: NDArray[np.bool_]
    log_odds: NDArray[np.float64]
    truth: NDArray[np.int8]
    mature: NDArray[np.bool_]
    source: NDArray[np.int8]
    presence: NDArray[np.float64]
    weight: NDArray[np.float64]

    def __post_init__(self) -> None:
        lengths = {f.name: len(getattr(self, f.name)) for f in fields(self)}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns of paired rows must be equally long, not {lengths}")

    def __len__(self) -> int:
        return len(self.occurred_ms)

    def take(self, rows: NDArray[Any] | slice) -> Self:
        """Return the rows selected by a mask, an index array or a slice."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def between(self, begin_ms: int, end_ms: int) -> Self:
        """Return the rows that occurred from `begin_ms` on and before `end_ms`."""
        return self.take((self.occurred_ms >= begin_ms) & (self.occurred_ms < end_ms))

    def at_threshold(self, log_odds: float) -> Self:
        """Return the same rows as a shadow with another threshold would have flagged them."""
        return replace(self, flagged=self.log_odds >= log_odds)

    def settled(self) -> NDArray[np.int8]:
        """Return the truth (n,) once absent labels are read: 1 fraud, 0 genuine, -1 not known.

        A mature payment without a label is genuine, unless legacy declined it and its customer
        was not held out: then no label could come, and its absence says nothing.
        """
        went_through = ~self.declined | self.held_out
        genuine = (self.truth == UNKNOWN) & self.mature & went_through
        return np.where(genuine, 0, self.truth).astype(np.int8)


def paired(
    *,
    occurred_ms: NDArray[np.int64],
    customer: NDArray[np.int64],
    amount: NDArray[np.int64],
    legacy: NDArray[Any],
    flagged: NDArray[np.bool_],
    truth: NDArray[Any],
    log_odds: NDArray[Any] | None = None,
    declined: NDArray[np.bool_] | None = None,
    held_out: NDArray[np.bool_] | None = None,
    mature: NDArray[np.bool_] | None = None,
    source: NDArray[Any] | None = None,
    weight: NDArray[np.float64] | None = None,
) -> Paired:
    """Return paired rows, columns that are not given being what asks least of the reader.

    Nothing declined, nobody held out, everything mature, no source, weight 1; log-odds NaN.
    """
    n = len(occurred_ms)

    def column(given: NDArray[Any] | None, default: float, kind: Any) -> NDArray[Any]:
        return np.full(n, default, kind) if given is None else np.asarray(given, kind)

    return Paired(
        occurred_ms=np.asarray(occurred_ms, np.int64),
        customer=np.asarray(customer, np.int64),
        amount=np.asarray(amount, np.int64),
        legacy=np.asarray(legacy, np.int8),
        declined=column(declined, 0, bool),
        held_out=column(held_out, 0, bool),
        flagged=np.asarray(flagged, bool),
        log_odds=column(log_odds, np.nan, np.float64),
        truth=np.asarray(truth, np.int8),
        mature=column(mature, 1, bool),
        source=column(source, UNKNOWN, np.int8),
        presence=column(weight, 1.0, np.float64),
        weight=column(weight, 1.0, np.float64),
    )
