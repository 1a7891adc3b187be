"""`penumbra serve`: the API, and HTTP scoring as a source of its own."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import click

from models.errors import PenumbraError
from service.logging import log_to_stderr
from service.settings import Settings

if TYPE_CHECKING:
    from service.ledger import Ledger

BACKLOG = 1024
GRACE_S = 10
"""How long requests under way may take to end, seconds."""


class CannotListen(PenumbraError):
    """The address is taken, or is not this machine's."""


@click.command()
@click.option("--host", help="Address to listen on; PENUMBRA_API_HOST if left out.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on; 0: a free one.")
@click.option("--quiet", is_flag=True, help="Only warnings.")
def command(host: str | None, port: int | None, quiet: bool) -> None:  # noqa: FBT001 - a click flag
    """Run the API and console, and score what comes by HTTP, until Ctrl-C."""
    log_to_stderr(verbose=not quiet)
    settings = Settings.load(api_host=host, api_port=port)
    from service.api.tokens import refuse_open_door  # noqa: PLC0415

    refuse_open_door(settings)
    with listening(settings.api_host, settings.api_port) as door:
        serve(settings, door)
    click.echo("stopped; histories are kept")


def serve(settings: Settings, door: socket.socket) -> None:
    """Serve on a listening socket until SIGINT or SIGTERM, then end everything in order."""
    import uvicorn  # noqa: PLC0415

    from service.api.app import create_app  # noqa: PLC0415
    from service.api.running import Running  # noqa: PLC0415
    from service.pipeline.lineup import Lineup  # noqa: PLC0415
    from service.rehearsal import rehearse  # noqa: PLC0415
    from service.worker import new_owner  # noqa: PLC0415

    ledger = _opened(settings)
    try:
        lineup = Lineup.load(settings)
        rehearse(lineup, settings)
        with Running(settings, ledger, lineup, owner=new_owner()) as running:
            server = uvicorn.Server(
                uvicorn.Config(
                    create_app(running.parts),
                    log_config=None,
                    # No access log: paths carry customers' ids.
                    access_log=False,
                    server_header=False,
                    proxy_headers=False,
                    timeout_graceful_shutdown=GRACE_S,
                    lifespan="off",
                )
            )
            # uvicorn stops at a signal and then raises it again: what is left to do comes first.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: None)
            address, at = door.getsockname()[:2]
            shown = f"[{address}]" if ":" in address else address
            click.echo(f"API at http://{shown}:{at} (its description: /docs); Ctrl-C stops it")
            server.run(sockets=[door])
    finally:
        ledger.close()


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there. Raises CannotListen."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListen(
            f"cannot listen on {host}:{port} ({error.strerror or error}); stop what listens "
            "there, or choose another --host or --port"
        ) from error


def _opened(settings: Settings) -> Ledger:
    """Open the ledger, trying again for a while where a database is still starting."""
    from service.errors import LedgerUnavailable  # noqa: PLC0415
    from service.ledger import Ledger  # noqa: PLC0415
    from service.retrying import attempts  # noqa: PLC0415

    for attempt in attempts(LedgerUnavailable, limit=settings.connect_attempts):
        with attempt:
            return Ledger.open(settings.ledger_url)
    raise LedgerUnavailable("database", "not tried")
