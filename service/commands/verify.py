"""`penumbra verify`: compute a stored alert anew and say what differs."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.instants import format_instant
from service.commands.opening import open_ledger
from service.logging import log_to_stderr
from service.settings import Settings

if TYPE_CHECKING:
    from service.verifying import Verification

DIFFERENT = 1


@click.command()
@click.argument("alert_id")
@click.option(
    "--bundle",
    type=click.Path(path_type=Path),
    help="Folder of the alert's bundle, if not in use or in the var folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(alert_id: str, bundle: Path | None, *, as_json: bool) -> None:
    """Compute a stored alert anew from its inputs and bundle, and say what differs.

    Exit code 0: the same, bit for bit, or within 1e-6 on another runtime; or erased, on a date.
    1: it differs, or cannot be verified.
    """
    log_to_stderr(verbose=False)
    settings = Settings.load()
    from service.verifying import verify  # noqa: PLC0415 - slow, and not for `--help`
    from service.witnesses import witnesses  # noqa: PLC0415

    ledger = open_ledger(settings)
    found = verify(ledger, witnesses(settings, *([bundle] if bundle else [])), alert_id)
    ledger.close()
    click.echo(json.dumps(asdict(found), indent=1) if as_json else told(found))
    if found.verdict in {"different", "not_verifiable"}:
        sys.exit(DIFFERENT)


def told(found: Verification) -> str:
    """Return a verification as lines for people."""
    head = f"alert {found.alert_id}, bundle {found.bundle_id}: "
    if found.verdict == "erased" and found.erased_ms is not None:
        return f"{head}erased on {format_instant(found.erased_ms)[:10]}"
    if found.verdict == "not_verifiable":
        return f"{head}cannot be verified: {found.why}"
    lines = [head + _verdict(found)]
    lines += [
        f"  runtime {one.where}: {one.stored} then, {one.computed} now" for one in found.runtime
    ]
    if not found.same_wording:
        lines.append("  sentences are worded anew since, and were not compared")
    lines += [
        f"  {one.where}: stored {one.stored}, now {one.computed}" for one in found.differences
    ]
    return "\n".join(lines)


def _verdict(found: Verification) -> str:
    figures = f"{found.compared:,} figures and sentences"
    if found.verdict == "different":
        return f"{len(found.differences)} of {figures} differ"
    if found.same_runtime:
        return f"{figures} the same, bit for bit"
    off = f"the largest difference is {found.largest:.1e}" if found.largest else "all are the same"
    return f"another runtime; {figures} within 1e-6: {off}"
