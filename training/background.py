"""The payments that explanations compare with."""

from typing import Any

import numpy as np
import numpy.typing as npt

ROWS = 100
COMPARED = 5
CANDIDATES = 4000
DRAWS = 4
_SPREAD_FLOOR = 1e-6

Matrix = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Places = npt.NDArray[Any]


def genuine_rows(fraud: npt.NDArray[np.bool_], count: int, seed: int) -> Rows:
    """Return at most `count` genuine ones of all rows, drawn with `seed`, in order."""
    genuine = np.flatnonzero(~fraud)
    rng = np.random.default_rng([seed, 3])
    return np.sort(rng.choice(genuine, min(count, len(genuine)), replace=False))


def background(features: Matrix, fraud: npt.NDArray[np.bool_], seed: int) -> Matrix:
    """Return at most a hundred genuine ones of the rows (n, F), drawn with `seed`, in order."""
    rows: Matrix = features[genuine_rows(fraud, ROWS, seed)]
    return rows


def representatives(states: Places, log_odds: Places, seed: int) -> Rows:
    """Return the few rows that together stand for all, by number, in order.

    `states` (n, K) is what stands before the network's first units. Chosen are the rows whose
    mean comes closest to the mean of all, in standard deviations of each column, and so does
    their log-odds' (n,), which weighs as much as half of the columns: rows are exchanged one by one
    as long as it helps, from several beginnings (Chen, Welling, Smola, "Super-Samples from Kernel
    Herding", 2010, chooses by the same measure).
    """
    scaled = states / (states.std(axis=0) + _SPREAD_FLOOR)
    risk = log_odds[:, None] / (log_odds.std() + _SPREAD_FLOOR)
    places = np.concatenate([scaled, risk * np.sqrt(states.shape[1]) / 2], axis=1)
    count = min(COMPARED, len(places))
    target = places.mean(axis=0)
    rng = np.random.default_rng([seed, 4])
    found = [
        _exchanged(places, target, rng.choice(len(places), count, replace=False))
        for _ in range(DRAWS)
    ]
    best: Rows = min(found, key=lambda chosen: _distance(places[chosen].mean(axis=0), target))
    return np.sort(best)


def _exchanged(places: Places, target: Places, rows: Rows) -> Rows:
    """Exchange rows one by one until no exchange brings their mean closer to the target."""
    count = len(rows)
    distance = _distance(places[rows].mean(axis=0), target)
    better = True
    while better:
        better = False
        for at in range(count):
            others = places[rows].sum(axis=0) - places[rows[at]]
            distances = (((others + places) / count - target) ** 2).sum(axis=1)
            best = int(distances.argmin())
            if best not in rows and distances[best] < distance * (1 - 1e-6):
                rows[at], distance, better = best, distances[best], True
    return rows


def _distance(one: Places, other: Places) -> float:
    return float(((one - other) ** 2).sum())
