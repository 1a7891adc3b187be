"""Sums of a window as one dense block, and the questions that are asked of it.

Truth here is settled as in `models.comparison.paired`: fraud by a label; genuine by a label, or
by none once labels of that day are ripe and the payment was not declined; else not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.decide import LEGACY_POSITIVE
from models.transaction import LEGACY_DECISIONS
from service.ledger.cells import FLAGS, LEGACIES, OUTCOMES, PER_RISK, RISKS, TRUTHS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from service.ledger.rollups import Sums

GENUINE, FRAUD, OPEN = 0, 1, 2
"""Settled truth, as places of the last axis."""
_DECLINE = LEGACY_DECISIONS.index("decline") + 1


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """Payments by risk, flag, outcome, legacy decision and settled truth: (R, 2, 2, 5, 3) each.

    Axes: risk score + 1 (0 is unscored; R = 1001, or 2 where risk is not told apart), flagged,
    declined, legacy decision + 1 (0 is not known), settled truth. `amount` and `returned` are
    minor units. `ripe` counts payments of days whose labels are ripe, with a label or without;
    `labelled` those with one.
    """

    count: NDArray[np.int64]
    amount: NDArray[np.int64]
    returned: NDArray[np.int64]
    ripe: int
    labelled: int

    @property
    def payments(self) -> int:
        """How many there are, unscored ones too."""
        return int(self.count.sum())

    @property
    def scored(self) -> Totals:
        """The scored ones alone."""
        return Totals(self.count[1:], self.amount[1:], self.returned[1:], self.ripe, self.labelled)

    def at_stake(self) -> NDArray[np.int64]:
        """Return the money that stopping a payment keeps, in the shape of `amount`.

        Nothing of what was given back, and nothing of a payment that was declined unless legacy
        declined it: that a bank had no cover is no system's saving.
        """
        kept = self.amount - self.returned
        kept[:, :, 1, :_DECLINE, :] = 0
        kept[:, :, 1, _DECLINE + 1 :, :] = 0
        return kept


def totals(sums: Iterable[tuple[int, NDArray[np.void]]], ripe_until: int, *, risks: int) -> Totals:
    """Return the totals of cells, each array with its day.

    Labels of days before `ripe_until` are ripe. `risks` is RISKS, or 2 for cells that tell
    only whether a payment was scored.
    """
    dense = np.zeros((2, 3, risks * PER_RISK), np.int64)
    for day, cells in sums:
        block, code = dense[int(day < ripe_until)], cells["code"]
        block[0][code] += cells["count"]
        block[1][code] += cells["amount"]
        block[2][code] += cells["returned"]
    shape = (2, 3, risks, FLAGS, OUTCOMES, LEGACIES, TRUTHS)
    raw = dense.reshape(shape)
    settled = np.zeros_like(raw)
    settled[..., GENUINE] = raw[..., 1]
    settled[..., FRAUD] = raw[..., 2]
    settled[..., OPEN] = raw[..., 0]
    # Ripe, not declined, no label: genuine.
    settled[1, :, :, :, 0, :, GENUINE] += raw[1, :, :, :, 0, :, 0]
    settled[1, :, :, :, 0, :, OPEN] = 0
    whole = settled.sum(axis=0)
    return Totals(
        whole[0],
        whole[1],
        whole[2],
        ripe=int(raw[1, 0].sum()),
        labelled=int(raw[:, 0, ..., 1:].sum()),
    )


def of_window(sums: Sums, ripe_until: int, ruleset: str | None) -> Totals:
    """Return the totals of the sums of the curve, of one version of the rules if it is given."""
    rows = (
        (key.day, cells)
        for key, cells in zip(sums.keys, sums.cells, strict=True)
        if ruleset is None or key.ruleset == ruleset
    )
    return totals(rows, ripe_until, risks=RISKS)


def positive(setting: str) -> NDArray[np.bool_]:
    """Return which places of the legacy axis count as a flag of the legacy system."""
    named = LEGACY_POSITIVE[setting]
    return np.array([False, *(name in named for name in LEGACY_DECISIONS)])
