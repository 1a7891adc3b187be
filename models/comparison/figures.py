"""Figures of shadow and legacy as shares of sums, so that one method does for all of them.

Every figure is a part over a whole, both sums of a few columns over the payments. What two
systems differ by is a difference or a ratio of two such shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.comparison.paired import UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.comparison.paired import Paired

    Floats = NDArray[np.float64]

System = Literal["legacy", "shadow"]
COLUMNS = (
    "payments",
    "legacy_alerts",
    "shadow_alerts",
    *("both", "gained", "lost", "missed"),
    *("both_money", "gained_money", "lost_money", "missed_money"),
    *("wrong_both", "wrong_gained", "wrong_lost"),
    *("drawn_frauds", "silent"),
)
"""What is added up. Of frauds found, and of genuine payments flagged (`wrong`): by both, by the
shadow alone (`gained`), by legacy alone (`lost`). Money is that of frauds, in minor units. Of
censoring: frauds whose rows stand for others that nobody knows, and payments that legacy declined
whose own truth nobody knows (`silent`, without weight)."""
FRAUDS = ("both", "gained", "lost", "missed")
FRAUD_MONEY = ("both_money", "gained_money", "lost_money", "missed_money")
KINDS = {
    "alerts": slice(0, 3),
    "frauds": slice(3, 7),
    "money": slice(7, 11),
    "wrong": slice(11, 14),
}
"""Columns whose certainty goes together: they are made of the same payments."""
_PLACE = {name: at for at, name in enumerate(COLUMNS)}


def contributions(rows: Paired) -> Floats:
    """Return what each row adds to the sums, weight included, (n, columns).

    Rows without a legacy decision add nothing at all: there is nothing to compare with. Rows
    whose truth is not known add to payments and alerts alone, and amounts nobody knows to no
    money. What was declined for a reason of its own, such as want of cover, hides no truth that
    would tell the systems apart: neither of them stopped it.
    """
    truth, legacy, shadow = rows.settled(), rows.legacy == 1, rows.flagged
    fraud, genuine = truth == 1, truth == 0
    money = np.where(rows.amount == UNKNOWN, 0, rows.amount)
    found = np.stack([fraud & legacy & shadow, fraud & shadow & ~legacy,
                      fraud & legacy & ~shadow, fraud & ~legacy & ~shadow], axis=1)  # fmt: skip
    wrong = np.stack([genuine & legacy & shadow, genuine & shadow & ~legacy,
                      genuine & legacy & ~shadow], axis=1)  # fmt: skip
    seen = np.stack([np.ones(len(rows), bool), legacy, shadow], axis=1)
    drawn = fraud & (rows.weight > 1)
    silent = rows.declined & (rows.legacy == 1) & (truth == UNKNOWN)
    told = np.hstack([found, found * money[:, None], wrong, drawn[:, None]])
    there = rows.legacy != UNKNOWN
    return np.hstack(
        [
            seen * (there * rows.presence)[:, None],
            told * (there * rows.weight)[:, None],
            silent[:, None],
        ]
    )


def coefficients(*names: str) -> Floats:
    """Return the vector (columns,) that adds up these columns."""
    vector = np.zeros(len(COLUMNS))
    for name in names:
        vector[_PLACE[name]] += 1
    return vector


@dataclass(frozen=True, slots=True, eq=False)
class Share:
    """A part over a whole, coefficients (columns,) each. `bounded` when no part exceeds it."""

    part: Floats
    whole: Floats
    bounded: bool = True

    def of(self, totals: Floats) -> Floats:
        """Return the share of totals (..., columns); NaN where the whole is empty."""
        part, whole = totals @ self.part, totals @ self.whole
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(whole > 0, part / whole, np.nan)

    def gradient(self, totals: Floats) -> Floats:
        """Return how the share moves with each of the totals, (..., columns)."""
        whole = (totals @ self.whole)[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = (self.part - self.of(totals)[..., None] * self.whole) / whole
        return found

    @property
    def events(self) -> Floats:
        """What the figure is made of: coefficients (columns,), none negative."""
        return self.part + self.whole


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The shadow's share against legacy's: minus it, or over it if `ratio`."""

    shadow: Share
    legacy: Share
    ratio: bool = False

    def of(self, totals: Floats) -> Floats:
        """Return the figure of totals (..., columns); NaN where it has no meaning."""
        first, second = self.shadow.of(totals), self.legacy.of(totals)
        if not self.ratio:
            return first - second
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(second > 0, first / second, np.nan)

    def gradient(self, totals: Floats) -> Floats:
        """Return how the figure, a ratio's logarithm, moves with the totals, (..., columns)."""
        first, second = self.shadow.gradient(totals), self.legacy.gradient(totals)
        if not self.ratio:
            return first - second
        with np.errstate(divide="ignore", invalid="ignore"):
            ours, theirs = self.shadow.of(totals)[..., None], self.legacy.of(totals)[..., None]
            found: Floats = first / ours - second / theirs
        return found

    @property
    def events(self) -> Floats:
        """What tells the two apart: coefficients (columns,), none negative."""
        parts = np.abs(self.shadow.part - self.legacy.part)
        return parts + np.abs(self.shadow.whole - self.legacy.whole)


Figure = Share | Compared

_ALONE: dict[System, str] = {"legacy": "lost", "shadow": "gained"}


def _share(part: tuple[str, ...], whole: tuple[str, ...], *, bounded: bool = True) -> Share:
    return Share(coefficients(*part), coefficients(*whole), bounded)


def shares(system: System) -> dict[str, Share]:
    """Return the figures of one system by name, in the vocabulary of the product."""
    alone = _ALONE[system]
    hits, wrong = ("both", alone), ("wrong_both", f"wrong_{alone}")
    return {
        "detection_rate": _share(hits, FRAUDS),
        "value_detection_rate": _share(("both_money", f"{alone}_money"), FRAUD_MONEY),
        "precision": _share(hits, (*hits, *wrong)),
        "false_positives_per_fraud": _share(wrong, hits, bounded=False),
        "false_positives_per_payment": _share(wrong, ("payments",)),
        "alert_rate": _share((f"{system}_alerts",), ("payments",)),
    }


LEGACY, SHADOW = shares("legacy"), shares("shadow")


def cube(rows: Paired) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return payments and their money by legacy x shadow x truth, (2, 2, 3) each.

    Places are 0 not flagged and 1 flagged; truth is genuine, fraud, not known. Rows without a
    legacy decision are left out; weights are not applied: these are payments one can open.
    """
    kept = rows.take(rows.legacy != UNKNOWN)
    truth = np.where(kept.settled() == UNKNOWN, 2, kept.settled()).astype(np.int64)
    cell = (kept.legacy.astype(np.int64) * 2 + kept.flagged) * 3 + truth
    money = np.where(kept.amount == UNKNOWN, 0, kept.amount)
    counts = np.bincount(cell, minlength=12)
    sums = np.zeros(12, np.int64)
    np.add.at(sums, cell, money)
    return counts.reshape(2, 2, 3), sums.reshape(2, 2, 3)
