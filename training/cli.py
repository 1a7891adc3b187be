"""`penumbra train` and `penumbra audit`: the shell around pure steps."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from models.errors import MappingError
from models.files import read_table
from models.intake import Intake
from models.mapping import Mapping
from models.money import Rates
from models.suggestion import suggestion
from training.bundle import refuse_occupied
from training.config import load_config
from training.options import FILE, payment_files
from training.progress import Bars
from training.source import read_source


@click.command("train")
@click.option("--mapping", default="canonical", help="YAML file, or handbook, ulb, canonical.")
@payment_files
@click.option("--out", required=True, type=FILE, help="Folder of the bundle; must not hold one.")
def train_command(
    data: Path,
    mapping: str,
    labels: Path | None,
    kinds: Path | None,
    rates: Path | None,
    config: Path | None,
    out: Path,
) -> None:
    """Train a model on a file and write its bundle with a report."""
    from training.work import run_training  # noqa: PLC0415 - an audit need not wait for torch

    settings = load_config(config)
    refuse_occupied(out)
    with Bars() as bars:
        done = run_training(
            data,
            out,
            config=settings,
            mapping=load_mapping(mapping),
            labels=labels,
            rates=rates,
            kinds=kinds,
            now=datetime.now(UTC),
            tracker=bars,
        )
    model = done.report["models"][0]["detection"]
    click.echo(
        f"{done.bundle_id} in {done.path}: average precision {model['average_precision']:.3f} on "
        f"the {done.report['windows']['judged']} window; see {done.path / 'report.html'}"
    )


@click.command("audit")
@click.argument("file", type=FILE)
@click.option("--mapping", default="canonical", help="YAML file, or handbook, ulb, canonical.")
@click.option("--labels", type=FILE, help="Labels, when they are not a column of the data.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--html", type=FILE, help="Write a page with pictures to this file.")
@click.option("--suggest-mapping", is_flag=True, help="Print a mapping for this file, and stop.")
def audit_command(
    file: Path,
    mapping: str,
    labels: Path | None,
    html: Path | None,
    *,
    as_json: bool,
    suggest_mapping: bool,
) -> None:
    """Say whether a file of payments is fit to train on."""
    now = datetime.now(UTC)
    if suggest_mapping:
        click.echo(suggestion(read_table(file), file.name, now), nl=False)
        return
    # A suggestion needs no pictures, so it works where the training extra is not installed.
    from training.audit import Subject, audit  # noqa: PLC0415
    from training.audit.page import render_audit  # noqa: PLC0415
    from training.audit.told import told  # noqa: PLC0415

    loaded = load_mapping(mapping)
    with Bars() as bars:
        intake = Intake(rates=Rates.none("EUR"), attributes=frozenset(loaded.attributes))
        try:
            source = read_source(
                file,
                mapping=loaded,
                labels=labels,
                intake=intake,
                now_ms=round(now.timestamp() * 1000),
            )
        except MappingError as error:
            raise MappingError(
                f"{error}; `penumbra audit {file} --suggest-mapping` writes one for this file"
            ) from None
        found = audit(Subject.of(source, loaded), bars)
    if html is not None:
        html.write_text(render_audit(found, file.name), encoding="utf-8")
    coloured = sys.stdout.isatty()
    click.echo(json.dumps(found.to_json(), indent=1) if as_json else told(found, coloured=coloured))


def load_mapping(name: str) -> Mapping:
    """Load a mapping; its hashes are keyed by PENUMBRA_TOKENISATION_KEY."""
    key = os.environ.get("PENUMBRA_TOKENISATION_KEY")
    return Mapping.load(name, key.encode() if key else None)
