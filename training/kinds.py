"""Kinds of fraud: what a fraud turned out to be, and which kinds a model finds.

A kind is known only afterwards. It never reaches a model; figures are told by it, nothing else.
"""

from collections.abc import Mapping as Table
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from models.errors import BadInput
from models.files import read_table
from models.labels import Labels
from models.mapping import Mapping
from training.metrics import flagged_at
from training.source import Source

KIND_COLUMNS = ("transaction_id", "typology")


@dataclass(frozen=True)
class KindFound:
    """Frauds of one kind: how many, and which share of them each way of flagging found."""

    kind: str
    frauds: int
    found: Table[str, float]


def kinds_of(source: Source, mapping: Mapping, file: Path | None) -> dict[str, str]:
    """Return the kind of each fraud whose kind is known, by transaction id.

    From `file` (columns transaction_id and typology), else the mapping's `label.kind`, else the
    labels' `fraud_type`. Raises BadInput when the file lacks a column.
    """
    if file is not None:
        return _read(file)
    named = mapping.fraud_kinds(source.frame)
    if named is not None:
        return _pairs(source.transactions.transaction_id, named[source.record])
    return _fraud_types(source.labels) if source.labels is not None else {}


def kind_column(ids: npt.NDArray[np.object_], kinds: Table[str, str]) -> npt.NDArray[np.str_]:
    """Return the kind of each payment, (n,), "" where there is none."""
    return np.array([kinds.get(name, "") for name in ids.tolist()], np.str_)


def found_by_kind(
    kind: npt.NDArray[np.str_],
    fraud: npt.NDArray[np.bool_],
    flagged: Table[str, npt.NDArray[np.bool_]],
) -> tuple[KindFound, ...]:
    """Return what each way of flagging, (n,) by its name, found of each kind, most frauds first.

    A payment counts with its kind only if it is held to be a fraud.
    """
    names, place, counts = np.unique(kind[fraud], return_inverse=True, return_counts=True)
    hits = {
        way: np.bincount(place, flags[fraud], minlength=len(names))
        for way, flags in flagged.items()
    }
    return tuple(
        KindFound(
            kind=str(names[at]),
            frauds=int(counts[at]),
            found={way: float(hit[at] / counts[at]) for way, hit in hits.items()},
        )
        for at in np.argsort(-counts, kind="stable")
        if names[at]
    )


def found_of_ids(
    ids: npt.NDArray[np.object_],
    kinds: Table[str, str],
    fraud: npt.NDArray[np.bool_],
    scores: npt.NDArray[np.floating],
    flagged: npt.NDArray[np.bool_],
) -> tuple[KindFound, ...]:
    """Return what a model found of each kind by its own flags and at 0.1 % false positives."""
    ways = {
        "at the threshold": flagged,
        "at 0.1 % false positives": flagged_at(scores, fraud, 0.001),
    }
    return found_by_kind(kind_column(ids, kinds), fraud, ways)


def _read(file: Path) -> dict[str, str]:
    frame = read_table(file)
    missing = [name for name in KIND_COLUMNS if name not in frame.columns]
    if missing:
        raise BadInput(f"{file}: a file of kinds needs the columns {', '.join(missing)}")
    ids, kinds = (frame[name].cast(pl.String).to_numpy() for name in KIND_COLUMNS)
    return _pairs(ids, kinds)


def _fraud_types(labels: Labels) -> dict[str, str]:
    rows = labels.is_fraud
    return _pairs(labels.transaction_id[rows], labels.fraud_type[rows])


def _pairs(ids: npt.NDArray[np.object_], kinds: npt.NDArray[np.object_]) -> dict[str, str]:
    pairs = zip(ids.tolist(), kinds.tolist(), strict=True)
    return {name: kind for name, kind in pairs if kind}
