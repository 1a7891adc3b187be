"""What becomes of each column of the table: the label, an input of the model, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from models.mapping_file import MappingFile, Source

Use = Literal["label", "kind", "input", "mapped", "ignored", "unmapped"]

INPUT_FIELDS = frozenset(
    {
        "occurred_at",
        "time_zone",
        "customer_id",
        "merchant_id",
        "amount",
        "currency",
        "billing_amount",
        "billing_currency",
        "type",
        "channel",
        "mcc",
        "country",
        "ip_country",
        "device_id",
        "latitude",
        "longitude",
        "authentication",
    }
)
"""Fields some feature is made from. Other fields are kept for people and never reach a model."""


@dataclass(frozen=True)
class ColumnUse:
    """`fields` are what a column is mapped to, inputs first; attributes by their names."""

    use: Use
    fields: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """Say what the column is for."""
        return {
            "label": "it is the label",
            "kind": "it tells what a fraud turned out to be, for figures; no model sees it",
            "input": f"it is a model input, as {' and '.join(self.fields)}",
            "mapped": f"it is mapped to {' and '.join(self.fields)}, which no feature reads",
            "ignored": "the mapping ignores it, so the model never sees it",
            "unmapped": "the mapping does not name it, so the model never sees it",
        }[self.use]


def column_uses(file: MappingFile, columns: Sequence[str]) -> dict[str, ColumnUse]:
    """Return what a mapping makes of each column of a table."""
    inputs: dict[str, list[str]] = {}
    others: dict[str, list[str]] = {}
    for name in type(file).model_fields:
        source = getattr(file, name)
        if isinstance(source, Source) and source.column is not None:
            (inputs if name in INPUT_FIELDS else others).setdefault(source.column, []).append(name)
    for name, attribute in file.attributes.items():
        if attribute.column is not None:
            (others if attribute.kind == "group" else inputs).setdefault(
                attribute.column, []
            ).append(f"attribute {name}")
    return {
        column: _use(file, column, inputs.get(column, []), others.get(column, []))
        for column in columns
    }


def _use(file: MappingFile, column: str, inputs: list[str], others: list[str]) -> ColumnUse:
    if inputs:
        return ColumnUse("input", tuple(inputs + others))
    if file.label is not None and file.label.column == column:
        return ColumnUse("label")
    if file.label is not None and file.label.kind is not None and file.label.kind.column == column:
        return ColumnUse("kind")
    if others:
        return ColumnUse("mapped", tuple(others))
    return ColumnUse("ignored" if column in file.ignore else "unmapped")
