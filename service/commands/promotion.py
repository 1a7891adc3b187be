"""`penumbra models sign | promote | rollback | history | signer`: from evidence to champion."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.instants import format_instant
from service.commands.opening import at_the_keyboard, open_ledger
from service.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from service.ledger import Ledger
    from service.ledger.promotion import Promotion

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)
_as_name = click.option("--as", "name", required=True, help="The signer's name.")
_key_file = click.option("--key", type=_FILE, help="The signer's key file.")
_passphrase_file = click.option(
    "--passphrase-file", type=_FILE, help="File with the passphrase; asked for if left out."
)


@click.command("sign")
@click.argument("pack", type=_FOLDER)
@_as_name
@_key_file
@_passphrase_file
@click.option(
    "--print",
    "only_print",
    is_flag=True,
    help="Print the signature, to hand in on the console's promotion page; needs no ledger.",
)
def sign_command(
    pack: Path, name: str, key: Path | None, passphrase_file: Path | None, *, only_print: bool
) -> None:
    """Sign an evidence pack: you have read PACK and answer for what it recommends."""
    from service.promotion import acts  # noqa: PLC0415 - slow, and not for `--help`
    from service.promotion.pack import read_pack  # noqa: PLC0415
    from service.promotion.signers import NEEDED  # noqa: PLC0415
    from service.promotion.signing import open_key  # noqa: PLC0415

    read = read_pack(pack)
    opened = open_key(key or _usual_key(name), name, _passphrase(passphrase_file))
    approval = opened.approve(read.sha256, read.manifest.bundle_id)
    if only_print:
        click.echo(approval.text(), nl=False)
        return
    with _ledger() as (settings, ledger, now_ms):
        signed = acts.sign(ledger, approval, settings.signers, by=at_the_keyboard(), now_ms=now_ms)
    click.echo(
        f"{name} signed {read.sha256[:12]} ({read.manifest.bundle_id}, verdict "
        f"{read.manifest.verdict}); {len(signed)} of {NEEDED} signatures: {', '.join(signed)}"
    )


@click.command("promote")
@click.argument("bundle")
@click.option("--pack", required=True, type=_FOLDER, help="The signed evidence pack.")
def promote_command(bundle: str, pack: Path) -> None:
    """Make BUNDLE (an id) champion, on a signed evidence pack; decides no payment."""
    from service.promotion import acts  # noqa: PLC0415
    from service.promotion.champion import first_champion  # noqa: PLC0415
    from service.promotion.pack import read_pack  # noqa: PLC0415

    read = read_pack(pack)
    with _ledger() as (settings, ledger, now_ms):
        done = acts.promote(
            ledger,
            read,
            bundle_id=bundle,
            first_champion=first_champion(settings),
            pinned=settings.signers,
            by=at_the_keyboard(),
            now_ms=now_ms,
        )
    click.echo(f"{_told(done)}; running workers and servers follow before their next batch")


@click.command("rollback")
@click.option("--reason", required=True, help="Why; it is recorded and published.")
@click.option("--as", "name", help="Who asks; the user of this machine if left out.")
def rollback_command(reason: str, name: str | None) -> None:
    """Make the champion before the present one champion again; one person suffices."""
    from service.promotion import acts  # noqa: PLC0415

    with _ledger() as (_, ledger, now_ms):
        done = acts.roll_back(ledger, by=at_the_keyboard(name), reason=reason, now_ms=now_ms)
    click.echo(f"{_told(done)}; running workers and servers follow before their next batch")


@click.command("history")
def history_command() -> None:
    """List every change of champion, by whom and why."""
    from service.promotion.champion import first_champion  # noqa: PLC0415

    with _ledger() as (settings, ledger, _):
        done = ledger.promotions()
        click.echo(f"0  first champion {first_champion(settings)} (PENUMBRA_BUNDLE_PATH)")
        for one in done:
            click.echo(_told(one))


@click.group("signer")
def signer_group() -> None:
    """Say who may sign evidence packs."""


@signer_group.command("key")
@click.argument("name")
@_key_file
@_passphrase_file
def key_command(name: str, key: Path | None, passphrase_file: Path | None) -> None:
    """Make a key for NAME on a machine without the ledger, and print its public half."""
    from service.promotion.signing import make_key  # noqa: PLC0415

    path = key or _usual_key(name)
    made = make_key(path, name, _passphrase(passphrase_file, twice=True))
    click.echo(
        f"the key of {name} is in {path}; whoever keeps the ledger adds its public half:\n"
        f"penumbra models signer add {name} --public-key {made.public_key.hex()}"
    )


@signer_group.command("add")
@click.argument("name")
@click.option(
    "--public-key", "public", help="Public half of a key that NAME made elsewhere, hex; else made."
)
@_key_file
@_passphrase_file
def add_command(
    name: str, public: str | None, key: Path | None, passphrase_file: Path | None
) -> None:
    """Let a key of NAME count; it is made here unless its public half is given."""
    from service.promotion import signers  # noqa: PLC0415
    from service.promotion.signing import fingerprint, make_key, public_half  # noqa: PLC0415

    path = key or _usual_key(name)
    with _ledger() as (_, ledger, now_ms):
        if public is not None:
            known = public_half(public)
            signers.add(ledger, name, known, by=at_the_keyboard(), now_ms=now_ms)
            click.echo(f"{name} may sign; fingerprint {fingerprint(known)}")
            return
        made = make_key(path, name, _passphrase(passphrase_file, twice=True))
        try:
            signers.add(ledger, name, made.public_key, by=at_the_keyboard(), now_ms=now_ms)
        except BaseException:
            path.unlink()
            raise
    click.echo(f"{name} may sign with {path}; fingerprint {fingerprint(made.public_key)}")


@signer_group.command("revoke")
@click.argument("name")
@click.option("--reason", required=True, help="Why; it is recorded.")
def revoke_command(name: str, reason: str) -> None:
    """Let the key of NAME count no more, for packs signed and not yet promoted either."""
    from service.promotion import signers  # noqa: PLC0415

    with _ledger() as (_, ledger, now_ms):
        signers.revoke(ledger, name, by=at_the_keyboard(), reason=reason, now_ms=now_ms)
    click.echo(f"the key of {name} counts no more")


@signer_group.command("list")
def list_command() -> None:
    """List who may sign, since when, and the fingerprints of their keys."""
    from service.promotion.signers import ring_of  # noqa: PLC0415
    from service.promotion.signing import fingerprint  # noqa: PLC0415

    with _ledger() as (settings, ledger, _):
        ring = ring_of(ledger, settings.signers)
    for one in ring.values():
        since = format_instant(one.since_ms)
        click.echo(f"{one.name}  since {since}  {fingerprint(one.public_key)}")
    if not ring:
        click.echo("nobody may sign; `penumbra models signer add NAME` makes a key")


@contextmanager
def _ledger() -> Iterator[tuple[Settings, Ledger, int]]:
    """Yield the settings, the ledger they name, and the time."""
    from service.ledger import wall_clock_ms  # noqa: PLC0415

    settings = Settings.load()
    ledger = open_ledger(settings)
    try:
        yield settings, ledger, wall_clock_ms()
    finally:
        ledger.close()


def _usual_key(name: str) -> Path:
    return Path(click.get_app_dir("penumbra")) / "signers" / f"{name}.key"


def _passphrase(file: Path | None, *, twice: bool = False) -> str:
    if file is None:
        asked: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=twice)
        return asked
    try:
        return file.read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"--passphrase-file {file} cannot be read: {error}") from None


def _told(one: Promotion) -> str:
    """Return one change of champion in a line."""
    why = f"signed by {' and '.join(one.signed_by)}" if one.signed_by else f"reason: {one.reason}"
    return (
        f"{one.number}  {format_instant(one.at_ms)}  {one.kind}  {one.bundle_id} after "
        f"{one.previous_id}, by {one.by}, {why}"
    )
