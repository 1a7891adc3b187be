"""A training run from data to bundle; the steps in order, each in a module of its own."""

import io
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from training.audit import Audit
from training.baselines import Table, fit_baselines
from training.bundle import as_json, refuse_occupied, write_bundle
from training.config import TrainingConfig
from training.dataset import Dataset
from training.export import Parity, check_parity, export_network
from training.fitting import fit_again, fit_and_calibrate, score
from training.judging import Difference, Judgement, compare, decide, judge_scores
from training.kinds import found_of_ids
from training.metrics import sigmoid
from training.networks import FraudNetwork
from training.progress import Tracker
from training.reference import reference
from training.report import ModelScores, Run, datasheet, model_card, render_report
from training.segments import Segment, segments
from training.thresholds import risk_edges, threshold_for_share
from training.windows import DAY_MS, Window

NETWORK = "network"
BACKGROUND_ROWS = 100
_PARITY_ROWS = 20_000


@dataclass(frozen=True)
class Trained:
    """What a run leaves: a bundle in `path`, its report as data."""

    path: Path
    bundle_id: str
    report: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Judged:
    judgements: tuple[Judgement, ...]
    differences: tuple[Difference, ...]
    scores: tuple[ModelScores, ...]


def train(
    data: Dataset,
    audit: Audit,
    config: TrainingConfig,
    out: Path,
    *,
    data_facts: dict[str, Any],
    kinds: Mapping[str, str],
    now: datetime,
    tracker: Tracker,
) -> Trained:
    """Fit, judge, export and write. Raises TrainingRefused, and then nothing is written.

    `kinds` tells what frauds turned out to be, by transaction id: for the report alone.
    """
    refuse_occupied(out)
    begun = time.perf_counter()
    rows = {
        "train": data.within(data.windows.train),
        "validation": data.within(data.windows.validation),
        "judged": data.within(data.windows.judged),
    }
    part = {name: (data.features[index], data.fraud[index]) for name, index in rows.items()}
    fitted = fit_and_calibrate(part["train"], part["validation"], data.spec, config, tracker)
    seconds = time.perf_counter() - begun

    validated, _ = score(fitted.network, part["validation"][0])
    budget = config.threshold.share(len(validated) / data.windows.validation.days)
    threshold = threshold_for_share(validated, budget)
    edges = risk_edges(validated, part["validation"][1])
    judged_log_odds, judged_anomaly = score(fitted.network, part["judged"][0])
    shipped = fitted
    # Two fits on a thread each finish sooner than either on two threads after the other.
    with ThreadPoolExecutor(max_workers=1) as beside:
        judging = beside.submit(
            _judge, data, rows, fitted.network, judged_log_odds, seconds, config, tracker
        )
        if config.classifier.refit:
            everything = data.within(data.windows.everything)
            shipped = fit_again(
                (data.features[everything], data.fraud[everything]),
                fitted, data.spec, config, tracker,
            )  # fmt: skip
        judged = judging.result()
    graph, parity = _export(shipped.network, part["judged"][0], config)

    flagged = judged_log_odds >= np.float32(threshold)
    facts = {
        "name": config.name,
        "seed": config.seed,
        "features": len(data.spec.features),
        "windows": _window_facts(data),
        "epochs": fitted.epochs,
        "refit": config.classifier.refit,
        "ramps": shipped.bins,
        "threshold": {
            "log_odds": threshold,
            "probability": float(sigmoid(threshold)),
            "budget": budget,
            "alert_rate": float(flagged.mean()),
        },
        "seconds": {"network": seconds, "all": time.perf_counter() - begun},
        "data": data_facts,
        "config": config.model_dump(mode="json"),
    }
    run = Run(
        facts=facts,
        audit=audit,
        judgements=judged.judgements,
        differences=judged.differences,
        verdict=decide(judged.differences),
        segments=_segments(data, rows["judged"], flagged),
        parity=parity,
        history=fitted.validation_average_precision,
        fraud=part["judged"][1],
        scores=judged.scores,
        kinds=found_of_ids(
            data.rows.transaction_id[rows["judged"]], kinds, part["judged"][1],
            judged_log_odds, flagged,
        ),
    )  # fmt: skip
    report = run.to_json()
    tracker.say(run.verdict.why)
    identity = write_bundle(
        out,
        {
            "score.onnx": graph,
            "background.npy": as_npy(_background(data, rows["train"], config)),
            "risk_edges.npy": as_npy(edges),
            "reference.json": as_json(
                reference(data.spec.names, *part["judged"], judged_log_odds, judged_anomaly, edges)
            ),
            "report.json": as_json(report),
            "report.html": render_report(run).encode(),
            "card.md": model_card(run).encode(),
            "datasheet.md": datasheet(run, config.datasheet).encode(),
        },
        name=config.name,
        spec=data.spec,
        created_at=now,
        facts={
            "code_version": version("penumbra"),
            "tile": config.tile,
            "threshold": threshold,
            "alert_rate": budget,
            "base_rate": float(data.fraud[rows["train"]].mean()),
            "data": data_facts | {"windows": facts["windows"]},
            "config": facts["config"],
            "config_changed": config.changed(),
            "seed": config.seed,
            "metrics": report["models"][0],
            "verdict": report["verdict"],
        },
    )
    return Trained(out, identity, report)


