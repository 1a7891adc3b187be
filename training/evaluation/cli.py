"""`penumbra evaluate`: candidates compared by a published protocol."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np

from models.errors import BadInput
from models.intake import Intake
from training.cli import KINDS_HELP, load_mapping
from training.config import TrainingConfig, load_config
from training.dataset import replayed_rows
from training.evaluation.material import Material, material
from training.evaluation.protocol import (
    Fold,
    development_folds,
    handbook_folds,
    last_weeks,
    long_fold,
)
from training.evaluation.report import markdown, table
from training.evaluation.run import run
from training.kinds import kind_column, kinds_of
from training.progress import Bars, Tracker
from training.source import file_sha256, labels_of, read_source
from training.truth import first_known_ms, truth
from training.windows import DAY_MS
from training.work import load_rates

WARMUP_DAYS = 14
_FILE = click.Path(path_type=Path)
PROTOCOLS: dict[str, tuple[str, Callable[[int, int], tuple[Fold, ...]]]] = {
    "handbook": (
        "the handbook's four folds, known cards removed",
        lambda begin_ms, _: handbook_folds(begin_ms),
    ),
    "development": (
        "four folds before the handbook's, known cards removed",
        lambda begin_ms, _: development_folds(begin_ms),
    ),
    "85-days": ("85 days, nobody removed", lambda begin_ms, _: (long_fold(begin_ms),)),
    "last-weeks": ("the last four weeks of the data, known cards removed", last_weeks),
}


@click.command("evaluate")
@click.option("--protocol", type=click.Choice(list(PROTOCOLS)), default="handbook")
@click.option("--data", required=True, type=_FILE, help="Payments: Parquet, CSV or JSON lines.")
@click.option("--mapping", default="handbook", help="YAML file, or a packaged mapping.")
@click.option("--labels", type=_FILE, help="Labels, when they are not a column of the data.")
@click.option("--kinds", type=_FILE, help=KINDS_HELP)
@click.option("--rates", type=_FILE, help="Daily exchange rates: a CSV of date,currency,rate.")
@click.option("--config", type=_FILE, help="TOML; unset: the defaults.")
@click.option("--seeds", default=5, show_default=True, help="Fits of what depends on a seed.")
@click.option("--jobs", default=2, show_default=True, help="Fits side by side, a core each.")
@click.option("--out", required=True, type=_FILE, help="Folder of scores and report.")
def evaluate_command(
    protocol: str,
    data: Path,
    mapping: str,
    labels: Path | None,
    kinds: Path | None,
    rates: Path | None,
    config: Path | None,
    seeds: int,
    jobs: int,
    out: Path,
) -> None:
    """Compare models by the Fraud Detection Handbook's protocol, with intervals."""
    settings = load_config(config)
    told, folds_of = PROTOCOLS[protocol]
    with Bars() as bars:
        given, identity = _material(Files(data, mapping, labels, kinds, rates), settings, bars)
        begin_ms, end_ms = int(given.occurred_ms[0]), int(given.occurred_ms[-1]) + 1
        folds = folds_of(begin_ms + WARMUP_DAYS * DAY_MS, end_ms)
        _check(folds, data, begin_ms, end_ms)
        scored = run(
            given, folds, settings, out / protocol,
            identity=identity, seeds=seeds, jobs=jobs, tracker=bars,
        )  # fmt: skip
        rows = table(given, scored, bars)
    page = markdown(rows, folds=told, seeds=seeds)
    (out / f"{protocol}.md").write_text(page)
    (out / f"{protocol}.json").write_text(json.dumps([asdict(row) for row in rows], indent=1))
    click.echo(page)


def _check(folds: tuple[Fold, ...], data: Path, begin_ms: int, end_ms: int) -> None:
    begin = min(fold.short.start_ms for fold in folds)
    end = max(fold.test.start_ms for fold in folds)
    if begin_ms > begin or end_ms <= end:
        has, needs = (
            f"{np.datetime64(one, 'm')} to {np.datetime64(other, 'm')}"
            for one, other in (
                (begin_ms // 60_000, end_ms // 60_000),
                (begin // 60_000, end // 60_000),
            )
        )
        raise BadInput(
            f"{data} has payments from {has}, this protocol learns and judges from {needs} and "
            "later: choose another --protocol"
        )


@dataclass(frozen=True)
class Files:
    """What an evaluation reads."""

    data: Path
    mapping: str
    labels: Path | None
    kinds: Path | None
    rates: Path | None

    @property
    def identity(self) -> str:
        """Digest of what scores depend on."""
        parts = [one for one in (self.data, self.labels, self.rates) if one is not None]
        return "-".join(file_sha256(one) for one in parts)


def _material(files: Files, config: TrainingConfig, tracker: Tracker) -> tuple[Material, str]:
    tracker.say(f"reading {files.data}")
    loaded = load_mapping(files.mapping)
    source = read_source(
        files.data,
        mapping=loaded,
        labels=files.labels,
        intake=Intake(
            rates=load_rates(files.rates, config.reporting_currency),
            id_formats=config.id_formats,
            attributes=frozenset(loaded.attributes),
        ),
        now_ms=round(datetime.now(UTC).timestamp() * 1000),
    )
    known = labels_of(source, loaded)
    currency = config.reporting_currency
    replayed = replayed_rows(source.transactions, known, source.attributes, currency, tracker)
    ids = replayed.rows.transaction_id
    fraud = truth(ids, known, known_by_ms=int(known.known_ms.max()))
    given = material(
        replayed,
        fraud,
        kind_column(ids, kinds_of(source, loaded, files.kinds)),
        first_known_ms(ids, known),
        attributes=source.attributes,
        currency=currency,
    )
    return given, files.identity
