"""Which kinds of fraud each candidate finds: over all folds, and fold by fold."""

from collections.abc import Mapping, Sequence

import numpy as np

from training.evaluation.figures import Rows, Scores
from training.evaluation.material import Payments
from training.kinds import KindFound, found_by_kind
from training.metrics import flagged_at

AT = {"at 0.1 % false positives": 0.001, "at 1 % false positives": 0.01}
MOST_KINDS = 20

ByFold = Mapping[str, tuple[KindFound, ...]]


def found_on(given: Payments, rows: Rows, runs: Sequence[Scores]) -> tuple[KindFound, ...]:
    """Return what one candidate found of each kind among a fold's rows; means over its runs."""
    fraud, kind = given.fraud[rows], given.kind[rows]
    if not (kind[fraud] != "").any():
        return ()
    each = [
        found_by_kind(
            kind, fraud, {way: flagged_at(scores, fraud, share) for way, share in AT.items()}
        )
        for scores in runs
    ]
    return tuple(
        KindFound(
            same[0].kind,
            same[0].frauds,
            {way: float(np.mean([one.found[way] for one in same])) for way in AT},
        )
        for same in zip(*each, strict=True)
    )


def over_folds(folds: ByFold) -> tuple[KindFound, ...]:
    """Return the same over all folds, each fraud counting alike; most frauds first."""
    parts: dict[str, list[KindFound]] = {}
    for found in folds.values():
        for one in found:
            parts.setdefault(one.kind, []).append(one)
    whole = [_together(kind, some) for kind, some in parts.items()]
    return tuple(sorted(whole, key=lambda one: (-one.frauds, one.kind)))


def tables(by_row: Mapping[str, ByFold], leading: str) -> list[list[list[str]]]:
    """Return tables of text, a header and lines each: candidates by kind, and kinds by fold.

    One table a rate of false positives over all folds, then `leading`'s recall fold by fold.
    Nothing where no kind is known.
    """
    whole = {name: {one.kind: one for one in over_folds(folds)} for name, folds in by_row.items()}
    kinds = list(whole[leading])[:MOST_KINDS]
    if not kinds:
        return []
    made = [
        [
            [f"recall {way}", "frauds", *by_row],
            *(
                [kind, f"{whole[leading][kind].frauds:,}"]
                + [f"{whole[name][kind].found[way]:.3f}" for name in by_row]
                for kind in kinds
            ),
        ]
        for way in AT
    ]
    return [*made, *(_by_fold(by_row[leading], kinds, way, leading) for way in AT)]


def _by_fold(folds: ByFold, kinds: list[str], way: str, name: str) -> list[list[str]]:
    found = {fold: {one.kind: one for one in several} for fold, several in folds.items()}
    return [
        [f"{name}: recall {way} (frauds)", *found],
        *([kind, *(_cell(one.get(kind), way) for one in found.values())] for kind in kinds),
    ]


def _cell(found: KindFound | None, way: str) -> str:
    return "none" if found is None else f"{found.found[way]:.3f} ({found.frauds:,})"


def _together(kind: str, parts: list[KindFound]) -> KindFound:
    total = sum(one.frauds for one in parts)
    return KindFound(
        kind,
        total,
        {way: sum(one.found[way] * one.frauds for one in parts) / total for way in AT},
    )
