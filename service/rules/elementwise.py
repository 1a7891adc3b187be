"""The operations of a condition, over whole columns, with one rule for what is missing.

Numbers are float64 with NaN for missing, text is an object array with None for missing. Every
comparison with a missing value on either side is false, inequality included. Columns have one
dimension, literals none.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[Any]


def present(values: Values) -> Values:
    """Where a number is not NaN and a text is neither None nor NaN: bool, the shape of `values`."""
    known: Values = np.equal(values, values)
    if values.dtype == object:
        known = known & (values != None)  # noqa: E711 - elementwise
    return known.astype(bool, copy=False)


def equal(left: Values, right: Values) -> Values:
    """Where both are known and the same."""
    same: Values = np.equal(left, right)
    if left.ndim and right.ndim and left.dtype == object:  # only None equals itself
        same = same & (left != None)  # noqa: E711 - elementwise
    return same


def not_equal(left: Values, right: Values) -> Values:
    """Where both are known and differ."""
    differ: Values = np.not_equal(left, right)
    for side in (left, right):
        if side.ndim or side.dtype != object:  # a text literal is known; 1 / (1 - 1) is not
            differ = differ & present(side)
    return differ


def among(values: Values, choices: Sequence[float | str]) -> Values:
    """Where a known value is one of `choices`."""
    found: Values = np.zeros(values.shape, dtype=bool)
    for choice in choices:
        found |= np.equal(values, choice)
    return found


def divide(left: Values, right: Values) -> Values:
    """Divide numbers; by zero gives a missing value, never infinity."""
    quotient: Values = np.divide(left, np.where(np.equal(right, 0), np.nan, right))
    return quotient
