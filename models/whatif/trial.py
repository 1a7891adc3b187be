"""Edited payments of one batch, scored as they would have been."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.catalogue import NAMES
from models.catalogue import column as position
from models.decide import judge
from models.features import full_names
from models.history.columns import AMOUNT, MERCHANT_AMOUNT_RATIO, MERCHANT_VOLUME_KNOWN
from models.history.merchant import NO_FRAUD_H
from models.history.payments import Payments
from models.history.rehearsal import SEALED
from models.money import major_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.history.rehearsal import Rehearsal
    from models.scorer import Scorer
    from models.whatif.edits import Edit

    Asked = tuple[int, tuple[Edit, ...]]
    """A payment and the edits to be made of it."""

_FRAUDS = [position(name) for name in NAMES[SEALED] if name.startswith("merchant_fraud")]
_RUNS = [position(name) for name in NAMES[SEALED] if name.startswith("merchant_run")]


class Trial:
    """Flagged payments as they are stored, and what the bundle says of edited ones."""

    def __init__(
        self,
        bundle: Bundle,
        scorer: Scorer,
        typical: Mapping[str, float],
        rehearsal: Rehearsal,
        now: Payments,
        vectors: NDArray[np.float32],
    ) -> None:
        self._bundle = bundle
        self._scorer = scorer
        self._typical = typical
        self._rehearsal = rehearsal
        self._now = now
        self._vectors = vectors
        self._column = {name: at for at, name in enumerate(full_names(bundle.spec.attributes))}

    def is_as_stored(self) -> NDArray[np.bool_]:
        """Return (n,): whether the past that is stored gives each payment the features it had."""
        again = self._rehearsal.features(self._now, np.arange(len(self._vectors)))
        stored = self._vectors[:, : len(NAMES)].copy()
        again[:, SEALED] = stored[:, SEALED] = 0.0
        same: NDArray[np.bool_] = (again.view(np.uint32) == stored.view(np.uint32)).all(axis=1)
        return same

    def run(self, sets: Sequence[Asked]) -> list[tuple[int, tuple[Edit, ...], float, bool]]:
        """Return each set with the log-odds under it, and whether it would still be flagged."""
        if not sets:
            return []
        of = np.array([row for row, _ in sets], np.int64)
        asked = self._edited(sets, of)
        full = self._vectors[of]
        kernel = self._rehearsal.features(asked, of)
        kernel[:, SEALED] = full[:, SEALED]
        _follow_amount(kernel, full)
        full = np.hstack([kernel, full[:, len(NAMES) :]])
        for line, (_, edits) in zip(full, sets, strict=True):
            for edit in edits:
                self._set(line, edit)
        amount = major_units(asked.amount, self._bundle.spec.reporting_currency)
        decided = judge(self._scorer.score(self._bundle.spec.select(full)), self._bundle, amount)
        return [
            (row, edits, float(decided.log_odds[at]), bool(decided.flagged[at]))
            for at, (row, edits) in enumerate(sets)
        ]

    def _edited(self, sets: Sequence[Asked], of: NDArray[np.int64]) -> Payments:
        columns = {name: column[of] for name, column in self._now._asdict().items()}
        for at, (_, edits) in enumerate(sets):
            for edit in edits:
                for name, value in edit.columns.items():
                    columns[name][at] = value
        return Payments(**columns)

    def _set(self, line: NDArray[np.float32], edit: Edit) -> None:
        if edit.clean_merchant:
            line[_FRAUDS] = 0.0
            line[_RUNS] = 0.0
            line[position("merchant_since_fraud_h")] = NO_FRAUD_H
            clean = position("merchant_clean_age_d")
            line[clean] = self._typical.get("merchant_clean_age_d", line[clean])
            line[MERCHANT_AMOUNT_RATIO] = 1.0
        for name, value in edit.vector.items():
            line[self._column[name]] = value


def _follow_amount(kernel: NDArray[np.float32], stored: NDArray[np.float32]) -> None:
    """Let the ratio to the merchant's average move with the amount."""
    known = (stored[:, AMOUNT] > 0) & (stored[:, MERCHANT_VOLUME_KNOWN] > 0)
    factor = kernel[known, AMOUNT] / stored[known, AMOUNT]
    kernel[known, MERCHANT_AMOUNT_RATIO] = stored[known, MERCHANT_AMOUNT_RATIO] * factor
