"""`penumbra worker`: the Kafka consumer."""

from __future__ import annotations

import signal
from threading import Event

import click

from service.commands.opening import open_ledger
from service.logging import log_to_stderr
from service.settings import Settings


@click.command()
@click.option("--quiet", is_flag=True, help="Only warnings.")
def command(quiet: bool) -> None:  # noqa: FBT001 - a click flag
    """Score a copy of the live stream, until Ctrl-C; any number of workers share the work."""
    log_to_stderr(verbose=not quiet)
    settings = Settings.load()
    # Everything slow or likely to fail comes before the group is joined: a member that is still
    # compiling kernels would lose its session.
    from service.pipeline.lineup import Lineup  # noqa: PLC0415
    from service.rehearsal import rehearse  # noqa: PLC0415
    from service.relay import RelayProcess  # noqa: PLC0415
    from service.stream.connect import open_consumer  # noqa: PLC0415
    from service.worker import Worker, new_owner  # noqa: PLC0415

    ledger = open_ledger(settings)
    lineup = Lineup.load(settings)
    rehearse(lineup, settings)
    consumer = open_consumer(settings)
    owner = new_owner()
    relay = RelayProcess(settings, owner)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        Worker(settings, ledger, lineup, consumer, owner=owner).run(stop, relay.keep_running)
    finally:
        consumer.close()
        relay.close()
        ledger.close()
