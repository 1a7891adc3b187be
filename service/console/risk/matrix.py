"""The overlap of both systems as a matrix of four, and the same of every day and segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.api.shown_comparison import CellShown, GroupShown
    from service.console.risk.address import By

LEGACY = ("positive", "negative")
SHADOW = ("flagged", "clear")


@dataclass(frozen=True, slots=True)
class Quadrant:
    """Payments of which both systems said so: how much was fraud, genuine, not known.

    Counts, or minor units where money is asked for.
    """

    legacy: str
    shadow: str
    fraud: int
    genuine: int
    unknown: int

    @property
    def whole(self) -> int:
        """All of them."""
        return self.fraud + self.genuine + self.unknown


@dataclass(frozen=True, slots=True)
class Matrix:
    """Four quadrants in the order of LEGACY x SHADOW, and what is beside them.

    `aside` are payments without a score or without a legacy decision.
    """

    name: str
    quadrants: tuple[Quadrant, ...]
    aside: int

    @property
    def frauds(self) -> int:
        """Frauds in all four."""
        return sum(one.fraud for one in self.quadrants)

    @property
    def whole(self) -> int:
        """Everything in all four."""
        return sum(one.whole for one in self.quadrants)

    def found(self, by: str) -> float | None:
        """Return the share of the frauds that `legacy` or `shadow` flagged; None without any."""
        if not self.frauds:
            return None
        positive = LEGACY[0] if by == "legacy" else SHADOW[0]
        return sum(q.fraud for q in self.quadrants if getattr(q, by) == positive) / self.frauds

    def flagged(self, by: str) -> float | None:
        """Return the share of all that `legacy` or `shadow` flagged."""
        if not self.whole:
            return None
        positive = LEGACY[0] if by == "legacy" else SHADOW[0]
        return sum(q.whole for q in self.quadrants if getattr(q, by) == positive) / self.whole

    def quadrant(self, legacy: str, shadow: str) -> Quadrant:
        """Return the quadrant in which both said so."""
        return self.quadrants[2 * LEGACY.index(legacy) + SHADOW.index(shadow)]


def matrix_of(name: str, cells: Sequence[CellShown], by: By) -> Matrix:
    """Return the matrix of cells."""

    def sums(legacy: str, shadow: str, truth: str) -> int:
        return sum(
            cell.count if by == "count" else cell.amount_minor
            for cell in cells
            if (cell.legacy, cell.shadow, cell.truth) == (legacy, shadow, truth)
        )

    quadrants = tuple(
        Quadrant(
            legacy,
            shadow,
            *(sums(legacy, shadow, truth) for truth in ("fraud", "genuine", "unknown")),
        )
        for legacy in LEGACY
        for shadow in SHADOW
    )
    whole = sum(cell.count if by == "count" else cell.amount_minor for cell in cells)
    return Matrix(name, quadrants, whole - sum(one.whole for one in quadrants))


def matrices(groups: Sequence[GroupShown] | None, by: By) -> list[Matrix]:
    """Return the matrix of each day, or of each value of a segment."""
    return [matrix_of(group.name, group.cells, by) for group in groups or ()]
