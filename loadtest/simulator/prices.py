"""What things cost, and how amounts end in the currency they are asked in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from loadtest.simulator import categories, geography

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_BIG = 0.012
_LEVEL = 0.73  # sets the mean payment of the median customer near the handbook's 53 EUR
_CALM = 0.78  # within a shop, prices spread less than the category does
_CHARM = np.array([1, 5, 10, 51])  # hundredths short of the next unit: .99 .95 .90 .49
_CHARM_EDGES = np.array([0.6, 0.8, 0.95])
EXACT, CHARM, HALF, WHOLE, NOTE = range(len(categories.ENDINGS))


def draw_euros(
    rng: np.random.Generator, category: NDArray[np.int16], level: Floats, spend: Floats
) -> Floats:
    """Return prices in euros for purchases of each category.

    level: of the merchant; spend: of the customer, both factors. One purchase in eighty
    is a big one, two to six times the ordinary.
    """
    n = len(category)
    spread = np.exp(_CALM * categories.SIGMA[category] * rng.standard_normal(n))
    big = np.where(rng.random(n) < _BIG, rng.uniform(2, 6, n), 1.0)
    euros: Floats = _LEVEL * categories.MEDIAN_EUR[category] * level * spend * spread * big
    return euros


def to_minor(
    rng: np.random.Generator,
    euros: Floats,
    currency: NDArray[np.int16],
    category: NDArray[np.int16],
) -> NDArray[np.int64]:
    """Return amounts in minor units, ending the way prices of that category end.

    Every payment goes through here, whoever makes it: the last digits tell nothing about
    fraud but what the category tells. At least one minor unit.
    """
    n = len(euros)
    unit = geography.UNIT_MINOR[currency]
    minor = euros * geography.PER_EURO[currency] * 10.0 ** geography.EXPONENT[currency]
    style = (rng.random(n)[:, None] > categories.STYLE[category]).sum(1)
    short = _CHARM[np.searchsorted(_CHARM_EDGES, rng.random(n))]
    charm = (np.floor(minor / unit) + 1) * unit - short * unit // 100
    half = np.maximum(np.round(minor / (unit // 2)), 1) * (unit // 2)
    whole = np.maximum(np.round(minor / unit), 1) * unit
    note = geography.NOTE[currency] * 10 ** geography.EXPONENT[currency]
    notes = np.maximum(np.round(minor / note), 1) * note
    ended = np.choose(np.minimum(style, NOTE), [np.round(minor), charm, half, whole, notes])
    asked: NDArray[np.int64] = np.maximum(ended, 1).astype(np.int64)
    return asked
