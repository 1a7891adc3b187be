"""Fit every candidate on every fold, side by side, and keep the scores: a run can be resumed."""

import json
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from models.features import FeatureSpec
from training.config import TrainingConfig
from training.errors import TrainingRefused
from training.evaluation.candidates import Scores, Task, candidates
from training.evaluation.material import HANDBOOK, OURS, Material
from training.evaluation.protocol import Fold
from training.progress import Silent, Tracker


@dataclass(frozen=True)
class Fit:
    """One piece of work: a candidate, by its place among all, on a fold, with a seed."""

    fold: Fold
    candidate: int
    seed: int

    def path(self, folder: Path) -> Path:
        """Where its scores are kept."""
        return folder / f"{self.fold.name}.{self.candidate}.{self.seed}.npz"


@dataclass(frozen=True, eq=False)
class Scored:
    """Scores of the judged rows by row of the table and fold, a list over seeds; and seconds."""

    rows: Mapping[str, np.ndarray[tuple[int], np.dtype[np.int64]]]
    scores: Mapping[str, Mapping[str, Sequence[Scores]]]
    seconds: Mapping[str, float]


def run(
    given: Material,
    folds: Sequence[Fold],
    config: TrainingConfig,
    folder: Path,
    *,
    identity: str,
    seeds: int,
    jobs: int,
    tracker: Tracker,
) -> Scored:
    """Fit what is not in `folder` yet and return all scores.

    `identity` names the data; scores of other data, features or configuration are not taken up:
    raises TrainingRefused.
    """
    what = {"data": identity, "features": given.spec.sha256}
    _claim(folder, what | {"config": config.model_dump(mode="json", exclude={"datasheet"})})
    _keep(given, folder)
    every = candidates(config, seeds)
    fits = [
        Fit(fold, number, seed)
        for number, one in enumerate(every)
        for fold in folds
        for seed in range(one.seeds)
    ]
    missing = [fit for fit in fits if not fit.path(folder).exists()]
    missing.sort(key=lambda fit: -fit.candidate)  # the slow ones first
    advance = tracker.task("models fitted", len(fits))
    advance(len(fits) - len(missing))
    with ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=_begin, initargs=(folder, config, seeds)
    ) as pool:
        for done in as_completed([pool.submit(_fit, fit) for fit in missing]):
            done.result()
            advance(1)
    rows = {
        fold.name: fold.judged(given.occurred_ms, given.customers, given.fraud) for fold in folds
    }
    scores: dict[str, dict[str, list[Scores]]] = {}
    seconds: dict[str, list[float]] = {}
    for fit in fits:
        one = every[fit.candidate]
        with np.load(fit.path(folder)) as kept:
            for name in kept.files:
                if name == "seconds":
                    continue
                label = f"{name}, {one.view}"
                scores.setdefault(label, {}).setdefault(fit.fold.name, []).append(kept[name])
                seconds.setdefault(label, []).append(float(kept["seconds"]))
    return Scored(rows, scores, {name: float(np.mean(s)) for name, s in seconds.items()})


_ARRAYS = ("fraud", "customers", "occurred_ms", "amount", "kind", "known_ms")
_worker: tuple[Material, TrainingConfig, int, Path] | None = None


def _claim(folder: Path, what: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / "run.json"
    if mark.exists() and json.loads(mark.read_text()) != what:
        raise TrainingRefused(
            f"{folder} holds scores of other data, features or configuration; give another --out"
        )
    mark.write_text(json.dumps(what, indent=1, sort_keys=True))


def _keep(given: Material, folder: Path) -> None:
    for name, view in ((OURS, "ours"), (HANDBOOK, "handbook")):
        np.save(folder / f"{view}.npy", given.views[name])
    np.savez(folder / "rows.npz", **{name: getattr(given, name) for name in _ARRAYS})
    (folder / "spec.json").write_text(json.dumps(given.spec.to_json()))


def _begin(folder: Path, config: TrainingConfig, seeds: int) -> None:
    """Give a process the material, its large parts read as they are needed."""
    global _worker  # noqa: PLW0603 - what a process of the pool is given once
    with np.load(folder / "rows.npz") as kept:
        arrays = {name: kept[name] for name in _ARRAYS}
    views = {
        name: np.load(folder / f"{view}.npy", mmap_mode="r")
        for name, view in ((OURS, "ours"), (HANDBOOK, "handbook"))
    }
    spec = FeatureSpec.from_json(json.loads((folder / "spec.json").read_text()))
    _worker = (Material(views=views, spec=spec, **arrays), config, seeds, folder)


def _fit(fit: Fit) -> None:
    if _worker is None:
        raise RuntimeError("a process of the pool was not given its material")
    given, config, seeds, folder = _worker
    one = candidates(config, seeds)[fit.candidate]
    span = fit.fold.history if one.history else fit.fold.short
    learned = np.flatnonzero(span.mask(given.occurred_ms))
    judged = fit.fold.judged(given.occurred_ms, given.customers, given.fraud)
    view = given.views[one.view]
    begun = time.process_time()
    found = one.fit(
        Task(
            features=np.ascontiguousarray(view[learned]),
            fraud=given.taught(learned, fit.fold.test.start_ms),
            judged=np.ascontiguousarray(view[judged]),
            spec=given.spec if one.view == OURS else None,
            seed=fit.seed,
            tracker=Silent(),
        )
    )
    path = fit.path(folder)
    part = path.with_suffix(".part.npz")
    arrays: dict[str, Any] = {"seconds": np.array(time.process_time() - begun), **found}
    np.savez(part, **arrays)
    part.replace(path)
