"""One change, then two, then three: the first set under which a payment is not flagged.

Deterministic, and of each payment alone: the same flag gets the same answer in any company.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from models.features import full_names
from models.history.payments import Payments, payments
from models.history.rehearsal import Rehearsal
from models.money import EXPONENTS
from models.reasons.account import typical_of
from models.whatif.edits import Edit, edits_of
from models.whatif.trial import Trial

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from models.bundle import Bundle
    from models.scorer import Scorer
    from models.transaction import Transactions

MOST_CHANGES = 3
STRONGEST = {2: 12, 3: 7}
"""Of how many edits, those that lower the score most alone, sets of so many are tried."""
STEPS = 12
"""Amounts tried between what was paid and what is normal, to find the smallest change."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What flagged payments' customers did before: row i of `rows` is of payment `of[i]`.

    All of a scored type, in stream order.
    """

    rows: Transactions
    of: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """The changes under which a payment is not flagged, and its log-odds then.

    `edits` is empty where none was found; `known` is False where the past that is stored is
    not the one the payment was scored with, and nothing could be tried.
    """

    edits: tuple[Edit, ...] = ()
    log_odds: float | None = None
    known: bool = True


class WhatIf:
    """Asks one bundle what it would have said of other payments."""

    def __init__(self, bundle: Bundle, scorer: Scorer) -> None:
        self._bundle = bundle
        self._scorer = scorer
        self._typical = typical_of(bundle)
        self._names = full_names(bundle.spec.attributes)
        self._currency = bundle.spec.reporting_currency

    def answers(
        self, flagged: Transactions, vectors: NDArray[np.float32], past: Past
    ) -> list[Answer]:
        """Return an answer for each flagged payment, whose full vectors are (n, W)."""
        n = len(flagged)
        now = payments(flagged)
        rehearsal = Rehearsal(past.rows, past.of, n, self._currency)
        trial = Trial(self._bundle, self._scorer, self._typical, rehearsal, now, vectors)
        same = trial.is_as_stored()
        before = payments(past.rows)
        answers = [Answer(known=bool(known)) for known in same]
        asked = {row: self._edits(now, row, before, past.of, vectors[row])
                 for row in np.flatnonzero(same).tolist()}  # fmt: skip
        effect: dict[int, dict[Edit, float]] = {}
        for size in range(1, MOST_CHANGES + 1):
            sets = [
                (row, chosen) for row, edits in asked.items()
                for chosen in _sets(edits, size, effect.get(row, {}))
            ]  # fmt: skip
            for row, chosen, log_odds, flagged_still in trial.run(sets):
                if size == 1:
                    effect.setdefault(row, {})[chosen[0]] = log_odds
                if not flagged_still and not answers[row].edits:
                    answers[row] = Answer(chosen, log_odds)
            asked = {row: edits for row, edits in asked.items() if not answers[row].edits}
        self._refine(trial, answers)
        return answers

    def _edits(
        self,
        now: Payments,
        row: int,
        before: Payments,
        of: NDArray[np.int64],
        vector: NDArray[np.float32],
    ) -> list[Edit]:
        mine = Payments._make(column[of == row] for column in before)
        named = dict(zip(self._names, vector.tolist(), strict=True))
        major = 10.0 ** -EXPONENTS[self._currency]
        return edits_of(now, row, mine, self._typical, major, self._bundle.spec, named)

    def _refine(self, trial: Trial, answers: list[Answer]) -> None:
        """Where a lower amount is in the answer, let it be the highest that is not flagged."""
        sets = []
        for row, answer in enumerate(answers):
            amounts = [edit for edit in answer.edits if edit.case == "amount_lower"]
            for edit in amounts:
                others = tuple(one for one in answer.edits if one is not edit)
                low, high = np.log([edit.after, edit.before])
                for level in np.exp(np.linspace(low, high, STEPS + 2))[1:-1]:
                    rounded = _rounded(level)
                    if edit.after < rounded < edit.before:
                        closer = Edit(edit.kind, edit.feature, edit.case, edit.before, rounded,
                                      {"amount": rounded})  # fmt: skip
                        sets.append((row, (closer, *others)))
        open_rows = set()
        for row, chosen, log_odds, flagged_still in trial.run(sets):
            if flagged_still:
                open_rows.add(row)  # every amount below it must do, so that "at most" is true
            elif row not in open_rows:
                answers[row] = Answer(chosen, log_odds)


def _sets(edits: list[Edit], size: int, effect: dict[Edit, float]) -> list[tuple[Edit, ...]]:
    if size == 1:
        return [(edit,) for edit in edits]
    strongest = sorted(range(len(edits)), key=lambda at: (effect[edits[at]], at))
    chosen = [edits[at] for at in sorted(strongest[: STRONGEST[size]])]
    return [
        found for found in combinations(chosen, size)
        if not any(one.clashes(other) for one, other in combinations(found, 2))
    ]  # fmt: skip


def _rounded(amount: float) -> int:
    """Return an amount with two significant digits, rounded down."""
    step: int = 10 ** max(0, len(str(int(amount))) - 2)
    return int(amount) // step * step
