"""What a model costs to serve: time a score, time an explanation, size, memory.

Each is measured in a process of its own, on one core, one after the other, in processor time:
figures of one run stand beside each other, whatever else the machine does.
"""

import importlib
import json
import os
import pickle
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from models.bundle import load_bundle
from models.explainer import SWEEP, explainer_of
from models.scorer import Scorer
from training.evaluation.page import table_lines
from training.evaluation.pool import processes
from training.progress import Tracker

BATCH = 256
EXPLAINED_ROWS = 50
LEAST_S = 0.3
MEGABYTE = 1_000_000
COSTS = "costs.json"
Call = Callable[[Any], Any]


@dataclass(frozen=True)
class Cost:
    """What one model costs on one core.

    `batch_us` is the time a score in batches of 256, `single_us` alone; `explained_ms` the time
    an explanation by each method there is; `disk_mb` the model's files; `memory_mb` what a
    process grows by, at most, when it loads the model and scores with it, its libraries aside.
    """

    batch_us: float
    single_us: float
    explained_ms: Mapping[str, float]
    disk_mb: float
    memory_mb: float


@dataclass(frozen=True)
class _Loaded:
    score: Call
    explainers: Callable[[], Mapping[str, Call]]


def costs(folder: Path, names: Mapping[str, str], tracker: Tracker) -> dict[str, Cost]:
    """Measure the models of `names`, row of a table by its folder; what was measured is kept."""
    advance = tracker.task("models measured", len(names))
    found = {}
    with processes(1, tasks_each=1) as pool:
        for file, row in names.items():
            if not (folder / file / COSTS).exists():
                pool.submit(measure, folder / file).result()
            found[row] = Cost(**json.loads((folder / file / COSTS).read_text()))
            advance(1)
    return found


def measure(folder: Path) -> None:
    """Measure a model and write what was found. Run it in a new process."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    about = json.loads((folder / "about.json").read_text())
    if about["kind"] == "estimator":
        importlib.import_module(about["module"])
    with np.load(folder / "rows.npz") as kept:
        spread, riskiest = kept["spread"], kept["riskiest"]
    with _Growth() as growth:
        model = (_network if about["kind"] == "network" else _estimator)(folder, about)
        model.score(spread[:BATCH])
        model.score(spread[:1])
    batches = [spread[at : at + BATCH] for at in range(0, max(len(spread) - BATCH, 1), BATCH)]
    cost = Cost(
        batch_us=1e6 * _seconds(model.score, batches) / len(batches[0]),
        single_us=1e6 * _seconds(model.score, [row[None] for row in spread]),
        explained_ms={
            name: 1e3 * _seconds(explain, [row[None] for row in riskiest[:EXPLAINED_ROWS]])
            for name, explain in model.explainers().items()
        },
        disk_mb=_bytes(folder) / MEGABYTE,
        memory_mb=growth.found / MEGABYTE,
    )
    (folder / COSTS).write_text(json.dumps(asdict(cost)))


def _network(folder: Path, about: Mapping[str, Any]) -> _Loaded:
    del about
    bundle = load_bundle(folder / "bundle")
    scorer = Scorer(bundle)
    explainer = explainer_of(bundle, scorer)
    return _Loaded(scorer.score, lambda: {SWEEP: explainer.explain})


def _estimator(folder: Path, about: Mapping[str, Any]) -> _Loaded:
    model = pickle.loads((folder / "model.pickle").read_bytes())  # noqa: S301 - of the same run

    def explainers() -> Mapping[str, Call]:
        found: dict[str, Call] = {}
        if "pred_contrib" in about["trees"]:
            found["pred_contrib"] = lambda rows: model.predict(rows, pred_contrib=True)
        if "shap.TreeExplainer" in about["trees"]:
            import shap  # noqa: PLC0415 - four seconds, and only here

            warnings.filterwarnings("ignore", "LightGBM binary classifier", UserWarning)
            found["shap.TreeExplainer"] = shap.TreeExplainer(model).shap_values
        return found

    return _Loaded(model.predict_proba, explainers)


def _seconds(call: Call, arguments: list[Any]) -> float:
    """Return the median processor time of a call: what it takes on a core nobody else uses."""
    call(arguments[0])
    taken: list[float] = []
    while sum(taken) < LEAST_S:
        begun = time.process_time()
        call(arguments[len(taken) % len(arguments)])
        taken.append(time.process_time() - begun)
    return float(np.median(taken))


def _bytes(folder: Path) -> int:
    files = [folder / "model.pickle", *(folder / "bundle").glob("*")]
    return sum(file.stat().st_size for file in files if file.exists())


class _Growth:
    """How much the process's memory grew at most, bytes, as Linux counts it."""

    found: int = 0

    def __enter__(self) -> Self:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak of before
        self._before = _status("VmRSS")
        return self

    def __exit__(self, *error: object) -> None:
        self.found = _status("VmHWM") - self._before


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


def _explained(cost: Cost) -> str:
    told = (f"{ms:.2g} ({name})" for name, ms in cost.explained_ms.items())
    return "; ".join(told) or "its weights"


def costs_page(found: Mapping[str, Cost], seconds: Mapping[str, float]) -> str:
    """Return a table of what models cost, dearest to learn first, as Markdown."""
    head = ["on one core, in one run", "CPU s to learn", f"µs a score, {BATCH} at once"]
    head += ["µs a score, alone", "ms an explanation", "MB on disk", "MB of memory"]
    rows = [
        [
            row,
            f"{seconds[row]:.0f}",
            f"{cost.batch_us:.2f}",
            f"{cost.single_us:.0f}",
            _explained(cost),
            f"{cost.disk_mb:.2f}",
            f"{cost.memory_mb:.0f}",
        ]
        for row, cost in sorted(found.items(), key=lambda item: -seconds[item[0]])
    ]
    return "\n".join(table_lines(head, rows)) + "\n"
