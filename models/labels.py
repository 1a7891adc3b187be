"""What is later learned about a transaction: on the wire and as columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta

if TYPE_CHECKING:
    from numpy.typing import NDArray

SOURCES = (
    "chargeback",
    "investigation",
    "customer_report",
    "issuer_advice",
    "disposition",
    "sample",
)
FRAUD_TYPES = ("third_party", "account_takeover", "first_party", "scam")


class Label(msgspec.Struct, frozen=True, omit_defaults=True):
    """One statement about one transaction: a record of `fraud-labels`.

    `known_at` is when Penumbra learned it, stamped by its ingest; it alone decides from
    when on a feature may use the label. `labelled_at` is when the outside world says so.
    """

    transaction_id: Annotated[str, Meta(min_length=1, max_length=64)]
    is_fraud: bool
    source: Literal[
        "chargeback", "investigation", "customer_report", "issuer_advice", "disposition", "sample"
    ]
    labelled_at: Annotated[str, Meta(min_length=16, max_length=40)]
    label_id: Annotated[str, Meta(min_length=1, max_length=128)]
    known_at: Annotated[str, Meta(min_length=16, max_length=40)] | None = None
    fraud_type: Literal["third_party", "account_takeover", "first_party", "scam"] | None = None
    supersedes: Annotated[str, Meta(min_length=1, max_length=128)] | None = None


class Watermark(msgspec.Struct, frozen=True):
    """A promise on `fraud-labels`: no later record has an earlier `known_at`."""

    watermark: Annotated[str, Meta(min_length=16, max_length=40)]


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """Columns of n labels. Times are UTC epoch milliseconds."""

    label_id: NDArray[np.object_]
    transaction_id: NDArray[np.object_]
    is_fraud: NDArray[np.bool_]
    source: NDArray[np.object_]
    fraud_type: NDArray[np.object_]
    labelled_ms: NDArray[np.int64]
    known_ms: NDArray[np.int64]
    supersedes: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.label_id)

    def take(self, rows: NDArray[Any] | slice) -> Labels:
        """Return the rows selected by a mask, an index array or a slice."""
        return Labels(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @staticmethod
    def none() -> Labels:
        """Return no labels."""
        nothing = np.empty(0, dtype=object)
        return Labels(
            label_id=nothing,
            transaction_id=nothing,
            is_fraud=np.empty(0, bool),
            source=nothing,
            fraud_type=nothing,
            labelled_ms=np.empty(0, np.int64),
            known_ms=np.empty(0, np.int64),
            supersedes=nothing,
        )
