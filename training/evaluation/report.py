"""The table of an evaluation: figures, their spread, and differences that are beyond doubt."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.evaluation.candidates import CLASSIFIER, NETWORK, label
from training.evaluation.figures import Interval, figures, paired
from training.evaluation.kinds import ByFold, found_on, tables
from training.evaluation.material import Payments
from training.evaluation.page import interval, table_lines, verdict
from training.evaluation.run import Scored
from training.progress import Tracker

LEADS = label(NETWORK)
"""The row that all others are compared with: what a bundle ships."""
FIRST = "model, features"
COLUMNS = (
    "average precision",
    "AUC",
    "card precision@100",
    "recall at 0.1 % false positives",
    "recall at 1 % false positives",
    "recall at 90 % precision",
    "share of fraud money at 0.1 % false positives",
    "daily top-100 payments precision",
    "daily top-100 cards precision",
)


@dataclass(frozen=True)
class Row:
    """One candidate: means over folds (of means over seeds), and what they vary by.

    `by_fold` is the standard deviation over folds, `by_seed` that over seeds within a fold;
    `behind` is the leading row's average precision minus this row's; `kinds` what it found of
    each kind of fraud, by fold.
    """

    name: str
    figures: Mapping[str, float]
    by_fold: Mapping[str, float]
    by_seed: Mapping[str, float]
    folds: Mapping[str, Mapping[str, float]]
    behind: Interval | None
    seconds: float
    kinds: ByFold


def table(given: Payments, scored: Scored, tracker: Tracker) -> tuple[Row, ...]:
    """Return a row a candidate, the best average precision first."""
    advance = tracker.task("figures", len(scored.scores))
    rows = []
    for name, runs in scored.scores.items():
        each = {
            fold: [figures(given, scored.rows[fold], one) for one in found]
            for fold, found in runs.items()
        }
        means = {
            fold: {key: float(np.mean([one[key] for one in found])) for key in found[0]}
            for fold, found in each.items()
        }
        keys = [key for key in next(iter(means.values())) if all(key in m for m in means.values())]
        rows.append(
            Row(
                name=name,
                figures={key: float(np.mean([m[key] for m in means.values()])) for key in keys},
                by_fold={key: float(np.std([m[key] for m in means.values()])) for key in keys},
                by_seed={
                    key: float(np.mean([np.std([o[key] for o in f]) for f in each.values()]))
                    for key in keys
                },
                folds=means,
                behind=None
                if name == LEADS
                else paired(given, scored.rows, scored.scores[LEADS], runs),
                seconds=scored.seconds[name],
                kinds={
                    fold: found_on(given, scored.rows[fold], found) for fold, found in runs.items()
                },
            )
        )
        advance(1)
    return tuple(sorted(rows, key=lambda row: -row.figures["average precision"]))


def markdown(rows: tuple[Row, ...], *, folds: str, seeds: int) -> str:
    """Return the table as a page of Markdown."""
    perfect = rows[0].figures["card precision@100 of a perfect ranker"]
    intro = (
        f"Judged on {folds}; means over folds, of means over seeds where a result depends on one "
        f"({seeds} seeds). A perfect ranker's card precision@100 is {perfect:.3f}."
    )
    head = [FIRST, *COLUMNS, "leading row minus it, AP"]
    lines = [intro, "", *table_lines(head, [_cells(row) for row in rows])]
    for head, *told in tables({row.name: row.kinds for row in rows}, leading=LEADS):
        lines += ["", *table_lines(head, told)]
    lines += [
        f"\nWhat the autoencoder contributes to the network: {interval(row.behind)} average "
        f"precision, {verdict(row.behind)} (network minus the {CLASSIFIER}, both with the same "
        "seeds; 95 % by customer)."
        for row in rows
        if row.name == label(CLASSIFIER) and row.behind is not None
    ]
    return "\n".join(lines) + "\n"


def _cells(row: Row) -> list[str]:
    behind = "leads" if row.behind is None else interval(row.behind)
    return [row.name, *(_cell(row, key) for key in COLUMNS), behind]


def _cell(row: Row, key: str) -> str:
    if key == "average precision":
        return f"{row.figures[key]:.3f} ± {row.by_fold[key]:.3f} (seeds ± {row.by_seed[key]:.3f})"
    return f"{row.figures[key]:.3f}"
