"""`penumbra models`: the bundles there are, the runs that made them, and which one leads."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from models.errors import BadInput
from service.commands.promotion import (
    history_command,
    promote_command,
    rollback_command,
    sign_command,
    signer_group,
)
from service.settings import Settings

if TYPE_CHECKING:
    from service.registry import Run

_FOLDER = click.Path(path_type=Path)
_HEAD = (
    "id", "created", "learned", "judged", "AP", "LightGBM", "cards@100", "threshold", "alerts",
    "files",
)  # fmt: skip
_NOTHING = "-"


@click.group()
def command() -> None:
    """List and show bundles; sign evidence, promote on it, roll back."""


for _more in (sign_command, promote_command, rollback_command, history_command, signer_group):
    command.add_command(_more)


@command.command("list")
@click.argument("folders", nargs=-1, type=_FOLDER)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_command(folders: tuple[Path, ...], *, as_json: bool) -> None:
    """List bundles under FOLDERS: by default those in use and those in the var folder."""
    from service.registry import bundles_in  # noqa: PLC0415 - slow, and not for `--help`

    runs = bundles_in(folders or usual_folders())
    if as_json:
        plain = [asdict(run) | {"path": str(run.path)} for run in runs]
        click.echo(json.dumps(plain, indent=1))
    elif runs:
        click.echo(_table(runs))
    else:
        click.echo("no bundles; `penumbra train --out FOLDER` makes one")


@command.command("show")
@click.argument("bundle")
@click.option("--datasheet", is_flag=True, help="The datasheet of its data, not the model card.")
def show_command(bundle: str, *, datasheet: bool) -> None:
    """Print a bundle's model card; BUNDLE is its folder, or its id in the usual folders."""
    from service.registry import find_run  # noqa: PLC0415

    run = find_run(bundle, usual_folders())
    file = run.path / ("datasheet.md" if datasheet else "card.md")
    if not file.is_file():
        raise BadInput(f"{run.path} has no {file.name}; train it again")
    if run.refused:
        click.echo(f"warning: {run.refused}", err=True)
    click.echo(file.read_text(encoding="utf-8"))


def usual_folders() -> list[Path]:
    """Return the folders of the bundles in use, and the var folder if there is one."""
    from service.pipeline.lineup import demo_bundle  # noqa: PLC0415

    settings = Settings.load()
    found = [settings.bundle_path or demo_bundle(), *settings.challenger_paths]
    return [*found, *([settings.var_dir] if settings.var_dir.is_dir() else [])]


def _table(runs: list[Run]) -> str:
    """Return a line of figures a bundle, and below it what does not fit into a column."""
    cells = [_HEAD, *(_cells(run) for run in runs)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]
    told = [lines[0]]
    for run, line in zip(runs, lines[1:], strict=True):
        told += [line, *(f"    {more}" for more in _below(run))]
    return "\n".join(told)


def _cells(run: Run) -> tuple[str, ...]:
    return (
        run.bundle_id or _NOTHING,
        _day(run.created_at),
        _days(run.learned),
        _days(run.judged),
        _figure(run.average_precision),
        _figure(run.boosting),
        _figure(run.card_precision),
        _figure(run.threshold),
        _share(run.alert_rate),
        "intact" if run.refused is None else "refused",
    )


def _below(run: Run) -> list[str]:
    lines = [str(run.path)]
    if run.refused is not None:
        lines.append(f"refused: {run.refused}")
    if run.changed is not None:
        changed = ", ".join(f"{name} = {json.dumps(v)}" for name, v in run.changed.items())
        lines.append(f"configuration {run.name}: {changed or 'the defaults'}")
    if run.verdict is not None:
        lines.append(run.verdict)
    return lines


def _day(moment: str | None) -> str:
    return _NOTHING if moment is None else moment[:10]


def _days(span: tuple[str, str] | None) -> str:
    return _NOTHING if span is None else f"{_day(span[0])}..{_day(span[1])}"


def _figure(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return _NOTHING if value is None else f"{100 * value:.2f} %"
