"""What an explanation is, whoever makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Explanations:
    """Explanations of n rows. `contributions` is float32 (n, players), in log-odds.

    `additivity_error` (n,) is |base + sum of contributions - log-odds| in float64; `methods`
    names the method each row was explained by.
    """

    base_value: float
    contributions: NDArray[np.float32]
    additivity_error: NDArray[np.float64]
    methods: tuple[str, ...]

    @staticmethod
    def of(
        values: NDArray[np.float64],
        base_value: float,
        log_odds: NDArray[np.float64],
        methods: Sequence[str],
    ) -> Explanations:
        """Round values (n, players) to float32 and see how well they add up to log-odds (n,)."""
        rounded = values.astype(np.float32)
        error = np.abs(base_value + rounded.astype(np.float64).sum(axis=1) - log_odds)
        return Explanations(base_value, rounded, error, tuple(methods))


class Explainer(Protocol):
    """Explains rows of one bundle's features against its background rows.

    A row's explanation depends on nothing but the row and the bundle.
    """

    @property
    def compared(self) -> int:
        """How many background rows a payment is compared with."""
        ...

    def explain(self, features: NDArray[np.float32]) -> Explanations:
        """Explain rows (n, F) of the bundle's features, in natural units."""
        ...
