"""Average precision of the streamed scores, week by week, beside LightGBM on the same features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loadtest.results import Figure

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from loadtest.bars.material import Material

DAY_MS = 86_400_000
WEEK = 7
WARM_UP_DAYS = 35
ROUNDS = 400
ABOUT = (0.75, 0.80)
"""What is expected of any good model of these features: known cards removed, nobody removed."""
GIVE_OR_TAKE = 0.01
"""So much one week's average precision moves by chance."""


def average_precision(fraud: NDArray[np.bool_], score: NDArray[np.float64]) -> float:
    """Return the area under the precision-recall steps; ties count together.

    AP = sum over thresholds of (recall step) * precision (as scikit-learn defines it).
    """
    order = np.argsort(-score, kind="stable")
    hits = fraud[order].astype(np.float64)
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    found = np.cumsum(hits)[ends]
    precision = found / (ends + 1)
    recall = found / found[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def handbook_mask(
    occurred_ms: NDArray[np.int64],
    customer: NDArray[np.object_],
    fraud: NDArray[np.bool_],
    week_ms: int,
) -> NDArray[np.bool_]:
    """Return the rows of a test week that the handbook's protocol keeps.

    Cards with a fraud known by then are removed: those with one in the training week, which
    begins 14 days earlier, and day by day those with one 7 days and more before.
    """
    train_ms = week_ms - 2 * WEEK * DAY_MS
    day = (occurred_ms - train_ms) // DAY_MS
    known = set(customer[(day >= 0) & (day < WEEK) & fraud])
    keep = np.zeros(len(occurred_ms), bool)
    for ahead in range(WEEK):
        known |= set(customer[(day == WEEK + ahead - 1) & fraud])
        rows = np.flatnonzero(day == 2 * WEEK + ahead)
        keep[rows] = [c not in known for c in customer[rows]]
    return keep


def boosted(
    material: Material, expected: NDArray[np.float32], trained_until_ms: int
) -> NDArray[np.float64]:
    """Return LightGBM's scores of all rows, learned on the same features up to a time."""
    import lightgbm  # noqa: PLC0415 - of the training extra, needed here alone

    occurred = material.rows.occurred_ms
    begin = occurred.min() + WARM_UP_DAYS * DAY_MS
    rows = (occurred >= begin) & (occurred < trained_until_ms)
    varies = expected[rows].std(axis=0) > 0
    model = lightgbm.LGBMClassifier(
        n_estimators=ROUNDS,
        learning_rate=0.03,
        num_leaves=15,
        min_child_samples=100,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.4,
        reg_lambda=5.0,
        max_bin=1023,
        n_jobs=2,
        random_state=0,
        verbose=-1,
    )
    model.fit(expected[rows][:, varies], material.fraud[rows])
    scores = np.zeros(len(occurred))
    judged = material.streamed
    scores[judged] = model.predict_proba(expected[judged][:, varies])[:, 1]
    return scores


def weekly(
    material: Material,
    streamed: NDArray[np.float64],
    boosting: NDArray[np.float64],
    first_week_ms: int,
) -> list[Figure]:
    """Return the figures of four weeks and their means, with and without removal."""
    occurred, customer = material.rows.occurred_ms, material.rows.customer_id
    table = []
    for week in range(4):
        begin = first_week_ms + week * WEEK * DAY_MS
        everyone = (occurred >= begin) & (occurred < begin + WEEK * DAY_MS)
        kept = handbook_mask(occurred, customer, material.fraud, begin)
        table.append(
            [
                average_precision(material.fraud[rows], scores[rows])
                for rows in (kept, everyone)
                for scores in (streamed, boosting)
            ]
        )
    figures = [
        Figure(
            f"average precision, week {week + 1}: known cards removed / nobody removed",
            f"{row[0]:.3f} / {row[2]:.3f} (LightGBM {row[1]:.3f} / {row[3]:.3f})",
            "beside LightGBM",
            met=True,
        )
        for week, row in enumerate(table)
    ]
    mean = np.mean(table, axis=0)
    figures.append(
        Figure(
            "average precision, mean of the four weeks",
            f"{mean[0]:.3f} / {mean[2]:.3f} (LightGBM {mean[1]:.3f} / {mean[3]:.3f})",
            f"about {ABOUT[0]} / {ABOUT[1]}, at most {GIVE_OR_TAKE} less",
            bool((mean[[0, 2]] >= np.array(ABOUT) - GIVE_OR_TAKE).all()),
        )
    )
    return figures
