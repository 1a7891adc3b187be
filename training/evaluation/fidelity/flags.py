"""The flags of a file by a bundle, and what boosting learns from to flag as many."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.bundle import Bundle
from models.errors import BadInput
from models.scorer import Scorer
from training.dataset import replayed_rows
from training.evaluation.past import Past
from training.progress import Tracker

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Flagged:
    """Features of flags (n, F), and of all payments before the judged ones with their truth."""

    flags: Matrix
    found: int
    judged: Matrix
    learned: Matrix
    fraud: npt.NDArray[np.bool_]


def flagged(
    past: Past, bundle: Bundle, scorer: Scorer, judged_ms: int, count: int, tracker: Tracker
) -> Flagged:
    """Return `count` flags, evenly spread over those since a moment.

    Raises BadInput where the bundle flags nothing there.
    """
    replayed = replayed_rows(
        past.transactions, past.labels, bundle.spec.attributes, past.currency, tracker
    )
    features = bundle.spec.select(replayed.features)
    payments = past.payments
    judged = features[payments.occurred_ms >= judged_ms]
    flags = judged[scorer.score(judged).log_odds >= bundle.threshold]
    if not len(flags):
        raise BadInput(
            f"bundle {bundle.bundle_id} flags none of {len(judged)} payments; give an earlier "
            "--judged-from, or data it flags something of"
        )
    before = np.flatnonzero(payments.occurred_ms < judged_ms)
    return Flagged(
        flags=flags[spread(len(flags), count)],
        found=len(flags),
        judged=judged,
        learned=features[before],
        fraud=payments.taught(before, judged_ms),
    )


def spread(rows: int, count: int) -> npt.NDArray[np.int64]:
    """Return at most `count` of so many rows, evenly spread from first to last."""
    found: npt.NDArray[np.int64] = np.unique(np.linspace(0, rows - 1, count).astype(np.int64))
    return found
