"""A case: which sentence is true of a payment, and what fills it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

ABOVE, BELOW = 1.1, 0.9
"""A ratio between the two is "close to"."""
DAYS = {"1h": 1 / 24, "1d": 1.0, "7d": 7.0, "30d": 30.0}
"""Days in each window of the kernel's features."""


class Case(NamedTuple):
    """A sentence: of which feature, in which case, filled with which figures.

    `typical` is what is normal for this customer, in the feature's own unit; None where that
    is not known or the feature is not about the customer.
    """

    feature: str
    case: str
    figures: Mapping[str, float] = MappingProxyType({})
    typical: float | None = None


def compared(ratio: float, *, limit: float | None = None) -> str:
    """Return the case of a ratio: far (at its limit), above, below, or close to one."""
    if limit is not None and ratio >= limit:
        return "far"
    return "above" if ratio >= ABOVE else "below" if ratio <= BELOW else "same"


def ratio(value: float, **of: float) -> dict[str, float]:
    """Return the figures of a ratio, and those of what it divides by."""
    return {"times": value, "share": value, **of}
