"""The network and the baselines on the same rows: all figures of each, and their differences."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from training.baselines import Table, fit_baselines
from training.config import TrainingConfig
from training.dataset import Dataset
from training.judging import Difference, Judgement, compare, judge_scores
from training.metrics import riskiest, sigmoid
from training.networks import FraudNetwork
from training.progress import Tracker
from training.report import ModelScores

NETWORK = "network"


@dataclass(frozen=True, eq=False)
class Contest:
    """What came of it: the network first, then the baselines, simplest first."""

    judgements: tuple[Judgement, ...]
    differences: tuple[Difference, ...]
    scores: tuple[ModelScores, ...]


def hold_contest(
    data: Dataset,
    rows: dict[str, npt.NDArray[np.int64]],
    network: FraudNetwork,
    log_odds: npt.NDArray[np.float32],
    flagged: npt.NDArray[np.bool_],
    seconds: float,
    config: TrainingConfig,
    tracker: Tracker,
) -> Contest:
    """Fit the baselines and judge all models on the judged window.

    `log_odds` and `flagged` (n,) are the network's there. A baseline's flags are as many of its
    riskiest payments.
    """
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
            name, probability, fraud,
            flagged if name == NETWORK else riskiest(probability, int(flagged.sum())),
            customers=customers, occurred_ms=data.rows.occurred_ms[index], genuine_share=share,
            seconds=took, rng=np.random.default_rng([config.seed, 4]),
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
    return Contest(judgements, tuple(differences), scores)


@torch.no_grad()
def _table(data: Dataset, rows: npt.NDArray[np.int64], network: FraudNetwork) -> Table:
    raw = data.features[rows]
    standardised = network.preprocessing(torch.from_numpy(raw)).numpy()
    return Table(raw, standardised, data.fraud[rows])
