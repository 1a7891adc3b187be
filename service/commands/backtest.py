"""`penumbra backtest`: a file through the whole shadow pipeline."""

from __future__ import annotations

import time
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
@click.option("--from", "start", help="Score from this date or instant; earlier rows warm up.")
@click.option("--until", help="Leave out rows from this date or instant on.")
@click.option("--stream", default="file", show_default=True, help="Stream to record them under.")
def command(
    data: Path,
    mapping: str | None,
    labels: Path | None,
    start: str | None,
    until: str | None,
    stream: str,
) -> None:
    """Run a file through the whole shadow pipeline into the ledger, without Kafka."""
    log_to_stderr(verbose=False)
    settings = Settings.load()
    from service.backtest import backtest  # noqa: PLC0415
    from service.explaining import Explaining, explain_pending  # noqa: PLC0415
    from service.ledger import wall_clock_ms  # noqa: PLC0415
    from service.pipeline.lineup import Lineup  # noqa: PLC0415
    from service.promotion.standing import Standing  # noqa: PLC0415
    from service.relay import RelayProcess  # noqa: PLC0415
    from service.worker import new_owner  # noqa: PLC0415

    begun = time.monotonic()
    start_ms, until_ms = instant_option(start, "from"), instant_option(until, "until")
    ledger = open_ledger(settings)
    lineup = Standing(ledger, Lineup.load(settings)).lineup
    owner = new_owner()
    relay = RelayProcess(settings, owner, publish=False)
    relay.keep_running()
    source = read_mapped(
        settings, lineup.intake(settings), data, mapping, labels, wall_clock_ms(), until_ms
    )
    try:
        with progress_bar() as bar:
            task = bar.add_task("backtest", total=len(source.frame))
            done = backtest(
                ledger,
                settings,
                lineup,
                source.frame,
                source.mapped,
                source.labels,
                stream=stream,
                start_ms=start_ms,
                owner=owner,
                clock=wall_clock_ms,
                progress=lambda rows: bar.update(task, advance=rows),
            )
            explaining = bar.add_task("explanations", total=None)
            here = Explaining.of(lineup)
            while found := explain_pending(
                ledger, here, owner=owner + ":main", now_ms=wall_clock_ms(), limit=32
            ):
                bar.update(explaining, advance=found)
    finally:
        relay.close(timeout_s=120)
    total = ledger.coverage().streams[stream]
    warmed = done.warmed.transactions if done.warmed else 0
    click.echo(
        f"{len(source.frame):,} rows: {warmed:,} warmed, {done.records:,} taken = "
        f"{total['scored']:,} scored + {total['unscored']:,} unscored + "
        f"{total['duplicates']:,} duplicates + {total['not_scored']:,} of types not scored + "
        f"{total['dead_letters']:,} dead letters; {done.seals:,} hours sealed, "
        f"{time.monotonic() - begun:.1f} s; ledger {ledger.where}"
    )
    ledger.close()
