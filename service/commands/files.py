"""What the commands that read files share: options, and a file with its mapping and labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.errors import BadInput
from models.files import read_labels, read_table
from models.instants import parse_instant
from models.labels import Labels
from models.mapping import Mapping

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl
    from numpy.typing import NDArray

    from models.intake import Intake
    from models.mapping import Mapped
    from service.settings import Settings


def data_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --data, --mapping and --labels to a command."""
    for option in (
        click.option("--labels", type=click.Path(path_type=Path), help="File of labels, if apart."),
        click.option(
            "--mapping", help="Mapping file, or a packaged one: handbook, ulb, canonical."
        ),
        click.option(
            "--data",
            required=True,
            type=click.Path(path_type=Path),
            help="Transactions: Parquet, CSV or JSON lines.",
        ),
    ):
        function = option(function)
    return function


@dataclass(frozen=True, slots=True, eq=False)
class MappedFile:
    """A data file as transactions, and its labels."""

    frame: pl.DataFrame
    mapped: Mapped
    labels: Labels
    customer_keys: NDArray[np.object_] | None


def read_mapped(
    settings: Settings,
    intake: Intake,
    data: Path,
    mapping: str | None,
    labels: Path | None,
    now_ms: int,
    until_ms: int | None = None,
) -> MappedFile:
    """Read a file through its mapping. Raises BadInput or MappingError, one line."""
    key = settings.tokenisation_key
    chosen = Mapping.load(
        mapping or settings.mapping_path or "canonical",
        key.get_secret_value().encode() if key else None,
    )
    frame = read_table(data)
    mapped = chosen.apply(frame, intake=intake, now_ms=now_ms)
    if until_ms is not None:
        keep = np.zeros(len(frame), bool)
        keep[mapped.record[mapped.transactions.occurred_ms < until_ms]] = True
        keep[[r.record for r in mapped.rejections]] = True
        frame, mapped = frame.filter(keep), mapped.of_rows(keep)
    found = read_labels(labels) if labels is not None else mapped.labels
    keys = chosen.customer_keys(frame)
    return MappedFile(
        frame,
        mapped,
        found if found is not None else Labels.none(),
        None if keys is None else keys[mapped.record],
    )


def instant_option(value: str | None, name: str) -> int | None:
    """Return an option that is a date or an instant, in UTC milliseconds."""
    if value is None:
        return None
    found = parse_instant(value if "T" in value else f"{value}T00:00:00Z")
    if found is None:
        raise BadInput(f"--{name} {value!r} is neither a date nor an RFC 3339 instant")
    return found


def progress_bar() -> Progress:
    """Return a bar on stderr with counts and the time left."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )
