"""The mapping file: which column of somebody's data is which field of the contract."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from models.errors import MappingError
from models.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGED = ("handbook", "ulb", "canonical")


class _Loader(yaml.SafeLoader):
    """Reads yes, no, on and off as the words they are: labels and Norway are written so."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, what) for tag, what in found if not tag.endswith(":bool") or first in "tTfF"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Part):
    """Where a field comes from: one of `column`, `constant` or `row_number`.

    `values` translates (any value it does not name stays as it is); `json` says the column
    holds JSON text; `optional` lets the column be absent; `tokenise` replaces each value by a
    keyed hash before anything is stored.
    """

    column: str | None = None
    constant: str | float | None = None
    row_number: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    json_text: bool = Field(default=False, alias="json")
    optional: bool = False
    tokenise: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Source:
        given = [self.column, self.constant, self.row_number]
        if sum(value is not None for value in given) != 1:
            raise ValueError("give exactly one of column, constant, row_number")
        return self


class Amount(Source):
    """An amount in minor units (cents) or major units (euros)."""

    unit: Literal["major", "minor"] = "minor"


class Time(Source):
    """A time: RFC 3339 text, a file's date type, or a number of units since an instant.

    `format` reads other text (strftime); `time_zone` is the zone of times without an offset,
    and makes their local hour known.
    """

    unit: Literal["milliseconds", "seconds", "minutes", "hours", "days"] = "seconds"
    since: str | None = None
    format: str | None = None
    time_zone: str | None = None

    @model_validator(mode="after")
    def _instant(self) -> Time:
        if self.since is not None and parse_instant(self.since) is None:
            raise ValueError(f"since: {self.since!r} is not an RFC 3339 instant with an offset")
        return self


class LabelColumn(_Part):
    """A column that tells frauds, known `delay_days` after the payment.

    `kind` says what a fraud turned out to be. It is known only afterwards: figures are told by
    it, no other field may come from its column, and a file may lack it.
    """

    column: str
    fraud_values: tuple[str, ...] = ("1", "true", "True")
    delay_days: float = Field(ge=0)
    source: Literal["chargeback", "investigation", "customer_report", "issuer_advice"] = (
        "chargeback"
    )
    kind: Source | None = None

    @field_validator("fraud_values", mode="before")
    @classmethod
    def _as_text(cls, values: Any) -> Any:
        """Take 1 and true without quotes."""
        if not isinstance(values, list):
            return values
        return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]


class AttributeColumn(Source):
    """An extra column: a number or a category the model may use, or a group.

    A group is what reports are told by, an age band for instance, and never a model input.
    """

    kind: Literal["number", "category", "group"]


class MappingFile(_Part):
    """All of a mapping. Fields left out are missing in every transaction."""

    transaction_id: Source
    occurred_at: Time
    customer_id: Source | None = None
    merchant_id: Source | None = None
    amount: Amount
    currency: Source
    type: Source | None = None
    original_transaction_id: Source | None = None
    billing_amount: Amount | None = None
    billing_currency: Source | None = None
    channel: Source | None = None
    entry_mode: Source | None = None
    mcc: Source | None = None
    country: Source | None = None
    time_zone: Source | None = None
    device_id: Source | None = None
    ip_country: Source | None = None
    latitude: Source | None = None
    longitude: Source | None = None
    account_id: Source | None = None
    card_token: Source | None = None
    terminal_id: Source | None = None
    beneficiary_id: Source | None = None
    outcome: Source | None = None
    authentication: Source | None = None
    legacy: Source | None = None
    label: LabelColumn | None = None
    attributes: dict[str, AttributeColumn] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known_afterwards(self) -> MappingFile:
        kind = None if self.label is None else self.label.kind
        for name, source in self.sources():
            if kind is not None and source.column is not None and source.column == kind.column:
                raise ValueError(
                    f"{name} comes from {kind.column!r}, the kind of fraud, which is known only "
                    "afterwards: take one of the two out"
                )
        return self

    def sources(self) -> Iterator[tuple[str, Source]]:
        """Yield every field of a transaction that comes from somewhere, attributes dotted."""
        for name in type(self).model_fields:
            found = getattr(self, name)
            if isinstance(found, Source):
                yield name, found
        for name, column in self.attributes.items():
            yield f"attributes.{name}", column


def load_mapping_file(path: str | Path) -> MappingFile:
    """Read a mapping by path, or a packaged one by name. Raises MappingError, one line."""
    if str(path) in PACKAGED:
        body = (resources.files("models") / "mappings" / f"{path}.yaml").read_text()
    else:
        file = Path(path)
        if not file.is_file():
            raise MappingError(
                f"mapping {path}: no such file; name a YAML file or one of {', '.join(PACKAGED)}"
            )
        body = file.read_text()
    try:
        data = yaml.load(body, _Loader)  # noqa: S506 - a SafeLoader that knows fewer words
    except yaml.YAMLError as error:
        where = " ".join(str(error).split())
        raise MappingError(f"mapping {path} is not YAML: {where}") from None
    if not isinstance(data, dict):
        raise MappingError(f"mapping {path}: expected fields and where they come from")
    try:
        return MappingFile.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        told = first["msg"]
        if first["type"] == "missing":
            told = "not given; name a column, or one value for all as in {constant: EUR}"
        raise MappingError(f"mapping {path}, {where or 'top'}: {told}") from None
