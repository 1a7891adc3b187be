"""Fit every candidate on every fold, side by side, and keep the scores: a run can be resumed."""

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.features import FeatureSpec
from training.errors import TrainingRefused
from training.evaluation.candidates import Task, label
from training.evaluation.experiment import Experiment, Fit, World
from training.evaluation.learned import Scores
from training.evaluation.material import HANDBOOK, OURS, Payments, Views
from training.evaluation.pool import processes
from training.progress import Silent, Tracker

MODELS = "models"
SAMPLE_ROWS = 4096
Rows = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of the judged rows by row of the table and fold, a list over seeds; and seconds."""

    rows: Mapping[str, Rows]
    scores: Mapping[str, Mapping[str, Sequence[Scores]]]
    seconds: Mapping[str, float]


def run(
    experiment: Experiment,
    replay: Callable[[World], Views],
    folder: Path,
    *,
    claim: Mapping[str, Any],
    jobs: int,
    tracker: Tracker,
) -> dict[str, Scored]:
    """Fit what is not in `folder` yet and return all scores, by world.

    `claim` says what the scores are of; scores of anything else are not taken up: raises
    TrainingRefused. Features are made for a world at a time, and only if it lacks a fit.
    """
    _claim(folder, claim)
    np.savez(folder / "payments.npz", **_arrays(experiment.payments))
    total = sum(len(experiment.fits(world)) for world in experiment.worlds)
    advance = tracker.task("models fitted", total)
    with processes(jobs) as pool:
        for world in experiment.worlds:
            fits = experiment.fits(world)
            here = folder / world.folder
            missing = [fit for fit in fits if not (here / fit.file).exists()]
            advance(len(fits) - len(missing))
            if not missing:
                continue
            _keep(replay(world), world, here)
            for done in as_completed(
                [pool.submit(_fit, folder, fit, world.seed, _kept(experiment, fit))
                 for fit in missing]
            ):  # fmt: skip
                done.result()
                advance(1)
            for name in VIEW_FILES.values():
                (here / name).unlink(missing_ok=True)
    return {world.name: _scored(experiment, world, folder) for world in experiment.worlds}


VIEW_FILES = {OURS: "ours.npy", HANDBOOK: "handbook.npy"}


def _claim(folder: Path, what: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / "run.json"
    if mark.exists() and json.loads(mark.read_text()) != what:
        raise TrainingRefused(
            f"{folder} holds scores of other data, features or configuration; give another --out"
        )
    mark.write_text(json.dumps(what, indent=1, sort_keys=True))


def _keep(views: Views, world: World, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, matrix in views.matrices.items():
        np.save(folder / VIEW_FILES[name], matrix)
    np.savez(folder / "known.npz", told=world.told, usable=world.usable)
    (folder / "spec.json").write_text(json.dumps(views.spec.to_json()))


def _kept(experiment: Experiment, fit: Fit) -> bool:
    return fit.fold == experiment.measured and fit.seed == 0


def _fit(folder: Path, fit: Fit, more_seed: int, keep: bool) -> None:  # noqa: FBT001 - a fact
    here = folder / fit.folder
    with np.load(folder / "payments.npz") as kept:
        payments = Payments(**dict(kept))
    with np.load(here / "known.npz") as kept:
        told, usable = kept["told"], kept["usable"]
    matrix = np.load(here / VIEW_FILES[fit.candidate.view], mmap_mode="r")
    spec = FeatureSpec.from_json(json.loads((here / "spec.json").read_text()))
    span = fit.fold.history if fit.candidate.history else fit.fold.short
    open_ = span.mask(payments.occurred_ms) & usable
    learned, unlabelled = np.flatnonzero(open_ & told), np.flatnonzero(open_ & ~told)
    judged = fit.fold.judged(payments.occurred_ms, payments.customers, payments.fraud)
    task = Task(
        features=np.ascontiguousarray(matrix[learned]),
        fraud=payments.taught(learned, fit.fold.told_ms),
        unlabelled=np.ascontiguousarray(matrix[unlabelled]),
        spec=spec if fit.candidate.view == OURS else None,
        seed=fit.seed + more_seed,
        tracker=Silent(),
    )
    rows = np.ascontiguousarray(matrix[judged])
    begun = time.process_time()
    model = fit.candidate.learn(task)
    seconds = time.process_time() - begun
    found = model.scores(rows)
    if keep:
        _keep_model(folder / MODELS / fit.candidate.file, model, rows)
    path = here / fit.file
    part = path.with_suffix(".part.npz")
    arrays: dict[str, Any] = {"seconds": np.array(seconds), **found}
    np.savez(part, **arrays)
    part.replace(path)


def _keep_model(folder: Path, model: Any, judged: np.ndarray[Any, Any]) -> None:
    """Write a model, and rows to measure it on: the riskiest, and others evenly spread."""
    shutil.rmtree(folder, ignore_errors=True)
    model.keep(folder)
    first = next(iter(model.scores(judged).values()))
    riskiest = np.argsort(-first, kind="stable")[:SAMPLE_ROWS]
    np.savez(
        folder / "rows.npz",
        riskiest=judged[riskiest[:100]],
        spread=judged[:: max(1, len(judged) // SAMPLE_ROWS)][:SAMPLE_ROWS],
    )


def _scored(experiment: Experiment, world: World, folder: Path) -> Scored:
    payments = experiment.payments
    rows = {
        fold.name: fold.judged(payments.occurred_ms, payments.customers, payments.fraud)
        for fold in experiment.folds
    }
    scores: dict[str, dict[str, list[Scores]]] = {}
    seconds: dict[str, list[float]] = {}
    for fit in sorted(experiment.fits(world), key=lambda fit: (fit.fold.name, fit.seed)):
        with np.load(folder / world.folder / fit.file) as kept:
            for name in kept.files:
                if name == "seconds":
                    continue
                row = label(name, fit.candidate.view)
                scores.setdefault(row, {}).setdefault(fit.fold.name, []).append(kept[name])
                seconds.setdefault(row, []).append(float(kept["seconds"]))
    return Scored(rows, scores, {name: float(np.mean(s)) for name, s in seconds.items()})


def _arrays(payments: Payments) -> dict[str, Any]:
    return {name: getattr(payments, name) for name in payments.__dataclass_fields__}
