"""Kinds of fraud nobody has seen: each left out of what is learned, and then looked for.

For each kind the payments of that kind are taken out of what models learn from, and their labels
out of every feature, before and during the weeks judged: nobody has heard of the kind yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from training.config import TrainingConfig
from training.errors import UnusableData
from training.evaluation.candidates import (
    AUTOENCODER,
    CLASSIFIER,
    NETWORK,
    Candidate,
    boosting,
    forest,
    label,
    regression,
    shipped,
    without_autoencoder,
)
from training.evaluation.experiment import World, everything
from training.evaluation.figures import (
    AVERAGE_PRECISION,
    Interval,
    Metric,
    paired,
    recall_metric,
)
from training.evaluation.learned import Scores
from training.evaluation.material import Payments
from training.evaluation.page import interval, table_lines, verdict
from training.evaluation.protocol import Fold
from training.evaluation.run import Rows, Scored
from training.progress import Tracker

LEADS = label(NETWORK)
EITHER = label("network or autoencoder, the higher rank")
BOTH = label("network and autoencoder, tail shares multiplied")
LEAST_FRAUDS = 20
"""A kind with fewer among the judged is not looked for."""
METRICS: Mapping[str, Metric] = {
    "recall at 0.1 % false positives": recall_metric(0.001),
    "recall at 1 % false positives": recall_metric(0.01),
    "average precision": AVERAGE_PRECISION,
}
COMPARED = "recall at 1 % false positives"


@dataclass(frozen=True)
class Found:
    """What one model finds of one kind, by name of figure; means over folds and seeds.

    `unseen` when nobody had heard of it, `seen` when everybody had; `all_frauds` is the average
    precision of all frauds in the world without the kind. `behind` is the leading row's recall
    at 1 % minus this row's.
    """

    kind: str
    name: str
    unseen: Mapping[str, float]
    seen: Mapping[str, float]
    all_frauds: float
    behind: Interval | None


@dataclass(frozen=True)
class Worth:
    """What the autoencoder adds to the classifier alone on one kind, in recall at 1 %."""

    kind: str
    how: str
    added: Interval


def unseen_candidates(config: TrainingConfig, seeds: int) -> tuple[Candidate, ...]:
    """Return the models that are asked."""
    return (
        regression(),
        forest(),
        boosting(),
        shipped(config, seeds),
        without_autoencoder(config, seeds),
    )


def unseen_worlds(payments: Payments, folds: Sequence[Fold]) -> tuple[World, ...]:
    """Return the world as it was, and one for each kind that is judged often enough.

    Raises UnusableData if there is none: without kinds there is nothing to leave out.
    """
    judged = np.unique(
        np.concatenate(
            [f.judged(payments.occurred_ms, payments.customers, payments.fraud) for f in folds]
        )
    )
    names, counts = np.unique(payments.kind[judged[payments.fraud[judged]]], return_counts=True)
    often = counts >= LEAST_FRAUDS
    kinds = [name for name in names[often].tolist() if name]
    if not kinds:
        raise UnusableData(
            f"no kind of fraud has {LEAST_FRAUDS} payments in the weeks judged; the data needs a "
            "column that names the kind of each fraud"
        )
    known = [payments.kind != kind for kind in kinds]
    return (
        everything(payments),
        *(World(kind, told, told) for kind, told in zip(kinds, known, strict=True)),
    )


def combined(scored: Scored) -> Scored:
    """Add rows that use the anomaly score beside the calibrated one, fit by fit.

    Both are turned into the share of judged payments that score higher. The first row takes the
    smaller of the two shares, the second their product (Fisher's rule of combining p-values).
    """
    more: dict[str, dict[str, list[Scores]]] = {EITHER: {}, BOTH: {}}
    for fold, runs in scored.scores[LEADS].items():
        for own, alone in zip(runs, scored.scores[label(AUTOENCODER)][fold], strict=True):
            first, second = _tail(own), _tail(alone)
            nearer = np.minimum(first, second) + 1e-6 * np.maximum(first, second)
            more[EITHER].setdefault(fold, []).append(-nearer)
            more[BOTH].setdefault(fold, []).append(-np.log(first) - np.log(second))
    return replace(scored, scores={**scored.scores, **more})


def _tail(scores: Scores) -> Scores:
    order = np.argsort(-scores, kind="stable")
    share = np.empty(len(scores))
    share[order] = np.arange(1, len(scores) + 1) / len(scores)
    return share


def unseen_found(
    payments: Payments, worlds: Mapping[str, Scored], tracker: Tracker
) -> tuple[list[Found], list[Worth]]:
    """Return what each model finds of each kind, and what the autoencoder adds."""
    complete = {name: combined(scored) for name, scored in worlds.items()}
    seen = complete.pop("all")
    advance = tracker.task("kinds", len(complete))
    found, worth = [], []
    for kind, scored in complete.items():
        one = _Kind(payments, kind, scored)
        found += [one.found(seen, name) for name in scored.scores]
        worth += [
            Worth(kind, how, one.differs(how, label(CLASSIFIER)))
            for how in (LEADS, EITHER, BOTH, label(AUTOENCODER))
        ]
        advance(1)
    return found, worth


@dataclass(frozen=True, eq=False)
class _Kind:
    """One kind among genuine payments: the other frauds of the weeks judged are left out."""

    payments: Payments
    kind: str
    scored: Scored

    def _places(self, fold: str) -> Rows:
        rows = self.scored.rows[fold]
        other = self.payments.fraud[rows] & (self.payments.kind[rows] != self.kind)
        return np.flatnonzero(~other)

    def _runs(self, scored: Scored, name: str) -> dict[str, list[Scores]]:
        return {
            fold: [one[self._places(fold)] for one in runs]
            for fold, runs in scored.scores[name].items()
        }

    def _rows(self) -> dict[str, Rows]:
        return {fold: rows[self._places(fold)] for fold, rows in self.scored.rows.items()}

    def found(self, seen: Scored, name: str) -> Found:
        """Return what a model finds here, and what it finds where all is known."""
        everything_seen = {
            fold: [AVERAGE_PRECISION(one, self.payments.fraud[rows]) for one in runs]
            for fold, runs in self.scored.scores[name].items()
            for rows in [self.scored.rows[fold]]
        }
        return Found(
            kind=self.kind,
            name=name,
            unseen={key: self._mean(self.scored, name, metric) for key, metric in METRICS.items()},
            seen={key: self._mean(seen, name, metric) for key, metric in METRICS.items()},
            all_frauds=_mean_of_means(everything_seen),
            behind=None if name == LEADS else self.differs(LEADS, name),
        )

    def _mean(self, scored: Scored, name: str, metric: Metric) -> float:
        rows = self._rows()
        return _mean_of_means(
            {
                fold: [metric(one, self.payments.fraud[rows[fold]]) for one in runs]
                for fold, runs in self._runs(scored, name).items()
            }
        )

    def differs(self, first: str, second: str) -> Interval:
        """Return the first's figure minus the second's."""
        return paired(
            self.payments,
            self._rows(),
            self._runs(self.scored, first),
            self._runs(self.scored, second),
            metric=METRICS[COMPARED],
        )


def _mean_of_means(by_fold: Mapping[str, Sequence[float]]) -> float:
    return float(np.mean([np.mean(runs) for runs in by_fold.values()]))


def unseen_page(found: Sequence[Found], worth: Sequence[Worth]) -> str:
    """Return a table for each kind, and what the autoencoder adds, as Markdown."""
    intro = (
        "Each kind of fraud left out of what is learned, its labels out of every feature, and then "
        "looked for among genuine payments. In brackets: the same model when the kind was known."
    )
    lines = [intro]
    for kind in sorted({one.kind for one in found}):
        mine = sorted(
            (one for one in found if one.kind == kind), key=lambda one: -one.unseen[COMPARED]
        )
        head = [kind, *METRICS, f"leading row minus it, {COMPARED}", "all frauds, AP"]
        rows = [
            [
                one.name,
                *(f"{one.unseen[key]:.3f} ({one.seen[key]:.3f})" for key in METRICS),
                interval(one.behind) if one.behind else "leads",
                f"{one.all_frauds:.3f}",
            ]
            for one in mine
        ]
        lines += ["", *table_lines(head, rows)]
    lines += ["", f"Against the {CLASSIFIER}, {COMPARED}:", ""]
    lines += [
        f"- {one.kind}, {one.how}: {interval(one.added)}, {verdict(one.added)}" for one in worth
    ]
    return "\n".join(lines) + "\n"
