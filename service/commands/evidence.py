"""`penumbra evidence`: a bundle held against a gate, as a pack that people can sign."""

from __future__ import annotations

from pathlib import Path

import click

from service.commands.files import instant_option
from service.commands.opening import open_ledger
from service.settings import Settings

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--bundle", required=True, help="Id, or folder, of the bundle to judge.")
@click.option("--gate", "gate_file", type=_FILE, help="Gate (YAML); the example if left out.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the pack, a new one.")
@click.option("--from", "begin", help="First day or instant; thresholds are fixed from it on.")
@click.option("--until", help="Leave out payments from this date or instant on.")
def command(
    bundle: str, gate_file: Path | None, out: Path | None, begin: str | None, until: str | None
) -> None:
    """Hold a bundle against a gate: verdict, and an evidence pack (HTML, JSON) to sign."""
    settings = Settings.load()
    from service.commands.models import usual_folders  # noqa: PLC0415
    from service.ledger import wall_clock_ms  # noqa: PLC0415
    from service.promotion.champion import champion_of  # noqa: PLC0415
    from service.promotion.evidence import build  # noqa: PLC0415
    from service.promotion.gate_file import example_gate, load_gate  # noqa: PLC0415
    from service.promotion.pack import packs_dir  # noqa: PLC0415
    from service.registry import find_run  # noqa: PLC0415

    gate, body = load_gate(gate_file or example_gate())
    run = find_run(bundle, usual_folders())
    now_ms = wall_clock_ms()
    folder = out or packs_dir(settings) / f"{run.bundle_id}-{now_ms // 1000}"
    ledger = open_ledger(settings)
    try:
        pack, found = build(
            ledger,
            settings,
            run.path,
            gate,
            body,
            folder,
            champion_id=champion_of(ledger, settings),
            now_ms=now_ms,
            begin_ms=instant_option(begin, "from"),
            end_ms=instant_option(until, "until"),
        )
    finally:
        ledger.close()
    for one in found.findings:
        click.echo(f"{one.status:14} {one.condition}: {one.asked} ({one.found})")
    click.echo(f"verdict: {found.verdict}; pack {pack.folder}, sha256 {pack.sha256}")
