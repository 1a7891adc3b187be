"""What few transactions have, from a table: details, outcome, the legacy system's decision."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import polars as pl

from models.mapping_columns import floats
from models.rejection import Reason
from models.transaction import LEGACY_DECISIONS, OUTCOMES, LegacyDecision, Outcome, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from models.mapping_columns import Table
    from models.mapping_file import AttributeColumn, MappingFile, Source

_PLAIN = ("entry_mode", "time_zone", "account_id", "card_token", "terminal_id", "beneficiary_id")
_OUTCOME_CODE = {name: code for code, name in enumerate(OUTCOMES)}


def nested_columns(table: Table, file: MappingFile) -> dict[str, NDArray[Any]]:
    """Return the columns authenticated, outcome, legacy and details, as far as mapped."""
    columns: dict[str, NDArray[Any]] = {}
    details: dict[str, list[Any]] = {}
    for name in _PLAIN:
        source = getattr(file, name)
        if table.has(source):
            details[name] = table.text(name, source).tolist()
    if file.authentication is not None and table.has(file.authentication):
        found = _objects(table, "authentication", file.authentication, _authentication)
        details["authentication"] = found
        columns["authenticated"] = np.array([_authenticated(value) for value in found], np.int8)
    if file.outcome is not None and table.has(file.outcome):
        found = _objects(table, "outcome", file.outcome, _outcome)
        status = [-1 if value is None else _OUTCOME_CODE[value["status"]] for value in found]
        columns["outcome"] = np.array(status, np.int8)
        details["response_code"] = [value and value.get("response_code") for value in found]
    if file.legacy is not None and table.has(file.legacy):
        columns["legacy"] = text(_objects(table, "legacy", file.legacy, _legacy))
    if file.attributes:
        given = {name: _attribute(table, name, file.attributes[name]) for name in file.attributes}
        details["attributes"] = _rows_of(given)
    if details:
        columns["details"] = text(_rows_of(details))
    return columns


def _rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any] | None]:
    """Return a dict for each row of what it has, None where it has nothing."""
    names = tuple(columns)
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None} or None
        for row in zip(*columns.values(), strict=True)
    ]


def _objects(table: Table, name: str, source: Source, convert: Callable[[Any], Any]) -> list[Any]:
    """Return what `convert` makes of each value, None where it is missing or at fault."""
    series = table.series(source)
    parse = source.json_text and series.dtype == pl.String
    found: list[Any] = []
    wrong: dict[int, str] = {}
    for row, value in enumerate(series):
        made = None
        if value is not None and value != "":
            try:
                made = convert(msgspec.json.decode(value) if parse else value)
            except (msgspec.DecodeError, ValueError, TypeError, RecursionError) as error:
                wrong[row] = f"{name} {value!r} is not understood: {error}"
        found.append(made)
    for row, told in wrong.items():
        table.faults.by_row.setdefault(row, (Reason.INVALID_FIELD, told))
    return found


def _authentication(value: Any) -> dict[str, Any]:
    return msgspec.convert(value, dict[str, str | None])


def _authenticated(value: dict[str, Any] | None) -> int:
    result = None if value is None else value.get("result")
    return -1 if result is None else int(result == "success")


def _outcome(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value = {"status": value}
    found: dict[str, Any] = msgspec.to_builtins(msgspec.convert(value, Outcome))
    return found


def _legacy(value: Any) -> LegacyDecision:
    if isinstance(value, str) and value in LEGACY_DECISIONS:
        value = {"decision": value}
    return msgspec.convert(value, LegacyDecision)


def _attribute(table: Table, name: str, source: AttributeColumn) -> list[Any]:
    if not table.has(source):
        return [None] * len(table)
    if source.kind == "number":
        values = floats(table.series(source))
        return [value if math.isfinite(value) else None for value in values.tolist()]
    return list(table.text(f"attributes.{name}", source))
