"""A column that alone nearly tells fraud is more often a leak than a discovery."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from models.hindsight import later_than_payment, only_in_frauds
from models.strength import judged_rows, strength
from training.audit.columns import ColumnUse, column_uses
from training.audit.findings import Finding, Level
from training.audit.subject import Subject

_NEARLY_CERTAIN_AUC = 0.95
_NAMED = 6


@dataclass(frozen=True)
class Suspect:
    """A column that may give the answer away: what it is used for, and what speaks against it.

    `afterwards` says that its values can only be known after the fact.
    """

    column: str
    use: ColumnUse
    auc: float
    afterwards: bool
    signs: tuple[str, ...]

    @property
    def told(self) -> str:
        """Say what it is, why it is suspected and what to do."""
        what = "known only after the fact" if self.afterwards else "nearly tells fraud alone"
        use = self.use.told
        signs = ", ".join(self.signs)
        return f"{self.column} ({what}): {signs}. {use[0].upper()}{use[1:]}{self._remedy}"

    @property
    def _remedy(self) -> str:
        if self.use.use == "unmapped":
            return "; write it under `ignore`, so that it stays out"
        if self.use.use != "input":
            return ""
        if self.afterwards:
            return "; take it out of the mapping"
        return "; make sure it is known before the decision, or take it out of the mapping"


def leakage(subject: Subject) -> Finding:
    """Columns of the table that separate fraud from genuine payments alone, or come after them."""
    fraud = subject.fraud
    if fraud is None or not fraud.any() or fraud.all():
        return Finding("leakage", "note", "not judged: it needs frauds and genuine payments")
    found = suspects(subject, fraud)
    inputs = [one for one in found if one.use.use == "input"]
    loose = [one for one in found if one.use.use == "unmapped"]
    figures: dict[str, Any] = {
        "suspects": [
            {
                "column": one.column,
                "use": one.use.use,
                "fields": list(one.use.fields),
                "auc": round(one.auc, 4),
                "known_afterwards": one.afterwards,
                "signs": list(one.signs),
            }
            for one in found
        ],
        "inputs_known_afterwards": sum(one.afterwards for one in inputs),
        "inputs_nearly_certain": sum(not one.afterwards for one in inputs),
        "unmapped_suspects": len(loose),
    }
    if not found:
        told = "no column alone tells fraud from genuine payments, none is filled in afterwards"
        return Finding("leakage", "good", told, figures)
    order = sorted(found, key=lambda one: one.use.use != "input")
    told = ". ".join(one.told for one in order[:_NAMED])
    if len(order) > _NAMED:
        told += f". And {len(order) - _NAMED} more columns"
    level: Level = "problem" if inputs else "note" if loose else "good"
    return Finding("leakage", level, told, figures)


def suspects(subject: Subject, fraud: npt.NDArray[np.bool_]) -> list[Suspect]:
    """Return every suspicious column but the label itself, in the order of the table."""
    rows = judged_rows(fraud)
    table = subject.frame[subject.record[rows]]
    times = subject.transactions.occurred_ms[rows]
    uses = column_uses(subject.mapping.file, table.columns)
    clock = subject.mapping.file.occurred_at.column
    found = []
    for column in table.iter_columns():
        use = uses[column.name]
        if use.use == "label" or column.name == clock:
            continue
        suspect = _suspect(column, use, fraud[rows], times)
        if suspect is not None:
            found.append(suspect)
    return found


def _suspect(
    column: pl.Series,
    use: ColumnUse,
    fraud: npt.NDArray[np.bool_],
    occurred_ms: npt.NDArray[np.int64],
) -> Suspect | None:
    auc = strength(column, fraud)
    after = [only_in_frauds(column, fraud), later_than_payment(column, occurred_ms)]
    signs = [sign for sign in after if sign is not None]
    afterwards = bool(signs)
    if auc >= _NEARLY_CERTAIN_AUC:
        signs.append(f"its value alone tells fraud with an AUC of {auc:.3f}")
    if not signs:
        return None
    return Suspect(column.name, use, auc, afterwards, tuple(signs))
