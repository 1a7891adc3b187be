"""Reading a file of payments, its labels, and putting both through the mapping."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from models.attributes import Attribute
from models.errors import BadInput
from models.files import read_labels, read_table
from models.intake import Intake
from models.labels import Labels
from models.mapping import Mapping
from models.rejection import Rejection
from models.transaction import Transactions

_HASH_CHUNK_BYTES = 1 << 20
_VALUES_NAMED = 5


@dataclass(frozen=True, eq=False)
class Source:
    """What a file held, in file order: accepted payments, labels if any, and what was refused.

    `record` gives each payment's row in `frame`.
    """

    path: Path
    frame: pl.DataFrame
    transactions: Transactions
    record: npt.NDArray[np.int64]
    labels: Labels | None
    rejections: list[Rejection]
    attributes: tuple[Attribute, ...]
    sha256: str


def read_source(
    data: Path, *, mapping: Mapping, labels: Path | None, intake: Intake, now_ms: int
) -> Source:
    """Read payments, and labels from their own file or the mapping's label column.

    Raises BadInput, one line, when no row is accepted.
    """
    frame = read_table(data)
    mapped = mapping.apply(frame, intake=intake, now_ms=now_ms)
    if not len(mapped.transactions):
        raise BadInput(
            f"{data}: none of {len(frame)} rows is accepted; {_first(mapped.rejections)}"
        )
    return Source(
        path=data,
        frame=frame,
        transactions=mapped.transactions,
        record=mapped.record,
        labels=mapped.labels if labels is None else read_labels(labels),
        rejections=mapped.rejections,
        attributes=mapping.declared(mapped.transactions),
        sha256=file_sha256(data),
    )


def before(source: Source, until: datetime | None) -> Source:
    """Leave out payments from `until` on, as if the file ended there."""
    if until is None:
        return source
    kept = source.transactions.occurred_ms < round(until.timestamp() * 1000)
    if kept.all():
        return source
    if not kept.any():
        raise BadInput(f"{source.path}: no payment lies before windows.until {until.isoformat()}")
    return replace(source, transactions=source.transactions.take(kept), record=source.record[kept])


def labels_of(source: Source, mapping: Mapping) -> Labels:
    """Labels of a source: they are what is learned from.

    Raises BadInput when there are none, or when none tells a fraud.
    """
    if source.labels is None or not len(source.labels):
        raise BadInput(
            f"{source.path}: no labels; give --labels FILE, or a mapping with a `label` column"
        )
    label = mapping.file.label
    if not source.labels.is_fraud.any() and label is not None and label.column in source.frame:
        held = source.frame[label.column].cast(pl.String).value_counts(sort=True)[label.column]
        raise BadInput(
            f"{source.path}: no value of column {label.column!r} tells a fraud: it holds "
            f"{', '.join(map(str, held[:_VALUES_NAMED]))}, the mapping's label.fraud_values are "
            f"{', '.join(label.fraud_values)}; name those that do"
        )
    return source.labels


def file_sha256(path: Path) -> str:
    """Digest of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _first(rejections: list[Rejection]) -> str:
    if not rejections:
        return "the file is empty"
    return f"the first was refused because {rejections[0].error}"
