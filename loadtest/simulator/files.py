"""A simulation into files: transactions, labels and truth, in one of three formats."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Protocol

import polars as pl

from loadtest.simulator import columns, frames, geography
from loadtest.simulator.config import SimulationConfig, SimulationError
from loadtest.simulator.label_frames import LABEL_COLUMNS
from loadtest.simulator.wire import lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loadtest.simulator.engine import Chunk, Simulation

FORMATS = ("parquet", "csv", "jsonl")
_ROW_GROUP = 250_000


@dataclass(frozen=True, slots=True)
class Destination:
    """Where transactions, labels and truth are written to, and in which format."""

    transactions: Path
    labels: Path
    truth: Path
    format: str


@dataclass(frozen=True, slots=True)
class Written:
    """How much was written."""

    transactions: int
    labels: int
    frauds: int


class _Sink(Protocol):
    def write(self, frame: pl.DataFrame) -> None: ...

    def close(self) -> None: ...


def destination(
    out: Path, form: str | None, labels: Path | None = None, truth: Path | None = None
) -> Destination:
    """Return the files of an `--out` that is a folder or a transactions file.

    In a folder: transactions, labels and truth with the format's ending. Beside a file
    NAME.ending: NAME.labels.ending and NAME.truth.ending.
    """
    ending = out.suffix.removeprefix(".")
    if ending in FORMATS:
        if form not in {None, ending}:
            raise SimulationError(f"--out {out} ends in .{ending} but --format is {form}")
        name = out.name.removesuffix(f".{ending}")
        return Destination(
            out,
            labels or out.with_name(f"{name}.labels.{ending}"),
            truth or out.with_name(f"{name}.truth.{ending}"),
            ending,
        )
    if ending and not out.is_dir():
        raise SimulationError(
            f"--out {out}: unknown ending .{ending}; use a folder, .parquet, .csv or .jsonl"
        )
    chosen = form or "parquet"
    return Destination(
        out / f"transactions.{chosen}",
        labels or out / f"labels.{chosen}",
        truth or out / f"truth.{chosen}",
        chosen,
    )


def write(
    simulation: Simulation,
    to: Destination,
    *,
    progress: Callable[[Chunk], None] = lambda _chunk: None,
) -> Written:
    """Write a whole simulation day by day; return how much there was.

    `progress` is called with each day written. A file appears only when it is complete.
    """
    counts = [0, 0, 0]
    targets = (to.transactions, to.labels, to.truth)
    schemas = (frames.TRANSACTION_COLUMNS, LABEL_COLUMNS, frames.TRUTH_COLUMNS)
    parts = [path.with_name(path.name + ".part") for path in targets]
    with ExitStack() as stack:
        sinks: list[_Sink] = []
        for part, schema in zip(parts, schemas, strict=True):
            part.parent.mkdir(parents=True, exist_ok=True)
            sinks.append(_open(part, schema, to.format))
            stack.callback(part.unlink, missing_ok=True)
            stack.callback(sinks[-1].close)
        for chunk in simulation.chunks():
            for i, frame in enumerate((chunk.transactions, chunk.labels, chunk.truth)):
                sinks[i].write(frame)
                counts[i] += len(frame)
            progress(chunk)
        for sink, part, target in zip(sinks, parts, targets, strict=True):
            sink.close()
            part.replace(target)
    return Written(*counts)


def write_rates(config: SimulationConfig, path: Path) -> None:
    """Write the euros of one unit of each currency on each day, as `date,currency,rate`.

    The simulated rates do not move.
    """
    lines_of = ["date,currency,rate"]
    for day in range(config.days + 1):
        for code, per_euro in zip(geography.CURRENCIES, geography.PER_EURO, strict=True):
            if code != "EUR":
                lines_of.append(f"{config.start + timedelta(days=day)},{code},{1 / per_euro:.6f}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines_of) + "\n")


class _Lines:
    """Text formats grow by appending."""

    def __init__(self, path: Path, schema: dict[str, pl.DataType], *, csv: bool) -> None:
        self._file: IO[bytes] = path.open("wb")
        self._csv = csv
        if csv:
            columns.empty(schema).write_csv(self._file)

    def write(self, frame: pl.DataFrame) -> None:
        if self._csv:
            frame.write_csv(self._file, include_header=False)
        elif len(frame):
            self._file.write("\n".join(lines(frame)).encode() + b"\n")

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """Parquet is written in numbered parts of a folder, then joined in a stream."""

    def __init__(self, path: Path, schema: dict[str, pl.DataType]) -> None:
        self._path = path
        self._folder = path.with_name(path.name + "s")
        self._folder.mkdir(exist_ok=True)
        self._schema = schema
        self._waiting: list[pl.DataFrame] = []
        self._count = 0
        self._rows = 0
        self._closed = False

    def write(self, frame: pl.DataFrame) -> None:
        self._waiting.append(frame)
        self._rows += len(frame)
        if self._rows >= _ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        whole = pl.concat([columns.empty(self._schema), *self._waiting])
        self._waiting, self._rows = [], 0
        whole.write_parquet(self._folder / f"{self._count:06d}.parquet")
        self._count += 1

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._flush()
        pieces = sorted(self._folder.glob("*.parquet"))
        pl.scan_parquet(pieces).sink_parquet(self._path, row_group_size=_ROW_GROUP)
        for piece in pieces:
            piece.unlink()
        self._folder.rmdir()


def _open(path: Path, schema: dict[str, pl.DataType], form: str) -> _Sink:
    try:
        if form == "parquet":
            return _Parquet(path, schema)
        return _Lines(path, schema, csv=form == "csv")
    except OSError as error:
        raise SimulationError(f"cannot write {path}: {error.strerror}; check --out") from error
