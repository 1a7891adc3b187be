"""Commands that loadtest adds to `penumbra`."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - click's callback signature
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from loadtest.simulator import (
    Chunk,
    Simulation,
    SimulationConfig,
    configure,
    demo_config,
    read_toml,
)
from loadtest.simulator.files import FORMATS, destination, write, write_rates

_DEFAULT = SimulationConfig()
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True,
              help="A folder, or the transactions file (.parquet, .csv or .jsonl).")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS),
              help="Format of all files [parquet, or what --out ends in].")  # fmt: skip
@click.option("--config", type=_FILE, help="TOML with any key of SimulationConfig.")
@click.option("--seed", type=int, help=f"The same seed, the same bytes [{_DEFAULT.seed}].")
@click.option("--start", type=click.DateTime(["%Y-%m-%d"]),
              help=f"First day, UTC [{_DEFAULT.start}].")  # fmt: skip
@click.option("--preset", type=click.Choice(["demo"]),
              help="Begin with the demo's portfolio in place of the defaults.")  # fmt: skip
@click.option("--days", type=int, help=f"How many days [{_DEFAULT.days}].")
@click.option("--customers", type=int, help=f"How many customers [{_DEFAULT.customers}].")
@click.option("--merchants", type=int, help=f"How many merchants [{_DEFAULT.merchants}].")
@click.option("--rate", type=float,
              help=f"Payments a customer a day [{_DEFAULT.payments_per_customer_day}]."
              )  # fmt: skip
@click.option("--fraud-rate", type=float,
              help=f"Share of payments that are fraud [{_DEFAULT.fraud_rate}].")  # fmt: skip
@click.option("--late", type=float,
              help="Share delivered minutes to days late, out of order [0].")  # fmt: skip
@click.option("--legacy/--no-legacy", default=None,
              help="Carry the legacy rules' decision in each payment [yes].")  # fmt: skip
@click.option("--rates", type=_FILE,
              help="Write the exchange rates used (date,currency,rate).")  # fmt: skip
@click.option("--labels", type=_FILE, help="Where labels go [beside the transactions].")
@click.option("--truth", type=_FILE,
              help="Where typologies go, for evaluation only [beside the transactions]."
              )  # fmt: skip
def simulate(
    out: Path,
    form: str | None,
    config: Path | None,
    preset: str | None,
    seed: int | None,
    start: datetime | None,
    days: int | None,
    customers: int | None,
    merchants: int | None,
    rate: float | None,
    fraud_rate: float | None,
    late: float | None,
    legacy: bool | None,  # noqa: FBT001 - click passes options by keyword
    rates: Path | None,
    labels: Path | None,
    truth: Path | None,
) -> None:
    """Write simulated transactions, what is learned of them, and the truth, to files.

    Options win over --config, and that over --preset. Labels that become known after the last
    day are written too: their known_at says when.
    """
    overrides: dict[str, Any] = {
        "seed": seed,
        "start": None if start is None else start.date(),
        "days": days,
        "customers": customers,
        "merchants": merchants,
        "payments_per_customer_day": rate,
        "fraud_rate": fraud_rate,
        "late_share": late,
        "legacy": legacy,
    }
    base = _DEFAULT if preset is None else demo_config()
    found = {} if config is None else read_toml(config)
    chosen = configure(found, base=base, where=str(config), **overrides)
    to = destination(out, form, labels, truth)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TextColumn("days · {task.fields[rows]:,} transactions"),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("simulating", total=chosen.days, rows=0)

        def show(chunk: Chunk) -> None:
            rows = bar.tasks[task].fields["rows"] + len(chunk.transactions)
            bar.update(task, advance=0 if chunk.day is None else 1, rows=rows)

        written = write(Simulation(chosen), to, progress=show)
    if rates is not None:
        write_rates(chosen, rates)
    click.echo(f"{written.transactions:,} transactions  {to.transactions}")
    click.echo(f"{written.labels:,} labels  {to.labels}")
    click.echo(f"{written.frauds:,} frauds  {to.truth}")
