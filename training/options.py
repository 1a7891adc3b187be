"""Options that several commands take: the files a table of payments comes with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

FILE = click.Path(path_type=Path)

_OPTIONS = (
    click.option("--data", required=True, type=FILE, help="Payments: Parquet, CSV or JSON lines."),
    click.option("--labels", type=FILE, help="Labels, when they are not a column of the data."),
    click.option(
        "--kinds",
        type=FILE,
        help="What frauds turned out to be (transaction_id, typology): for figures, never an "
        "input.",
    ),
    click.option("--rates", type=FILE, help="Daily exchange rates: a CSV of date,currency,rate."),
    click.option("--config", type=FILE, help="TOML; see docs/training.md. Unset: the defaults."),
)


def payment_files(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --data, --labels, --kinds, --rates and --config."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
