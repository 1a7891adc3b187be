"""Times and amounts are suggested as their values are written."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from builders.suggested import NOW, applied, suggested

from models.suggestion import suggestion


@pytest.mark.parametrize(
    ("column", "values", "unit"),
    [
        ("amount", [12.5, 7.99, 100.0], "major"),
        ("amount_minor", [1250, 799, 10_000], "minor"),
        ("amount_cents", [1250.0, 799.0, 10_000.5], "minor"),
        ("amount", [1250, 799, 10_000], "minor"),
    ],
)
def test_units_of_amounts(column: str, values: list[float], unit: str, tmp_path: Path) -> None:
    """By the name, else by decimals."""
    table = pl.DataFrame({"occurred_at": ["2026-01-01T00:00:00Z"] * 3, column: values})
    assert suggested(table, tmp_path).amount.unit == unit


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (["2026-07-01T12:00:00+02:00"], {}),
        (["2026-07-01 12:00:00"], {"time_zone": "UTC"}),
        (["31.12.2025 23:59"], {"format": "%d.%m.%Y %H:%M", "time_zone": "UTC"}),
        (["12/31/2025 23:59:59"], {"format": "%m/%d/%Y %H:%M:%S", "time_zone": "UTC"}),
        (["2025-12-31"], {"format": "%Y-%m-%d", "time_zone": "UTC"}),
        ([20_251_231], {"format": "%Y%m%d", "time_zone": "UTC"}),
        ([1_767_225_600], {"unit": "seconds"}),
        ([1_767_225_600_000], {"unit": "milliseconds"}),
        ([0, 86_400], {"unit": "seconds", "since": "2000-01-03T00:00:00Z"}),
    ],
)
def test_times_are_read_as_they_are_written(
    values: list[Any], options: dict[str, str], tmp_path: Path
) -> None:
    """Text with and without an offset, numbers of every kind."""
    table = pl.DataFrame({"timestamp": values * 3, "amount": [1.5] * 3 * len(values)})
    found = suggested(table, tmp_path)
    told = {name: getattr(found.occurred_at, name) for name in ("unit", "since", "format")}
    told["time_zone"] = found.occurred_at.time_zone
    assert told == {"unit": "seconds", "since": None, "format": None, "time_zone": None} | options
    assert not applied(found, table).rejections


def test_a_day_that_could_be_a_month_is_called_a_guess() -> None:
    """01/02 is a day in February or in January."""
    table = pl.DataFrame({"date": ["01/02/2026 10:00:00"] * 3, "amount": [1.5] * 3})
    told = " ".join(suggestion(table, "a.csv", NOW).replace("#", "").split())
    assert "guess: text such as" in told
    assert "'%m/%d/%Y %H:%M:%S' would fit as well" in told
