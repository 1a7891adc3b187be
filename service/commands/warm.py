"""`penumbra warm`: histories from past transactions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.commands.files import data_options, instant_option, progress_bar, read_mapped
from service.commands.opening import open_ledger
from service.logging import log_to_stderr
from service.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@data_options
@click.option("--until", help="Leave out rows from this date or instant on.")
@click.option(
    "--partitions",
    type=click.IntRange(min=1),
    help="Partitions of the transactions topic; asked of the broker if left out.",
)
def command(
    data: Path, mapping: str | None, labels: Path | None, until: str | None, partitions: int | None
) -> None:
    """Build histories from past transactions, before the first worker; no decisions are made."""
    log_to_stderr(verbose=False)
    settings = Settings.load()
    from service.ledger import wall_clock_ms  # noqa: PLC0415
    from service.pipeline.lineup import Lineup  # noqa: PLC0415
    from service.stream.connect import open_topics  # noqa: PLC0415
    from service.warm import warm  # noqa: PLC0415
    from service.worker import new_owner  # noqa: PLC0415

    if partitions is None:
        topics = open_topics(settings)
        partitions = topics.describe(settings.topic_transactions).partitions
        topics.close()
    ledger = open_ledger(settings)
    lineup = Lineup.load(settings)
    until_ms = instant_option(until, "until")
    source = read_mapped(settings, lineup.intake(settings), data, mapping, labels, wall_clock_ms())
    rows, routed = source.mapped.transactions, source.customer_keys
    if until_ms is not None:
        past = rows.occurred_ms < until_ms
        rows, routed = rows.take(past), None if routed is None else routed[past]
    with progress_bar() as bar:
        task = bar.add_task("histories", total=len(rows))
        done = warm(
            ledger,
            settings,
            rows,
            source.labels,
            stream=settings.topic_transactions,
            partitions=partitions,
            customer_keys=routed,
            owner=new_owner(),
            now_ms=wall_clock_ms(),
            progress=lambda count: bar.update(task, advance=count),
        )
    refused = len(source.mapped.rejections)
    click.echo(
        f"{done.transactions:,} transactions of {done.customers:,} customers warmed in "
        f"{partitions} partitions, with {done.labels:,} labels "
        f"({done.later_labels:,} not known by then left out); "
        f"{done.duplicates + done.conflicts:,} repeated, {refused:,} refused"
    )
    ledger.close()
