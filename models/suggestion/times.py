"""Which column says when a payment happened, and how it is written."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models.column_names import words
from models.errors import BadInput
from models.instants import NAIVE, VALID, parse_instants
from models.suggestion.guess import Certainty, Columns, Guess
from models.suggestion.names import NEAR, name_score

_NEARLY_ALL = 0.99
# Day first before month first: where both fit, Europe's way is taken and the comment says so.
_FORMATS = tuple(
    date + time
    for time in (" %H:%M:%S", " %H:%M", "T%H:%M", " %I:%M:%S %p", " %I:%M %p", "")
    for date in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%Y-%m-%d")
)
_NUMBER_FORMATS = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
_EPOCHS = {"seconds": (5e8, 4.1e9), "milliseconds": (5e11, 4.1e12)}
_UNIT_WORDS = {
    "seconds": {"second", "seconds", "sec", "secs", "s"},
    "milliseconds": {"ms", "millis", "milliseconds"},
    "minutes": {"minute", "minutes", "min"},
    "hours": {"hour", "hours", "step"},
    "days": {"day", "days"},
}
_SINCE = "2000-01-03T00:00:00Z"
_NO_ZONE = "they carry no offset: UTC is assumed, put the zone they were written in"


@dataclass(frozen=True)
class _Reading:
    options: dict[str, Any]
    certainty: Certainty
    why: str
    evident: bool  # whether the values alone show that these are times


def time_guess(columns: Columns) -> Guess:
    """Return the column of the payment's time. Raises BadInput where there is none."""
    found = []
    for column in columns.sample.iter_columns():
        reading = _read(column)
        score = name_score("occurred_at", column.name)
        if reading is not None and (score or reading.evident):
            found.append((score, column.name, reading))
    if not found:
        raise BadInput(
            f"{columns.name}: no column looks like the time of a payment; its columns are "
            f"{', '.join(columns.sample.columns[:12])}; write `occurred_at` by hand, see "
            "docs/payment-systems.md"
        )
    score, name, reading = max(found, key=lambda one: one[0])
    certainty = reading.certainty
    if score <= NEAR and certainty == "sure":
        certainty = "likely"
    return Guess("occurred_at", {"column": name, **reading.options}, certainty, reading.why)


def _read(column: pl.Series) -> _Reading | None:
    values = column.drop_nulls()
    if not len(values):
        return None
    if isinstance(values.dtype, pl.Date | pl.Datetime):
        return _dates(values)
    if values.dtype == pl.String:
        return _text(values)
    return _number(values) if values.dtype.is_numeric() else None


def _dates(values: pl.Series) -> _Reading:
    zone = getattr(values.dtype, "time_zone", None)
    if zone is not None:
        return _Reading({"time_zone": zone}, "sure", f"times of the zone {zone}", evident=True)
    return _Reading({"time_zone": "UTC"}, "likely", f"dates; {_NO_ZONE}", evident=True)


def _text(values: pl.Series) -> _Reading | None:
    status = parse_instants(values.to_list())[2]
    if np.mean(status == VALID) >= _NEARLY_ALL:
        return _Reading({}, "sure", "RFC 3339 times with their offset", evident=True)
    if np.isin(status, (NAIVE, VALID)).mean() >= _NEARLY_ALL:
        return _Reading({"time_zone": "UTC"}, "likely", f"times; {_NO_ZONE}", evident=True)
    fitting = [form for form in _FORMATS if _fits(values, form)]
    if not fitting:
        return None
    why = f"text such as {values[0]!r}; {_NO_ZONE}"
    if "%H" not in fitting[0] and "%I" not in fitting[0]:
        why += "; there is no time of day, so all payments of a day come at midnight"
    certainty: Certainty = "likely"
    if len(fitting) > 1:
        certainty, why = "guess", why + f"; {fitting[1]!r} would fit as well"
    return _Reading({"format": fitting[0], "time_zone": "UTC"}, certainty, why, evident=True)


def _fits(values: pl.Series, form: str) -> bool:
    parsed = values.str.to_datetime(form, strict=False)
    return float(parsed.is_not_null().to_numpy().mean()) >= _NEARLY_ALL


def _number(values: pl.Series) -> _Reading | None:
    numbers = values.cast(pl.Float64).to_numpy()
    low, high = float(np.min(numbers)), float(np.max(numbers))
    if not np.isfinite(numbers).all() or low < 0:
        return None
    if values.dtype.is_integer():
        form = _NUMBER_FORMATS.get(len(f"{low:.0f}"))
        if form is not None and _fits(values.cast(pl.String), form):
            why = f"whole numbers such as {values[0]}; {_NO_ZONE}"
            return _Reading({"format": form, "time_zone": "UTC"}, "likely", why, evident=False)
    for unit, (least, most) in _EPOCHS.items():
        if least <= low and high <= most:
            why = f"{unit} since 1970; add time_zone if you know the local clock"
            return _Reading({"unit": unit}, "likely", why, evident=False)
    return _relative(values.name, high)


def _relative(name: str, high: float) -> _Reading | None:
    """Read numbers that count from a start nobody named."""
    parts = set(words(name))
    unit = next((unit for unit, known in _UNIT_WORDS.items() if parts & known), "seconds")
    if high <= 0:
        return None
    why = (
        f"numbers that count {unit} from a start the file does not name: a Monday in 2000 is "
        "assumed, and local hours stay unknown; put the real start in `since`, and a time_zone"
    )
    return _Reading({"unit": unit, "since": _SINCE}, "guess", why, evident=False)
