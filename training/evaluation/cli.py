"""`penumbra evaluate`: candidates compared by a published protocol."""

from datetime import UTC, datetime
from pathlib import Path

import click
import numpy as np

from models.bundle import load_bundle
from models.errors import BadInput
from models.scorer import Scorer
from training.cli import load_mapping
from training.config import load_config
from training.evaluation.fidelity.flags import flagged
from training.evaluation.past import Files, Past, read_past
from training.evaluation.protocol import Fold, within
from training.evaluation.protocols import FOUR_WEEKS_MS, PROTOCOLS, Asked, Page
from training.options import FILE, payment_files
from training.progress import Bars, Tracker
from training.windows import DAY_MS

WARMUP_DAYS = 14


@click.command("evaluate")
@click.option("--protocol", type=click.Choice(list(PROTOCOLS)), default="handbook")
@click.option("--mapping", default="handbook", help="YAML file, or a packaged mapping.")
@payment_files
@click.option(
    "--judged-from",
    type=click.DateTime(["%Y-%m-%d"]),
    help="First of the four weeks judged at once; unset: the last four weeks of the data.",
)
@click.option(
    "--explanations",
    "explained",
    type=FILE,
    help="Compare ways to explain this bundle's flags in the weeks judged, in place of models.",
)
@click.option("--flags", default=300, show_default=True, help="Flags that are explained.")
@click.option("--seeds", default=5, show_default=True, help="Fits of what depends on a seed.")
@click.option("--jobs", default=2, show_default=True, help="Fits side by side, a core each.")
@click.option("--out", required=True, type=FILE, help="Folder of scores and report.")
def evaluate_command(
    protocol: str,
    data: Path,
    mapping: str,
    labels: Path | None,
    kinds: Path | None,
    rates: Path | None,
    config: Path | None,
    judged_from: datetime | None,
    explained: Path | None,
    flags: int,
    seeds: int,
    jobs: int,
    out: Path,
) -> None:
    """Compare models by the Fraud Detection Handbook's protocol, with intervals.

    With --explanations it compares ways to explain a bundle's flags instead.
    """
    settings, chosen = load_config(config), PROTOCOLS[protocol]
    with Bars() as bars:
        files = Files(data, labels, kinds, rates)
        past = read_past(files, load_mapping(mapping), settings, bars)
        occurred_ms = past.payments.occurred_ms
        begin_ms, end_ms = int(occurred_ms[0]), int(occurred_ms[-1]) + 1
        if explained is not None:
            from_ms = _ms(judged_from) or end_ms - FOUR_WEEKS_MS
            page = _explanations(explained, past, from_ms, flags, out, bars)
            _write(out, "explanations", page)
            return
        folds = chosen.folds(begin_ms + WARMUP_DAYS * DAY_MS, end_ms, _ms(judged_from))
        _check(folds, data, begin_ms, end_ms)
        past = past.until(max(fold.test.end_ms for fold in folds))
        page = chosen.answer(
            Asked(
                past=past,
                folds=folds,
                told=chosen.told,
                config=settings,
                by_hand=mapping == "handbook",
                seeds=seeds,
                jobs=jobs,
                folder=out / protocol,
                tracker=bars,
            )
        )
    _write(out, protocol, page)


def _explanations(
    bundle: Path, past: Past, from_ms: int, count: int, out: Path, tracker: Tracker
) -> Page:
    from training.evaluation.fidelity.compare import compare  # noqa: PLC0415 - it needs shap

    loaded = load_bundle(bundle)
    scorer = Scorer(loaded)
    flags = flagged(past, loaded, scorer, from_ms, count, tracker)
    found = compare(loaded, scorer, flags, out / "explanations", tracker)
    return Page(found.markdown(), found.to_json())


def _write(out: Path, name: str, page: Page) -> None:
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{name}.md").write_text(page.markdown)
    (out / f"{name}.json").write_text(page.json)
    click.echo(page.markdown)


def _ms(day: datetime | None) -> int | None:
    return None if day is None else round(day.replace(tzinfo=UTC).timestamp() * 1000)


def _check(folds: tuple[Fold, ...], data: Path, begin_ms: int, end_ms: int) -> None:
    if not within(folds, begin_ms, end_ms):
        begin = min(fold.short.start_ms for fold in folds)
        end = max(fold.test.start_ms for fold in folds)
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