def as_npy(array: npt.NDArray[Any]) -> bytes:
    """Bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _judge(
    data: Dataset,
    rows: dict[str, npt.NDArray[np.int64]],
    network: FraudNetwork,
    log_odds: npt.NDArray[np.float32],
    seconds: float,
    config: TrainingConfig,
    tracker: Tracker,
) -> _Judged:
    index = rows["judged"]
    fraud, customers = data.fraud[index], data.customers[index]
    candidates = [(NETWORK, sigmoid(log_odds), 1.0, seconds)]
    if config.baselines.enabled:
        tables = {name: _table(data, part, network) for name, part in rows.items()}
        candidates += [
            (one.name, one.judged, one.genuine_share, one.seconds)
            for one in fit_baselines(
                tables["train"], tables["validation"], tables["judged"], config.baselines,
                seed=config.seed, threads=config.threads, tracker=tracker,
            )
        ]  # fmt: skip
    judgements = tuple(
        judge_scores(
            name, probability, fraud, customers=customers,
            occurred_ms=data.rows.occurred_ms[index], genuine_share=share, seconds=took,
        )
        for name, probability, share, took in candidates
    )  # fmt: skip
    rng = np.random.default_rng([config.seed, 1])
    advance = tracker.task("comparison", len(candidates) - 1)
    differences = []
    for name, probability, _, _ in candidates[1:]:
        differences.append(compare(name, candidates[0][1], probability, fraud, customers, rng=rng))
        advance(1)
    scores = tuple(ModelScores(name, probability) for name, probability, _, _ in candidates)
    return _Judged(judgements, tuple(differences), scores)


@torch.no_grad()
def _table(data: Dataset, rows: npt.NDArray[np.int64], network: FraudNetwork) -> Table:
    raw = data.features[rows]
    standardised = network.preprocessing(torch.from_numpy(raw)).numpy()
    return Table(raw, standardised, data.fraud[rows])


def _export(
    network: FraudNetwork, features: npt.NDArray[np.float32], config: TrainingConfig
) -> tuple[bytes, Parity]:
    rng = np.random.default_rng([config.seed, 2])
    sample = np.sort(rng.choice(len(features), min(_PARITY_ROWS, len(features)), replace=False))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "score.onnx"
        export_network(network, path)
        parity = check_parity(network, path, features[sample], config.tile)
        return path.read_bytes(), parity


def _background(
    data: Dataset, train: npt.NDArray[np.int64], config: TrainingConfig
) -> npt.NDArray[np.float32]:
    """Genuine training rows that explanations compare with, (100, F)."""
    genuine = train[~data.fraud[train]]
    rng = np.random.default_rng([config.seed, 3])
    chosen = rng.choice(genuine, min(BACKGROUND_ROWS, len(genuine)), replace=False)
    rows: npt.NDArray[np.float32] = data.features[np.sort(chosen)]
    return rows


def _segments(
    data: Dataset, index: npt.NDArray[np.int64], flagged: npt.NDArray[np.bool_]
) -> tuple[Segment, ...]:
    names = data.spec.names
    history = (
        data.features[index, names.index("history_count")]
        if "history_count" in names
        else np.full(len(index), np.inf, np.float32)
    )
    return segments(data.rows.take(index), data.fraud[index], flagged, data.amount[index], history)


def _window_facts(data: Dataset) -> dict[str, Any]:
    windows = data.windows
    spans = {"warm-up": windows.warmup, "train": windows.train, "validation": windows.validation}
    if windows.test is not None:
        spans["test"] = windows.test
    return {
        "judged": "validation" if windows.test is None else "test",
        "gap_days": windows.gap_ms / DAY_MS,
        "spans": {name: _span_facts(data, window) for name, window in spans.items()},
    }


def _span_facts(data: Dataset, window: Window) -> dict[str, Any]:
    rows = data.within(window)
    frauds = int(data.fraud[rows].sum())
    return {
        "from": _moment(window.start_ms),
        "to": _moment(window.end_ms),
        "payments": len(rows),
        "frauds": frauds,
        "fraud_share": frauds / max(len(rows), 1),
    }


def _moment(epoch_ms: int) -> str:
    return f"{np.datetime64(epoch_ms, 'ms').astype('datetime64[m]')}Z"
