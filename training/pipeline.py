"""A training run from data to bundle; the steps in order, each in a module of its own."""

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

from training.audit import Audit
from training.background import CANDIDATES, background, genuine_rows
from training.bundle import as_json, as_npy, refuse_occupied, write_bundle
from training.config import TrainingConfig
from training.contest import hold_contest
from training.dataset import Dataset
from training.explanation_files import explanation_files
from training.export import Parity, check_parity, export_network
from training.fitting import Fitted, calibrate_again, fit_and_calibrate, fit_for, score
from training.flagging import Scored, choose_rule, flagging
from training.judging import decide
from training.kinds import found_of_ids
from training.networks import FraudNetwork
from training.progress import Tracker
from training.reference import reference
from training.report import Run, datasheet, model_card, render_report
from training.report.overall import overall
from training.report.shap_plots import drawn
from training.segments import Keys, Segments, segment_keys, segments
from training.thresholds import risk_edges
from training.window_facts import window_facts
from training.windows import Window

_PARITY_ROWS = 20_000


@dataclass(frozen=True)
class Trained:
    """What a run leaves: a bundle in `path`, its report as data."""

    path: Path
    bundle_id: str
    report: dict[str, Any]


def train(
    data: Dataset,
    audit: Audit,
    config: TrainingConfig,
    out: Path,
    *,
    told_by: tuple[str, ...],
    data_facts: dict[str, Any],
    kinds: Mapping[str, str],
    now: datetime,
    tracker: Tracker,
) -> Trained:
    """Fit, judge, export and write; `told_by` are attributes that figures are also told by.

    `kinds` tells what frauds turned out to be, by transaction id: for the report alone. Raises
    TrainingRefused, and then nothing is written.
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
    fixed_on = _scored(data, data.windows.validation, rows["validation"], validated)
    rule = choose_rule(fixed_on, config.threshold)
    edges = risk_edges(validated, part["validation"][1])
    judged_log_odds, judged_anomaly = score(fitted.network, part["judged"][0])
    judged_on = _scored(data, data.windows.judged, rows["judged"], judged_log_odds)
    flagged = rule.flags(judged_on)
    shipped = fitted
    # Two fits on a thread each finish sooner than either on two threads after the other.
    with ThreadPoolExecutor(max_workers=1) as beside:
        judging = beside.submit(
            hold_contest,
            data, rows, fitted.network, judged_log_odds, flagged, seconds, config, tracker,
        )  # fmt: skip
        if config.classifier.refit:
            shipped = _refit(data, part["judged"], fitted, config, tracker)
        contest = judging.result()
    graph, parity = _export(shipped.network, part["judged"][0], config)
    genuine = part["train"][0][genuine_rows(part["train"][1], CANDIDATES, config.seed)]

    facts = {
        "name": config.name,
        "seed": config.seed,
        "features": len(data.spec.features),
        "windows": window_facts(data),
        "epochs": fitted.epochs,
        "refit": config.classifier.refit,
        "ramps": shipped.bins,
        "seconds": {"network": seconds, "all": time.perf_counter() - begun},
        "data": data_facts,
        "config": config.model_dump(mode="json"),
    }
    model = {
        "score.onnx": graph,
        **explanation_files(shipped.network, data.spec, genuine, config.seed),
        "background.npy": as_npy(background(*part["train"], config.seed)),
        "risk_edges.npy": as_npy(edges),
        "reference.json": as_json(
            reference(data.spec.names, *part["judged"], judged_log_odds, judged_anomaly, edges)
        ),
    }
    reading = {"tile": config.tile, "threshold": rule.log_odds, "threshold_at_risk": rule.at_risk}
    whole = overall(
        model, reading, data.spec, part["judged"][0], flagged, part["judged"][1],
        _keys(data, rows["judged"], told_by), np.random.default_rng([config.seed, 6]),
    )  # fmt: skip
    run = Run(
        facts=facts,
        audit=audit,
        judgements=contest.judgements,
        differences=contest.differences,
        verdict=decide(contest.differences),
        flagging=flagging(rule, fixed_on, judged_on, rng=np.random.default_rng([config.seed, 5])),
        segments=_segments(data, rows["judged"], flagged, told_by),
        parity=parity,
        history=fitted.validation_average_precision,
        fraud=part["judged"][1],
        scores=contest.scores,
        kinds=found_of_ids(
            data.rows.transaction_id[rows["judged"]], kinds, part["judged"][1],
            judged_log_odds, flagged,
        ),
        overall=whole,
    )  # fmt: skip
    report = run.to_json()
    pictures = drawn(whole)
    tracker.say(run.verdict.why)
    identity = write_bundle(
        out,
        {
            **model,
            **pictures,
            "report.json": as_json(report),
            "report.html": render_report(run, pictures).encode(),
            "card.md": model_card(run).encode(),
            "datasheet.md": datasheet(run, config.datasheet).encode(),
        },
        name=config.name,
        spec=data.spec,
        created_at=now,
        facts={
            "code_version": version("penumbra"),
            **reading,
            "alert_rate": run.flagging.fixed.figures.alert_rate.value,
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


def _refit(
    data: Dataset,
    judged: tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]],
    fitted: Fitted,
    config: TrainingConfig,
    tracker: Tracker,
) -> Fitted:
    """Fit again on all windows; a test window first serves to calibrate a network before it."""
    calibration = fitted.network.calibration
    if data.windows.test is not None:
        index = data.within(data.windows.before_test)
        calibration = calibrate_again(
            (data.features[index], data.fraud[index]), judged, fitted.epochs,
            data.spec, config, tracker,
        )  # fmt: skip
    index = data.within(data.windows.everything)
    everything = (data.features[index], data.fraud[index])
    return fit_for(everything, fitted.epochs, calibration, data.spec, config, tracker)


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


def _scored(
    data: Dataset,
    window: Window,
    index: npt.NDArray[np.int64],
    log_odds: npt.NDArray[np.float32],
) -> Scored:
    return Scored(
        log_odds, data.fraud[index], data.amount[index], data.customers[index], window.days
    )


def _segments(
    data: Dataset,
    index: npt.NDArray[np.int64],
    flagged: npt.NDArray[np.bool_],
    told_by: tuple[str, ...],
) -> Segments:
    keys = _keys(data, index, told_by)
    amount = data.amount[index]
    return segments(keys, data.fraud[index], flagged, amount, data.customers[index])


def _keys(data: Dataset, index: npt.NDArray[np.int64], told_by: tuple[str, ...]) -> Keys:
    names = data.spec.names
    history = (
        data.features[index, names.index("history_count")]
        if "history_count" in names
        else np.full(len(index), np.inf, np.float32)
    )
    return segment_keys(data.rows.take(index), data.amount[index], history, told_by)
