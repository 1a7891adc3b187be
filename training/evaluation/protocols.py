"""Every protocol by name: which weeks it judges, what it asks, and the page it answers with."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from models.catalogue import KERNEL_VERSION
from training.config import TrainingConfig
from training.evaluation.candidates import NETWORK, candidates, label, shipped
from training.evaluation.costs import costs, costs_page
from training.evaluation.experiment import Experiment, World, everything
from training.evaluation.few_labels import (
    curve,
    few_labels_candidates,
    few_labels_page,
    few_labels_worlds,
)
from training.evaluation.headline import headline
from training.evaluation.headline_page import headline_page
from training.evaluation.material import OURS, Views
from training.evaluation.past import Past
from training.evaluation.protocol import (
    Fold,
    development_folds,
    four_weeks,
    handbook_folds,
    last_weeks,
    long_fold,
    shadow_weeks,
)
from training.evaluation.report import markdown, table
from training.evaluation.rivals import Span, rules_page, span_of, standings
from training.evaluation.rules import Column, columns, known_frauds
from training.evaluation.run import MODELS, Scored, run
from training.evaluation.unseen import (
    unseen_candidates,
    unseen_found,
    unseen_page,
    unseen_worlds,
)
from training.progress import Tracker
from training.windows import DAY_MS

FOUR_WEEKS_MS = 28 * DAY_MS
CONDITIONS = "conditions.npz"


@dataclass(frozen=True, eq=False)
class Asked:
    """What a protocol is asked on. With `by_hand` rules searched by hand join in."""

    past: Past
    folds: tuple[Fold, ...]
    told: str
    config: TrainingConfig
    by_hand: bool
    seeds: int
    jobs: int
    folder: Path
    tracker: Tracker


@dataclass(frozen=True)
class Page:
    """An answer to read, and the same as data."""

    markdown: str
    json: str


@dataclass(frozen=True)
class Protocol:
    """`folds` takes where learning may begin, where the data ends, and where judging shall begin.

    The last counts only where four weeks are judged at once.
    """

    told: str
    folds: Callable[[int, int, int | None], tuple[Fold, ...]]
    answer: Callable[[Asked], Page]


def _compare(asked: Asked) -> Page:
    page, data, _ = _compared(asked)
    return Page(page, _json(data))


def _four_weeks(asked: Asked) -> Page:
    page, data, scored = _compared(asked)
    fold = asked.folds[0]
    found, frontier = standings(
        *_spans(asked, fold),
        {name: runs[fold.name] for name, runs in scored.scores.items()},
        by_hand=asked.by_hand,
    )
    data |= {"rules": [asdict(one) for one in found], "frontier": [asdict(one) for one in frontier]}
    return Page(f"{page}\n{rules_page(found)}", _json(data))


def _compared(asked: Asked) -> tuple[str, dict[str, Any], Scored]:
    payments = asked.past.payments
    every = candidates(asked.config, asked.seeds)
    experiment = Experiment(payments, asked.folds, (everything(payments),), every, asked.folds[0])
    scored = _run(asked, experiment)["all"]
    rows = table(payments, scored, asked.tracker)
    spent = costs(
        asked.folder / MODELS, {one.file: one.label for one in every if one.history}, asked.tracker
    )
    page = markdown(rows, folds=asked.told, seeds=asked.seeds)
    data = {
        "rows": [asdict(row) for row in rows],
        "costs": {name: asdict(cost) for name, cost in spent.items()},
    }
    return f"{page}\n{costs_page(spent, scored.seconds)}", data, scored


def _unseen(asked: Asked) -> Page:
    payments = asked.past.payments
    experiment = Experiment(
        payments,
        asked.folds,
        unseen_worlds(payments, asked.folds),
        unseen_candidates(asked.config, asked.seeds),
    )
    found, worth = unseen_found(payments, _run(asked, experiment), asked.tracker)
    data = {"found": [asdict(one) for one in found], "worth": [asdict(one) for one in worth]}
    return Page(f"Judged on {asked.told}. {unseen_page(found, worth)}", _json(data))


def _few_labels(asked: Asked) -> Page:
    payments, fold = asked.past.payments, asked.folds[0]
    worlds = few_labels_worlds(payments, fold, asked.seeds)
    experiment = Experiment(payments, asked.folds, worlds, few_labels_candidates(asked.config))
    points = curve(payments, worlds, _run(asked, experiment), fold, asked.tracker)
    page = few_labels_page(points, draws=asked.seeds)
    return Page(
        f"Judged on {asked.told}. {page}", _json({"points": [asdict(one) for one in points]})
    )


def _headline(asked: Asked) -> Page:
    payments, fold = asked.past.payments, asked.folds[0]
    every = (shipped(asked.config, asked.seeds),)
    scored = _run(asked, Experiment(payments, asked.folds, (everything(payments),), every))["all"]
    learned, shadowed = _spans(asked, fold, known_frauds(payments))
    runs = scored.scores[label(NETWORK)][fold.name]
    found = headline(
        learned,
        shadowed,
        np.mean(runs, axis=0),
        fold.told_ms,
        asked.tracker,
        by_hand=asked.by_hand,
    )
    return Page(headline_page(found, seeds=asked.seeds), _json(asdict(found)))


def _run(asked: Asked, experiment: Experiment) -> dict[str, Scored]:
    wanted = frozenset(one.view for one in experiment.candidates)

    def replay(world: World) -> Views:
        return asked.past.views(world.told, wanted, asked.tracker)

    claim = {
        "data": asked.past.identity,
        "kernel": KERNEL_VERSION,
        "until": int(asked.past.payments.occurred_ms[-1]),
        "kinds": sha256(asked.past.payments.kind.tobytes()).hexdigest(),
        "config": asked.config.model_dump(mode="json"),
    }
    return run(
        experiment, replay, asked.folder, claim=claim, jobs=asked.jobs, tracker=asked.tracker
    )


def _spans(asked: Asked, fold: Fold, more: dict[str, Column] | None = None) -> tuple[Span, Span]:
    """Return the weeks learned from and those judged, with what rules are made of."""
    payments = asked.past.payments
    kept = asked.folder / CONDITIONS
    if not kept.exists():
        views = asked.past.views(np.ones(len(payments), bool), frozenset(), asked.tracker)
        np.savez(kept, **columns(payments, views.matrices[OURS], views.spec))  # type: ignore[arg-type]
    with np.load(kept) as found:
        made: dict[str, Column] = dict(found) | (more or {})
    judged = fold.judged(payments.occurred_ms, payments.customers, payments.fraud)
    learned = np.flatnonzero(fold.history.mask(payments.occurred_ms))
    return span_of(payments, made, learned), span_of(payments, made, judged)


def _at_once(begin_ms: int, end_ms: int, judged_ms: int | None) -> tuple[Fold, ...]:
    return (four_weeks(begin_ms, end_ms - FOUR_WEEKS_MS if judged_ms is None else judged_ms),)


def _shadowed(begin_ms: int, end_ms: int, judged_ms: int | None) -> tuple[Fold, ...]:
    return (shadow_weeks(begin_ms, end_ms - FOUR_WEEKS_MS if judged_ms is None else judged_ms),)


def _json(data: Any) -> str:
    return json.dumps(data, indent=1)


AT_ONCE = "four weeks at once, nobody removed"
PROTOCOLS = {
    "handbook": Protocol(
        "the handbook's four folds, known cards removed",
        lambda begin_ms, _, __: handbook_folds(begin_ms),
        _compare,
    ),
    "development": Protocol(
        "four folds before the handbook's, known cards removed",
        lambda begin_ms, _, __: development_folds(begin_ms),
        _compare,
    ),
    "85-days": Protocol(
        "85 days, nobody removed", lambda begin_ms, _, __: (long_fold(begin_ms),), _compare
    ),
    "last-weeks": Protocol(
        "the last four weeks of the data, known cards removed",
        lambda begin_ms, end_ms, _: last_weeks(begin_ms, end_ms),
        _compare,
    ),
    "four-weeks": Protocol(AT_ONCE, _at_once, _four_weeks),
    "headline": Protocol(
        "four weeks at once, nobody removed, thresholds fixed in the week before",
        _shadowed,
        _headline,
    ),
    "unseen-kinds": Protocol(AT_ONCE, _at_once, _unseen),
    "few-labels": Protocol(AT_ONCE, _at_once, _few_labels),
}
