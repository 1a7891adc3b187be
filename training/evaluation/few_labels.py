"""How many labels a model needs: learned with a few frauds labelled, with more, with all.

A team judges a share of all payments, drawn at random, frauds and genuine ones alike, in the
weeks learned from and after. Nobody knows the truth of the others: it reaches neither the
models nor the features. The autoencoder needs no labels and learns from all payments that are
not known to be fraud.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.config import TrainingConfig
from training.errors import UnusableData
from training.evaluation.candidates import (
    BOOSTING,
    NETWORK,
    Candidate,
    boosting,
    label,
    regression,
    shipped,
    without_autoencoder,
)
from training.evaluation.experiment import World
from training.evaluation.figures import AVERAGE_PRECISION, Interval, paired
from training.evaluation.learned import Scores
from training.evaluation.material import Payments
from training.evaluation.page import interval, table_lines
from training.evaluation.protocol import Fold
from training.evaluation.run import Scored
from training.evaluation.unseen import combined
from training.progress import Tracker

LEADS = label(NETWORK)
FRAUDS = (50, 200, 1000, 4000)
ENOUGH = (0.9, 0.95)


@dataclass(frozen=True)
class Point:
    """One model with so many labelled frauds: average precision, and how it varies over draws.

    `payments` is how many learned-from payments had a label in all; `behind` is the network's
    average precision minus this model's, draw by draw.
    """

    name: str
    frauds: int
    payments: int
    average_precision: float
    by_draw: float
    behind: Interval | None


def few_labels_candidates(config: TrainingConfig) -> tuple[Candidate, ...]:
    """Return the models that are asked; draws stand for seeds."""
    return (regression(), boosting(), shipped(config, 1), without_autoencoder(config, 1))


def few_labels_worlds(payments: Payments, fold: Fold, draws: int) -> tuple[World, ...]:
    """Return a world for each number of labelled frauds and draw; the last has all labels.

    A larger number of a draw contains the smaller ones. Raises UnusableData if there are too few
    frauds to leave any out.
    """
    mine = payments.fraud & fold.history.mask(payments.occurred_ms)
    count = int(mine.sum())
    numbers = [number for number in FRAUDS if number < count]
    if not numbers:
        raise UnusableData(
            f"{count} frauds are learned from: a curve begins with {FRAUDS[0]}; give more data"
        )
    usable = np.ones(len(payments), bool)
    worlds = []
    for draw in range(draws):
        chance = np.random.default_rng([draw, 7]).random(len(payments))
        order = np.argsort(chance[mine])
        for number in numbers:
            told = chance < number / count
            told[np.flatnonzero(mine)] = False
            told[np.flatnonzero(mine)[order[:number]]] = True
            worlds.append(World(f"{number}-frauds-{draw}", told, usable, draw))
        worlds.append(World(f"{count}-frauds-{draw}", usable, usable, draw))
    return tuple(worlds)


def curve(
    payments: Payments,
    worlds: Sequence[World],
    scored: Mapping[str, Scored],
    fold: Fold,
    tracker: Tracker,
) -> list[Point]:
    """Return a point for each model and number of labelled frauds, fewest first."""
    by_number: dict[int, list[World]] = {}
    for world in worlds:
        by_number.setdefault(int(world.name.split("-")[0]), []).append(world)
    learned = fold.history.mask(payments.occurred_ms)
    advance = tracker.task("numbers of labels", len(by_number))
    points = []
    for number, drawn in by_number.items():
        runs = _over_draws([combined(scored[world.name]) for world in drawn])
        rows = scored[drawn[0].name].rows
        fraud = payments.fraud[rows[fold.name]]
        for name, found in runs.items():
            each = [AVERAGE_PRECISION(one, fraud) for one in found[fold.name]]
            points.append(
                Point(
                    name=name,
                    frauds=number,
                    payments=round(float(np.mean([(w.told & learned).sum() for w in drawn]))),
                    average_precision=float(np.mean(each)),
                    by_draw=float(np.std(each)),
                    behind=None if name == LEADS else paired(payments, rows, runs[LEADS], found),
                )
            )
        advance(1)
    return points


def needed(points: Sequence[Point], name: str, share: float) -> int:
    """Return the fewest labelled frauds tried that give a share of what all of them give."""
    mine = sorted((one for one in points if one.name == name), key=lambda one: one.frauds)
    whole = mine[-1].average_precision
    return next(one.frauds for one in mine if one.average_precision >= share * whole)


def few_labels_page(points: Sequence[Point], *, draws: int) -> str:
    """Return the curve, the labels needed, and where the network is ahead, as Markdown."""
    numbers = sorted({one.frauds for one in points})
    by = {(one.name, one.frauds): one for one in points}
    names = [one.name for one in points if one.frauds == numbers[-1]]
    names.sort(key=lambda name: -by[name, numbers[-1]].average_precision)
    labelled = {one.frauds: one.payments for one in points}
    head = ["frauds labelled (of all payments judged)"]
    head += [f"{number:,} ({labelled[number]:,})" for number in numbers]
    intro = (
        f"Average precision with fewer labels, mean ± deviation over {draws} draws. A share of all "
        "payments is judged at random, frauds and genuine ones alike, before and during the weeks "
        "scored; the truth of the others is unknown to the models and to the features of "
        "merchants. The autoencoder learns from all payments not known to be fraud."
    )
    lines = [
        intro,
        "",
        *table_lines(head, [[name, *(_told(by[name, n]) for n in numbers)] for name in names]),
        "",
        "Network minus the other, average precision (95 % by customer):",
        "",
        *table_lines(
            head,
            [
                [name, *(interval(d) if (d := by[name, n].behind) else "" for n in numbers)]
                for name in names
                if name != LEADS
            ],
        ),
        "",
    ]
    for name in names:
        enough = (f"{needed(points, name, s):,} for {s:.0%}" for s in ENOUGH)
        lines.append(f"- {name}: labelled frauds needed of its full figure: {', '.join(enough)}.")
    ahead = [
        f"{n:,}" for n in numbers if (d := by[label(BOOSTING), n].behind) is not None and d.low > 0
    ]
    where = f"with {', '.join(ahead)} labelled frauds" if ahead else "nowhere on this curve"
    lines.append(f"- The network finds more than {BOOSTING}, beyond doubt, {where}.")
    return "\n".join(lines) + "\n"


def _told(one: Point) -> str:
    return f"{one.average_precision:.3f} ± {one.by_draw:.3f}"


def _over_draws(drawn: Sequence[Scored]) -> dict[str, dict[str, list[Scores]]]:
    return {
        name: {
            fold: [run for one in drawn for run in one.scores[name][fold]]
            for fold in drawn[0].scores[name]
        }
        for name in drawn[0].scores
    }
