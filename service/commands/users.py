"""`penumbra users`: who may use the console."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from models.errors import BadInput
from service.commands.opening import open_ledger
from service.people.roles import ROLES
from service.settings import Settings

if TYPE_CHECKING:
    from service.ledger import Ledger

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_role = click.option("--role", type=click.Choice(ROLES), required=True, help="What they may do.")
_name = click.argument("username")


@click.group()
def command() -> None:
    """Add, list, change and disable the users of the console."""


@command.command("add")
@_name
@_role
@click.option(
    "--no-password", is_flag=True, help="A proxy or a sign-in link signs them in, no password."
)
def add_command(username: str, role: str, *, no_password: bool) -> None:
    """Add a user; the password is asked for."""
    if not _NAME.fullmatch(username):
        raise BadInput(f"{username!r} is no user name; use letters, digits and . _ @ -, at most 64")
    ledger = open_ledger(Settings.load())
    if ledger.user(username) is not None:
        raise BadInput(f"there is a user {username!r} already; see `penumbra users list`")
    _add(ledger, username, role, None if no_password else _asked())
    ledger.close()


@command.command("list")
def list_command() -> None:
    """List the users, what they may do and how they sign in."""
    ledger = open_ledger(Settings.load())
    users = ledger.users()
    if not users:
        click.echo("no users; `penumbra users add NAME --role analyst` adds one")
    for user in users:
        how = "password" if user.password_hash else "proxy or link"
        state = "disabled" if user.disabled else "active"
        click.echo(f"{user.username:<32}{user.role:<12}{how:<16}{state}")
    ledger.close()


@command.command("set-role")
@_name
@_role
def set_role_command(username: str, role: str) -> None:
    """Change what a user may do; their sessions end."""
    _change(username, "set-role", role, role=role)


@command.command("set-password")
@_name
def set_password_command(username: str) -> None:
    """Give a user another password; their sessions end."""
    _change(username, "set-password", None, password_hash=_asked())


@command.command("disable")
@_name
def disable_command(username: str) -> None:
    """Keep a user out from now on; their sessions end."""
    _change(username, "disable", None, disabled=True)


@command.command("enable")
@_name
def enable_command(username: str) -> None:
    """Let a disabled user in again."""
    _change(username, "enable", None, disabled=False)


@command.command("link")
@_name
def link_command(username: str) -> None:
    """Print a link that signs a user in once, within ten minutes."""
    from service.people.signing_in import ticket_for  # noqa: PLC0415 - slow, not for `--help`

    settings = Settings.load()
    ledger = open_ledger(settings)
    _must_be(ledger, username)
    ticket = ticket_for(ledger, username)
    _noted(ledger, "sign-in link", username)
    ledger.close()
    click.echo(f"http://{settings.api_host}:{settings.api_port}/console/enter?ticket={ticket}")


def _add(ledger: Ledger, username: str, role: str, password_hash: str | None) -> None:
    ledger.add_user(username, role, password_hash)
    _noted(ledger, "add user", f"{username}, {role}")
    click.echo(f"{username} may sign in as {role}")


def _change(username: str, action: str, to: str | None, **values: str | bool | None) -> None:
    ledger = open_ledger(Settings.load())
    _must_be(ledger, username)
    ledger.change_user(username, **values)
    _noted(ledger, action, username if to is None else f"{username}, {to}")
    ledger.close()
    click.echo(f"{username}: {action} done; open sessions of theirs have ended")


def _must_be(ledger: Ledger, username: str) -> None:
    if ledger.user(username) is None:
        raise BadInput(f"there is no user {username!r}; see `penumbra users list`")


def _noted(ledger: Ledger, action: str, detail: str) -> None:
    from service.ledger.audit import By  # noqa: PLC0415 - slow, not for `--help`

    ledger.note_action(By("command line", "admin"), action, detail=detail)


def _asked() -> str:
    """Ask for a password twice, without showing it; one line when it comes by a pipe."""
    from service.people.passwords import hashed  # noqa: PLC0415 - slow, not for `--help`

    if not sys.stdin.isatty():
        return hashed(sys.stdin.readline().rstrip("\n"))
    return hashed(click.prompt("Password", hide_input=True, confirmation_prompt=True))
