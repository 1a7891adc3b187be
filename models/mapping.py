"""Any table becomes transactions and labels: a mapping applied column by column."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from models.attributes import Attribute
from models.errors import MappingError
from models.intake import Intake, check
from models.labels import Labels
from models.mapping_columns import DAY_MS, Faults, Table
from models.mapping_file import LabelColumn, MappingFile, load_mapping_file
from models.mapping_nested import nested_columns
from models.rejection import Reason, Rejection
from models.transaction import CHANNELS, TYPES, Transactions, empty

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_COUNTRY = "^[A-Z]{2}$"


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """What a mapping made of a table. `record` gives each transaction's row in it.

    `labels` is None where the mapping names no label column.
    """

    transactions: Transactions
    record: NDArray[np.int64]
    labels: Labels | None
    rejections: list[Rejection]
    exempted: int = 0

    def of_rows(self, keep: NDArray[np.bool_]) -> Mapped:
        """Return what came of the table's rows marked `keep`, numbered as if alone."""
        place = np.cumsum(keep) - 1
        mine = np.flatnonzero(keep[self.record])
        return replace(
            self,
            transactions=self.transactions.take(mine),
            record=place[self.record[mine]],
            labels=None if self.labels is None else self.labels.take(mine),
            rejections=[
                replace(r, record=int(place[r.record])) for r in self.rejections if keep[r.record]
            ],
        )


