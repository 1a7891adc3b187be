"""Legacy x shadow x truth, whole, by day and by segment: who flagged what, and what it was."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from service.comparison.totals import FRAUD, GENUINE, OPEN, totals
from service.ledger.facts import of_member

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from service.comparison.totals import Totals
    from service.ledger.rollups import Sums

LEGACY = ("negative", "positive", "unknown")
SHADOW = ("clear", "flagged", "unscored")
TRUTH = ("genuine", "fraud", "unknown")
_TRUTHS = (GENUINE, FRAUD, OPEN)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what legacy said, what the shadow said, what was true. Amounts in minor units."""

    legacy: str
    shadow: str
    truth: str
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the payments (a day, a segment's value, or all of them) and its cube."""

    name: str
    cells: tuple[Cell, ...]

    def of(self, legacy: str | None, shadow: str | None, truth: str | None) -> tuple[int, int]:
        """Return count and amount over the cells that are so; None is any."""
        mine = [
            cell
            for cell in self.cells
            if legacy in {None, cell.legacy}
            and shadow in {None, cell.shadow}
            and truth in {None, cell.truth}
        ]
        return sum(cell.count for cell in mine), sum(cell.amount for cell in mine)


def cube(name: str, found: Totals, legacy_positive: NDArray[np.bool_]) -> Group:
    """Return the cube of totals; cells that hold nothing are left out."""
    legacy_places = np.where(legacy_positive, 1, 0)
    legacy_places[0] = 2
    cells = []
    for at_legacy, legacy in enumerate(LEGACY):
        places = np.flatnonzero(legacy_places == at_legacy)
        for at_shadow, shadow in enumerate(SHADOW):
            count, amount = (_shadow(block, at_shadow)[:, places] for block in (
                found.count, found.amount
            ))  # fmt: skip
            for truth, place in zip(TRUTH, _TRUTHS, strict=True):
                n = int(count[..., place].sum())
                if n:
                    cells.append(Cell(legacy, shadow, truth, n, int(amount[..., place].sum())))
    return Group(name, tuple(cells))


def _shadow(block: NDArray[np.int64], at: int) -> NDArray[np.int64]:
    """Return (declined, legacy, truth) of what was not flagged, flagged, or not scored."""
    whole: NDArray[np.int64] = block[0].sum(axis=0) if at == 2 else block[1:, at].sum(axis=0)  # noqa: PLR2004
    return whole


def by_day(sums: Sums, ripe_until: int, ruleset: str | None) -> Iterator[tuple[int, Totals]]:
    """Yield the totals of each day; `sums` are of the segment cut, its channels add up to all."""
    for day, rows in _grouped(sums, ruleset, "channel=").items():
        yield day, totals([(day, cells) for cells in rows], ripe_until, risks=2)


def by_segment(
    sums: Sums, dimension: str, ripe_until: int, ruleset: str | None
) -> dict[str, Totals]:
    """Return the totals of each value of a dimension, the largest first."""
    found: dict[str, list[tuple[int, NDArray[np.void]]]] = defaultdict(list)
    for key, members, cells in _told(sums, ruleset):
        for number, member in enumerate(members):
            if member.startswith(f"{dimension}="):
                found[member.partition("=")[2]].append((key, of_member(cells, number)))
    made = {value: totals(rows, ripe_until, risks=2) for value, rows in found.items()}
    return dict(sorted(made.items(), key=lambda one: (-one[1].payments, one[0])))


def dimensions(sums: Sums) -> list[str]:
    """Return the dimensions that the sums of the segment cut have."""
    return sorted({member.partition("=")[0] for members in sums.members for member in members})


def _grouped(sums: Sums, ruleset: str | None, prefix: str) -> dict[int, list[NDArray[np.void]]]:
    days: dict[int, list[NDArray[np.void]]] = defaultdict(list)
    for day, members, cells in _told(sums, ruleset):
        for number, member in enumerate(members):
            if member.startswith(prefix):
                days[day].append(of_member(cells, number))
    return dict(sorted(days.items()))


def _told(
    sums: Sums, ruleset: str | None
) -> Iterator[tuple[int, tuple[str, ...], NDArray[np.void]]]:
    for key, members, cells in zip(sums.keys, sums.members, sums.cells, strict=True):
        if ruleset is None or key.ruleset == ruleset:
            yield key.day, tuple(members), cells
