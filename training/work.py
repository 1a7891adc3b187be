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
from training.errors import ConfigRefused
from training.kinds import kinds_of
from training.pipeline import Trained, train
from training.progress import Tracker
from training.segments import SEGMENT_KEYS
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
    told_by = _told_by(mapping, config)
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
    found = audit(Subject.of(source, mapping, config.windows), tracker)
    for one in found.findings:
        if one.level in {"warning", "problem"}:
            tracker.say(f"{one.level}: {one.check}: {one.text}")
    tracker.say(f"audit: {found.verdict.fitness} ({'; '.join(found.verdict.reasons)})")
    dataset = build_dataset(source.transactions, known, source.attributes, config, tracker)
    with reproducible(config):
        return train(
            dataset,
            found,
            config,
            out,
            told_by=told_by,
            data_facts=data_facts(source, known, mapping, exchange),
            kinds=kinds_of(source, mapping, kinds),
            now=now,
            tracker=tracker,
        )


def _told_by(mapping: Mapping, config: TrainingConfig) -> tuple[str, ...]:
    """Return the attributes that figures are told by: groups, and categories that are named."""
    kinds = mapping.attributes
    fit = [name for name, kind in kinds.items() if kind in {"category", "group"}]
    for name in config.segments.attributes:
        if name not in fit:
            raise ConfigRefused(
                f"segments.attributes: {name} is no category or group of mapping {mapping.name}; "
                f"it declares {', '.join(fit) or 'none'}"
            )
    groups = [name for name in fit if kinds[name] == "group"]
    found = tuple(dict.fromkeys([*groups, *config.segments.attributes]))
    for name in SEGMENT_KEYS:
        if name in found:
            raise ConfigRefused(
                f"mapping {mapping.name}: figures are told by {name} already; give the attribute "
                "another name"
            )
    return found


def load_rates(path: Path | None, currency: str) -> Rates:
    """Return the rates of a file; without one only the reporting currency has a value."""
    return Rates.none(currency) if path is None else Rates.load(path, currency)