class Mapping:
    """A loaded mapping. `tokenisation_key` keys the hashes of columns marked `tokenise`."""

    def __init__(self, file: MappingFile, name: str, tokenisation_key: bytes | None = None) -> None:
        self.file = file
        self.name = name
        self._key = tokenisation_key
        marked = [name for name, source in file.sources() if source.tokenise]
        if marked and not tokenisation_key:
            raise MappingError(
                f"mapping {name}, {marked[0]}: tokenise needs a key; set PENUMBRA_TOKENISATION_KEY"
            )

    @staticmethod
    def load(path: str | Path, tokenisation_key: bytes | None = None) -> Mapping:
        """Load a mapping file or a packaged mapping (handbook, ulb, canonical)."""
        return Mapping(load_mapping_file(path), str(path), tokenisation_key)

    @property
    def attributes(self) -> dict[str, str]:
        """Declared attributes and their kind: number, category or group."""
        return {name: column.kind for name, column in self.file.attributes.items()}

    def declared(self, rows: Transactions, most_levels: int = 32) -> tuple[Attribute, ...]:
        """Return the attributes a model may read: categories with their most frequent levels."""
        found = []
        for name, kind in self.attributes.items():
            if kind == "group":
                continue
            if kind == "number":
                found.append(Attribute(name, "number"))
                continue
            values = [str(v) for v in rows.attribute(name) if v is not None]
            levels, counts = np.unique(values, return_counts=True)
            top = levels[np.argsort(-counts, kind="stable")[:most_levels]]
            found.append(Attribute(name, "category", tuple(sorted(map(str, top)))))
        return tuple(found)

    def customer_keys(self, frame: pl.DataFrame) -> NDArray[np.object_] | None:
        """Return each row's customer as its topic is keyed: never tokenised. None without one."""
        source = self.file.customer_id
        if source is None:
            return None
        plain = source.model_copy(update={"tokenise": False})
        return Table(frame, self.name, self._key, Faults()).text("customer_id", plain)

    def fraud_kinds(self, frame: pl.DataFrame) -> NDArray[np.object_] | None:
        """Return what each row's fraud turned out to be, None where the mapping names no column."""
        kind = self.file.label.kind if self.file.label is not None else None
        table = Table(frame, self.name, self._key, Faults())
        return table.text("label.kind", kind) if table.has(kind) else None

    def apply(self, frame: pl.DataFrame, *, intake: Intake, now_ms: int) -> Mapped:
        """Turn a table's rows into transactions and labels; bad rows become rejections.

        Raises MappingError where the table lacks a column the mapping names, or a column is
        of a type that cannot be what it is mapped to.
        """
        self._require(frame)
        faults = Faults()
        try:
            rows = self._transactions(Table(frame, self.name, self._key, faults), intake)
        except pl.exceptions.PolarsError as error:
            told = " ".join(str(error).split())
            raise MappingError(f"mapping {self.name} does not fit the data: {told}") from None
        sound = np.ones(len(rows), bool)
        sound[list(faults.by_row)] = False
        record = np.flatnonzero(sound)
        if len(record) < len(rows):
            rows = rows.take(record)
        checked = check(rows, intake, now_ms)
        rejections = faults.rejections()
        if checked.rejections:
            rejections += [
                Rejection(int(record[r.record]), r.reason, r.error) for r in checked.rejections
            ]
            record, rows = record[checked.good], rows.take(checked.good)
        labels = self._labels(frame, rows, record)
        return Mapped(rows, record, labels, rejections, checked.exempted)

    def _transactions(self, table: Table, intake: Intake) -> Transactions:
        file = self.file
        columns = empty(len(table))
        for name in ("transaction_id", "customer_id", "merchant_id"):
            columns[name] = table.text(name, getattr(file, name))
        for name in ("original_transaction_id", "device_id", "billing_currency"):
            columns[name] = table.text(name, getattr(file, name))
        for name in ("country", "ip_country"):
            columns[name] = table.matching(name, getattr(file, name), _COUNTRY)
        columns["currency"] = table.text("currency", file.currency)
        zones = table.text("time_zone", file.time_zone)
        columns["occurred_ms"], columns["utc_offset_min"] = table.times(file.occurred_at, zones)
        columns["amount_minor"] = table.amounts(
            "amount", file.amount, columns["currency"], required=True
        )
        if file.billing_amount is not None and table.has(file.billing_amount):
            columns["billing_amount_minor"] = table.amounts(
                "billing_amount", file.billing_amount, columns["billing_currency"], required=False
            )
        columns["type"] = table.codes("type", file.type, TYPES, 0)
        columns["channel"] = table.codes("channel", file.channel, CHANNELS, -1)
        columns["mcc"] = table.mccs(file.mcc)
        columns["latitude"] = table.within("latitude", file.latitude, 90)
        columns["longitude"] = table.within("longitude", file.longitude, 180)
        columns |= nested_columns(table, file)
        for name in ("transaction_id", "currency", "customer_id", "merchant_id"):
            if getattr(file, name) is not None:
                missing = columns[name] == None  # noqa: E711 - elementwise
                table.faults.note(missing, Reason.INVALID_FIELD, f"{name} is missing")
        columns["reporting_minor"] = intake.rates.reporting_minor(
            columns["amount_minor"],
            columns["currency"],
            columns["billing_amount_minor"],
            columns["billing_currency"],
            columns["occurred_ms"],
        )
        return Transactions(**columns)

    def _labels(
        self, frame: pl.DataFrame, rows: Transactions, record: NDArray[np.int64]
    ) -> Labels | None:
        label = self.file.label
        if label is None or label.column not in frame.columns:
            return None
        known = rows.occurred_ms + int(label.delay_days * DAY_MS)
        nothing = np.full(len(rows), None, dtype=object)
        return Labels(
            label_id=rows.transaction_id,
            transaction_id=rows.transaction_id,
            is_fraud=_is_fraud(frame[label.column], label)[record],
            source=np.full(len(rows), label.source, dtype=object),
            fraud_type=nothing,
            labelled_ms=known,
            known_ms=known,
            supersedes=nothing,
        )

    def _require(self, frame: pl.DataFrame) -> None:
        for name, source in self.file.sources():
            if source.column and not source.optional and source.column not in frame.columns:
                raise MappingError(
                    f"mapping {self.name}, {name}: the data has no column {source.column!r}; "
                    f"it has {', '.join(frame.columns[:12])}"
                )


def _is_fraud(series: pl.Series, label: LabelColumn) -> NDArray[np.bool_]:
    """Return which rows hold one of the label's fraud values; 1.0 counts as 1."""
    if series.dtype.is_float():
        whole = series.cast(pl.Int64, strict=False)
        if (whole.cast(series.dtype) == series).all():
            series = whole
    found = series.cast(pl.String).is_in(list(label.fraud_values))
    return found.fill_null(value=False).to_numpy().astype(bool)
