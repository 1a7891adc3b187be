"""`penumbra evidence --bundle ID --gate FILE`: a bundle held against a gate, to be signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from service.commands.files import instant_option
from service.commands.models import usual_folders
from service.commands.opening import at_the_keyboard, open_ledger
from service.ledger import wall_clock_ms
from service.promotion.champion import champion_of
from service.promotion.evidence import build
from service.promotion.gate_file import example_gate, load_gate
from service.registry import find_run

if TYPE_CHECKING:
    from pathlib import Path

    from service.settings import Settings


def make_pack(
    settings: Settings,
    bundle: str | None,
    gate_file: Path | None,
    out: Path,
    start: str | None,
    end: str | None,
) -> None:
    """Judge, write the pack, and tell each finding. Raises UsageError without bundle or gate."""
    if bundle is None or gate_file is None:
        raise click.UsageError(
            "a pack needs --bundle and --gate; the gate that comes with Penumbra, to be copied "
            f"and made yours, is {example_gate()}"
        )
    gate, body = load_gate(gate_file)
    run = find_run(bundle, usual_folders())
    ledger = open_ledger(settings)
    try:
        pack, found = build(
            ledger,
            settings,
            run.path,
            gate,
            body,
            out,
            champion_id=champion_of(ledger, settings),
            by=at_the_keyboard(),
            now_ms=wall_clock_ms(),
            begin_ms=instant_option(start, "from"),
            end_ms=instant_option(end, "to"),
        )
    finally:
        ledger.close()
    for one in found.findings:
        click.echo(f"{one.status:14} {one.condition}: {one.asked} ({one.found})")
    click.echo(f"verdict: {found.verdict}; pack {pack.folder}, sha256 {pack.sha256}")
