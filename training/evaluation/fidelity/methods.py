"""The product's own ways to explain a network's flags, and what a way to explain is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from models.bundle import Bundle
from models.explainer import (
    PERMUTATION,
    RESCALE,
    SWEEP,
    DeepLiftExplainer,
    Explainer,
    PermutationExplainer,
    SweepExplainer,
    explainer_of,
)
from models.scorer import Scorer

DEFAULT = "default"
SOME = 100
"""Most flags that a slow way is asked for."""

Matrix = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Way:
    """A way to explain: its values (n, P), the methods it used, the most flags it is asked for."""

    name: str
    values: Callable[[Matrix], Doubles]
    methods: Callable[[Matrix], tuple[str, ...]] | None = None
    most: int | None = None


def own_ways(bundle: Bundle, scorer: Scorer) -> Iterator[Way]:
    """Give the default, what it is made of, and the slower ones."""
    default = explainer_of(bundle, scorer)
    yield Way(DEFAULT, partial(_values, default), lambda flags: default.explain(flags).methods)
    if bundle.has_explanation_graphs:
        yield Way(f"{SWEEP}, unchecked", partial(_values, SweepExplainer(bundle, scorer)))
        yield Way(RESCALE, partial(_values, DeepLiftExplainer(bundle, scorer)))
    for pairs in (1, 4):
        slow = PermutationExplainer(bundle, scorer, pairs)
        yield Way(f"{PERMUTATION}, pairs a row: {pairs}", partial(_values, slow), most=SOME)


def _values(explainer: Explainer, flags: Matrix) -> Doubles:
    return explainer.explain(flags).contributions.astype(np.float64)


def by_player(
    bundle: Bundle,
    columns: npt.NDArray[np.floating],
    feature: npt.NDArray[np.int64] | None = None,
) -> Doubles:
    """Return values of players (n, P) from those of columns, (n, C) or (n, C, 1), added up.

    `feature` (C,) says which feature a column is made of; unset: each is a feature of its own.
    """
    owner = np.empty(len(bundle.spec.features), np.int64)
    for player, theirs in enumerate(bundle.spec.players):
        owner[list(theirs)] = player
    at = owner if feature is None else owner[feature]
    member = at[:, None] == np.arange(len(bundle.spec.players))
    found: Doubles = columns.reshape(len(columns), len(at)) @ member.astype(np.float64)
    return found
