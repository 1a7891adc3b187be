"""A suggested mapping, loaded from its file and applied."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from models.intake import Intake
from models.mapping import Mapped, Mapping
from models.mapping_file import MappingFile
from models.money import Rates
from models.suggestion import suggestion

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def suggested(table: pl.DataFrame, folder: Path, name: str = "payments.csv") -> MappingFile:
    """Return the suggested mapping of a table, through its file."""
    path = folder / "suggested.yaml"
    path.write_text(suggestion(table, name, NOW), encoding="utf-8")
    return Mapping.load(path, b"key").file


def applied(mapping: MappingFile, table: pl.DataFrame) -> Mapped:
    """Read a table through a mapping."""
    loaded = Mapping(mapping, "suggested", b"key")
    intake = Intake(rates=Rates.none("EUR"), attributes=frozenset(loaded.attributes))
    return loaded.apply(table, intake=intake, now_ms=round(NOW.timestamp() * 1000))
