"""Columns of a table as columns of transactions: text, numbers, times, amounts, codes.

Each reader takes a table and where a field comes from, and notes what is wrong in `Faults`,
row by row; it raises nothing for a bad value.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from models.errors import MappingError
from models.instants import NAIVE, VALID, parse_instant, parse_instants, zone_offsets
from models.money import EXPONENTS, MOST_MINOR
from models.rejection import Reason, Rejection
from models.transaction import UNKNOWN_OFFSET, text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.mapping_file import Amount, Source, Time

DAY_MS = 86_400_000
_UNIT_MS = {
    "milliseconds": 1,
    "seconds": 1000,
    "minutes": 60_000,
    "hours": 3_600_000,
    "days": DAY_MS,
}
_LATEST_MS = 253_402_300_799_999
_LONGEST = {"transaction_id": 64, "original_transaction_id": 64}
_LONGEST_ID = 128


@dataclass(slots=True)
class Faults:
    """What is wrong with which rows: the first fault found counts."""

    by_row: dict[int, tuple[Reason, str]] = field(default_factory=dict)

    def note(self, rows: NDArray[np.bool_], reason: Reason, error: str, values: Any = None) -> None:
        """Note the same fault in all rows of a mask; "{}" in it becomes the row's own value."""
        for row in np.flatnonzero(rows).tolist():
            told = error
            if values is not None:
                value = values[row]
                plain = value.item() if isinstance(value, np.generic) else value
                told = error.replace("{}", repr(plain))
            self.by_row.setdefault(row, (reason, told))

    def rejections(self) -> list[Rejection]:
        """Return them in order of row."""
        return [Rejection(row, *fault) for row, fault in sorted(self.by_row.items())]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table under a mapping of that name. `tokenisation_key` keys the hashes of `tokenise`."""

    frame: pl.DataFrame
    mapping: str
    tokenisation_key: bytes | None
    faults: Faults

    def __len__(self) -> int:
        return len(self.frame)

    def has(self, source: Source | None) -> bool:
        """Whether the source is given and, if it is a column, there."""
        if source is None:
            return False
        return source.column is None or source.column in self.frame.columns

    def series(self, source: Source) -> pl.Series:
        """Return the values a source gives to every row."""
        if source.column is not None:
            return self.frame[source.column]
        if source.row_number is not None:
            numbers = pl.int_range(len(self), eager=True).cast(pl.String)
            return (source.row_number + "-" + numbers).alias("row_number")
        return pl.select(pl.repeat(source.constant, len(self), eager=False)).to_series()

    def text(self, name: str, source: Source | None) -> NDArray[np.object_]:
        """Return text; empty text is missing, and so is a column that is not there."""
        if source is None or not self.has(source):
            return np.full(len(self), None, dtype=object)
        if source.constant is not None:
            return np.full(len(self), str(source.constant), dtype=object)
        series = self.series(source).cast(pl.String)
        if source.values:
            series = series.replace(source.values)
        series = series.replace("", None)
        if source.tokenise:
            return text([None if value is None else self._token(value) for value in series])
        longest = _LONGEST.get(name, _LONGEST_ID)
        if (series.str.len_chars().max() or 0) > longest:  # type: ignore[operator]
            long = (series.str.len_chars() > longest).fill_null(value=False).to_numpy()
            self.faults.note(
                long, Reason.INVALID_FIELD, f"{name} is longer than {longest} characters"
            )
        return text(series.to_list())

    def _token(self, value: str) -> str:
        key = self.tokenisation_key or b""
        return "tok_" + hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:32]

    def numbers(self, source: Source) -> NDArray[np.float64]:
        """Return numbers, NaN where there is none."""
        return floats(self.series(source))

    def within(self, name: str, source: Source | None, limit: float) -> NDArray[np.float64]:
        """Return numbers between -limit and limit, NaN where missing."""
        if source is None or not self.has(source):
            return np.full(len(self), np.nan)
        values = self.numbers(source)
        beyond = np.abs(values) > limit
        self.faults.note(
            beyond, Reason.INVALID_FIELD, f"{name} {{}} is beyond {limit:g} degrees", values
        )
        return np.where(beyond, np.nan, values)

    def matching(self, name: str, source: Source | None, pattern: str) -> NDArray[np.object_]:
        """Return text of which each value must match a pattern."""
        values = self.text(name, source)
        allowed = pl.Series(list({v for v in values.tolist() if v is not None}), dtype=pl.String)
        wrong = set(allowed.filter(~allowed.str.contains(pattern)).to_list())
        if wrong:
            bad = np.array([value in wrong for value in values], bool)
            self.faults.note(
                bad, Reason.INVALID_FIELD, f"{name} {{}} does not match {pattern}", values
            )
            values[bad] = None
        return values

    def codes(
        self, name: str, source: Source | None, codes: tuple[str, ...], missing: int
    ) -> NDArray[np.int8]:
        """Return positions in `codes`, `missing` where there is no value."""
        if not self.has(source):
            return np.full(len(self), missing, np.int8)
        values = self.text(name, source)
        table = {None: missing} | {code: number for number, code in enumerate(codes)}
        if set(values.tolist()) - table.keys():
            unknown = np.array([value not in table for value in values], bool)
            self.faults.note(
                unknown, Reason.INVALID_FIELD, f"{name} {{}} is none of {', '.join(codes)}", values
            )
        return np.array([table.get(value, missing) for value in values], np.int8)

    def mccs(self, source: Source | None) -> NDArray[np.int16]:
        """Return merchant category codes, of four digits at most; -1 is missing."""
        if source is None or not self.has(source):
            return np.full(len(self), -1, np.int16)
        found = self.series(source)
        if found.dtype == pl.String:
            found = found.replace("", None)
        codes = found.cast(pl.Int64, strict=False)
        bad = (found.is_not_null() & ~codes.is_between(0, 9999).fill_null(value=False)).to_numpy()
        self.faults.note(bad, Reason.INVALID_FIELD, "mcc {} is not a code of four digits", found)
        return np.where(bad, -1, codes.fill_null(-1).to_numpy()).astype(np.int16)

    def amounts(
        self, name: str, source: Amount, currency: NDArray[np.object_], *, required: bool
    ) -> NDArray[np.int64]:
        """Return amounts in minor units of their currencies, -1 where missing."""
        values = self.numbers(source)
        if source.unit == "major":
            codes = currency.tolist()
            scale = {code: 10.0 ** EXPONENTS.get(code, 2) for code in set(codes)}
            values = values * np.fromiter(map(scale.__getitem__, codes), np.float64, len(codes))
        missing = np.isnan(values)
        if required:
            self.faults.note(missing, Reason.INVALID_FIELD, f"{name} is missing")
        self.faults.note(values < 0, Reason.NEGATIVE_AMOUNT, f"{name} is {{}}", values)
        self.faults.note(
            values > MOST_MINOR, Reason.INVALID_FIELD, f"{name} is above {MOST_MINOR:.0e}"
        )
        return np.where((values >= 0) & (values <= MOST_MINOR), np.rint(values), -1).astype(
            np.int64
        )

    def times(
        self, source: Time, zones: NDArray[np.object_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
        """Return UTC milliseconds and offsets in minutes.

        Local time is known from the value's own offset, else the source's `time_zone`, else
        the row's zone. Raises MappingError where dates have no zone and none is named.
        """
        found = series = self.series(source)
        if source.format is not None:
            series = series.cast(pl.String).str.to_datetime(source.format, strict=False)
        elif source.since is not None:
            series = series.cast(pl.Float64, strict=False)  # JSON topics give numbers as text
        offset = np.full(len(series), UNKNOWN_OFFSET, np.int16)
        naive = np.zeros(len(series), bool)
        if series.dtype == pl.String:
            ms, offset, status = parse_instants([value or "" for value in series])
            bad, naive = status != VALID, status == NAIVE
            if source.time_zone is not None and naive.any():
                clocks = pl.Series(ms).cast(pl.Datetime("ms"))
                local, unreal = _instants(clocks, source.time_zone)
                ms, bad = np.where(naive, local, ms), np.where(naive, unreal, bad)
                naive &= False
        elif series.dtype.is_temporal():
            ms, bad = self._dates(series, source)
        else:
            ms, bad = _since(series, source)
        self.faults.note(
            naive, Reason.NAIVE_TIME, "occurred_at {} has no offset; give time_zone", found
        )
        self.faults.note(bad & ~naive, Reason.INVALID_TIME, "occurred_at {} is no time", found)
        if source.time_zone is not None:
            zones = np.where(zones == None, source.time_zone, zones)  # noqa: E711 - elementwise
        blank = offset == UNKNOWN_OFFSET
        offset[blank] = zone_offsets(ms[blank], zones[blank])
        return ms, offset

    def _dates(
        self, series: pl.Series, source: Time
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        if series.dtype == pl.Date:
            series = series.cast(pl.Datetime("ms"))
        if getattr(series.dtype, "time_zone", None) is not None:
            values = series.dt.epoch("ms")
            return values.fill_null(0).to_numpy().astype(np.int64), values.is_null().to_numpy()
        if source.time_zone is None:
            raise MappingError(
                f"mapping {self.mapping}, occurred_at: column {source.column!r} has times without "
                "an offset; give time_zone, the zone they are in"
            )
        return _instants(series, source.time_zone)


def floats(series: pl.Series) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where a value is none."""
    return series.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy().astype(np.float64)


def _instants(clocks: pl.Series, zone: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return UTC milliseconds of local clocks, and which of them the zone skips."""
    moments = clocks.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    values = moments.dt.epoch("ms")
    return values.fill_null(0).to_numpy().astype(np.int64), values.is_null().to_numpy()


def _since(series: pl.Series, source: Time) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    values = floats(series) * _UNIT_MS[source.unit]
    bad = ~(np.abs(values) <= _LATEST_MS)
    since = parse_instant(source.since) if source.since else None
    return np.rint(np.where(bad, 0, values)).astype(np.int64) + (since or 0), bad
