"""A whole training run on files: read, audit, replay, train."""

from datetime import datetime
from pathlib import Path

from models.intake import Intake
from models.mapping import Mapping
from models.money import Rates
from training.arithmetic import reproducible
from training.audit import Subject, audit
from training.config import TrainingConfig
from training.data_facts import data_facts
from training.dataset import build_dataset
from training.kinds import kinds_of
from training.pipeline import Trained, train
from training.progress import Tracker
from training.source import before, labels_of, read_source


def run_training(
    data: Path,
    out: Path,
    *,
    config: TrainingConfig,
    mapping: Mapping,
    labels: Path | None,
    rates: Path | None,
    kinds: Path | None = None,
    now: datetime,
    tracker: Tracker,
) -> Trained:
    """Train on a file and write the bundle to `out`. Raises PenumbraError, one line.

    `kinds` names a file that tells what frauds turned out to be, for the report.
    """
    exchange = load_rates(rates, config.reporting_currency)
    tracker.say(f"reading {data}")
    source = read_source(
        data,
        mapping=mapping,
        labels=labels,
        intake=Intake(
            rates=exchange,
            id_formats=config.id_formats,
            attributes=frozenset(mapping.attributes),
        ),
        now_ms=round(now.timestamp() * 1000),
    )
    source = before(source, config.windows.until)
    known = labels_of(source, mapping)
    found = audit(Subject.of(source, mapping), tracker)
    for one in found.findings:
        if one.level in {"warning", "problem"}:
            tracker.say(f"{one.level}: {one.check}: {one.text}")
    dataset = build_dataset(source.transactions, known, source.attributes, config, tracker)
    with reproducible(config):
        return train(
            dataset,
            found,
            config,
            out,
            data_facts=data_facts(source, known, mapping, exchange),
            kinds=kinds_of(source, mapping, kinds),
            now=now,
            tracker=tracker,
        )


def load_rates(path: Path | None, currency: str) -> Rates:
    """Return the rates of a file; without one only the reporting currency has a value."""
    return Rates.none(currency) if path is None else Rates.load(path, currency)
