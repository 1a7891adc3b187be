"""`penumbra dead-letters`: what was refused, and sending it in again."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import TYPE_CHECKING

import click

from models.errors import BadInput
from service.commands.opening import open_ledger
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = 500
SHOWN_BYTES = 160
TIMEOUT_S = 30


@click.group()
def command() -> None:
    """List what could not be processed, and why; send it in again once that is mended."""


@command.command("list")
@click.option("--reason", help="Only those refused for this reason.")
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=50, help="Most lines, newest first [50]."
)
@click.option("--bytes", "with_bytes", is_flag=True, help="Show the beginning of each record.")
def list_command(reason: str | None, limit: int, *, with_bytes: bool) -> None:
    """List dead letters, newest first, under how many there are of each reason."""
    ledger = open_ledger(Settings.load())
    for stream, why, count in ledger.dead_letter_reasons():
        click.echo(f"{count:>9,}  {stream}  {why}")
    for one in ledger.dead_letter_page(limit=limit, reason=reason):
        place = f"{one.stream}/{one.partition}@{'-' if one.offset is None else one.offset}"
        sent = "" if one.redriven_ms is None else "  (sent again)"
        click.echo(f"#{one.id}  {place}  {one.reason}: {one.error}{sent}")
        if with_bytes:
            click.echo(f"    {one.payload[:SHOWN_BYTES].decode('utf-8', 'replace')}")
    ledger.close()


@command.command("redrive")
@click.argument("ids", nargs=-1, type=int)
@click.option("--reason", help="All that were refused for this reason.")
def redrive_command(ids: tuple[int, ...], reason: str | None) -> None:
    """Send dead letters in again, by IDS or by --reason; `penumbra serve` must run for HTTP's."""
    from service.ledger.audit import By  # noqa: PLC0415 - slow, not for `--help`
    from service.redriving import redrive  # noqa: PLC0415
    from service.stream.connect import open_producer  # noqa: PLC0415

    if bool(ids) == (reason is not None):
        raise BadInput("say which: IDS of dead letters, or --reason; see `dead-letters list`")
    settings = Settings.load()
    ledger = open_ledger(settings)
    letters = (
        ledger.dead_letters_by_id(ids)
        if ids
        else ledger.dead_letter_page(limit=PAGE, reason=reason)
    )
    producer = None

    def publish(topic: str, records: object) -> None:
        nonlocal producer
        producer = producer or open_producer(settings)
        producer.send_many(topic, records)  # type: ignore[arg-type]  # as redrive makes them
        producer.flush(settings.broker_timeout_s)

    try:
        done = redrive(ledger, settings, letters, score=_scoring(settings), publish=publish)
    finally:
        if producer is not None:
            producer.close()
    said = ", ".join(f"{count:,} {way}" for way, count in sorted(done.items())) or "nothing to send"
    ledger.note_action(By("command line", "admin"), "redrive", detail=said)
    ledger.close()
    click.echo(said)


def _scoring(settings: Settings) -> Callable[[bytes], None]:
    """Return how a transaction is given to the server that runs."""
    url = f"http://{settings.api_host}:{settings.api_port}/v1/score"
    token = settings.api_tokens[0].get_secret_value() if settings.api_tokens else None

    def score(payload: bytes) -> None:
        request = urllib.request.Request(
            url, data=payload, headers={"Content-Type": "application/json"}
        )
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            urllib.request.urlopen(request, timeout=TIMEOUT_S).close()  # noqa: S310 - as above
        except urllib.error.HTTPError as error:
            # Refused again: that is an answer, and a dead letter of its own.
            if error.code >= 500:  # noqa: PLR2004 - the server's own failure
                raise BadInput(f"{url} answered {error.code}; see its log, then go on") from error
        except OSError as error:
            raise BadInput(f"{url} does not answer ({error}); start `penumbra serve`") from error

    return score
