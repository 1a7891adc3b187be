"""`penumbra erase`: take a customer out of everything that is kept."""

from __future__ import annotations

import click

from models.instants import format_instant
from service.commands.opening import open_ledger
from service.logging import log_to_stderr
from service.settings import Settings


@click.command()
@click.argument("customer_id")
@click.option("--reference", help="Your own case number, kept with the date. No personal data.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(customer_id: str, reference: str | None, *, yes: bool) -> None:
    """Erase a customer: ids, features, explanations, history. Counters and figures stay."""
    log_to_stderr(verbose=False)
    settings = Settings.load()
    from service.erasing import erase_customer  # noqa: PLC0415 - slow, and not for `--help`
    from service.snapshots import Snapshots  # noqa: PLC0415

    if not yes:
        click.confirm("This cannot be undone. Erase the customer?", abort=True)
    ledger = open_ledger(settings)
    done = erase_customer(
        ledger, Snapshots(ledger, settings.snapshots_url), customer_id, reference=reference
    )
    ledger.close()
    click.echo(
        f"erased on {format_instant(done.erased_ms)}: {done.transactions:,} transactions, "
        f"{done.alerts:,} alerts and {done.labels:,} labels go on as {done.stand_in}, "
        f"{done.dead_letters:,} dead letters are empty"
    )
