"""`penumbra train` and `penumbra audit`: the shell around pure steps."""

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from models.intake import Intake
from models.mapping import Mapping
from models.money import Rates
from training.audit import Audit, Subject, audit
from training.bundle import refuse_occupied
from training.config import load_config
from training.progress import Bars
from training.source import read_source
from training.work import run_training

_FILE = click.Path(path_type=Path)
KINDS_HELP = "What frauds turned out to be (transaction_id, typology): for figures, never an input."


@click.command("train")
@click.option("--data", required=True, type=_FILE, help="Payments: Parquet, CSV or JSON lines.")
@click.option("--mapping", default="canonical", help="YAML file, or handbook, ulb, canonical.")
@click.option("--labels", type=_FILE, help="Labels, when they are not a column of the data.")
@click.option("--kinds", type=_FILE, help=KINDS_HELP)
@click.option("--rates", type=_FILE, help="Daily exchange rates: a CSV of date,currency,rate.")
@click.option("--config", type=_FILE, help="TOML; see docs/training.md. Unset: the defaults.")
@click.option("--out", required=True, type=_FILE, help="Folder of the bundle; must not hold one.")
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
@click.argument("file", type=_FILE)
@click.option("--mapping", default="canonical", help="YAML file, or handbook, ulb, canonical.")
@click.option("--labels", type=_FILE, help="Labels, when they are not a column of the data.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def audit_command(file: Path, mapping: str, labels: Path | None, *, as_json: bool) -> None:
    """Say whether a file of payments is fit to train on."""
    loaded = load_mapping(mapping)
    with Bars() as bars:
        intake = Intake(rates=Rates.none("EUR"), attributes=frozenset(loaded.attributes))
        now_ms = round(datetime.now(UTC).timestamp() * 1000)
        source = read_source(file, mapping=loaded, labels=labels, intake=intake, now_ms=now_ms)
        found = audit(Subject.of(source, loaded), bars)
    click.echo(json.dumps(found.to_json(), indent=1) if as_json else _told(found))


def load_mapping(name: str) -> Mapping:
    """Load a mapping; its hashes are keyed by PENUMBRA_TOKENISATION_KEY."""
    key = os.environ.get("PENUMBRA_TOKENISATION_KEY")
    return Mapping.load(name, key.encode() if key else None)


def _told(found: Audit) -> str:
    width = max(len(one.check) for one in found.findings)
    colour = {"good": "green", "note": "blue", "warning": "yellow", "problem": "red"}
    return "\n".join(
        f"{click.style(f'{one.level:<8}', fg=colour[one.level] if sys.stdout.isatty() else None)}"
        f" {one.check:<{width}}  {one.text}"
        for one in found.findings
    )
