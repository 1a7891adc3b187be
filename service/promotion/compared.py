"""The tables of an evidence pack: a model against legacy, and models against each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from models.comparison.answers import Refused, answer
from models.comparison.clusters import Moments, by_customer
from models.comparison.figures import LEGACY, SHADOW, Compared, cube
from models.comparison.matching import budget, legacys_alert_rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.comparison.answers import Answer
    from models.comparison.figures import Figure
    from models.comparison.paired import Paired
    from service.promotion.matched import Threshold

FIGURES = ("alert_rate", "detection_rate", "value_detection_rate", "precision",
           "false_positives_per_fraud")  # fmt: skip
_PAIRED = ("detection_rate", "value_detection_rate", "precision")


def against_legacy(
    rows: Paired, thresholds: Mapping[str, Threshold | None], *, elapsed: float, level: float
) -> list[dict[str, Any]]:
    """Return every figure of both systems at every threshold, with intervals."""
    found: list[dict[str, Any]] = []
    for place, threshold in thresholds.items():
        if threshold is None:
            found.append({"at": place, "not_known": "no threshold could be fixed beforehand"})
            continue
        moments = Moments.of(by_customer(threshold.flagged(rows)))

        def told(figure: Figure, moments: Moments = moments) -> dict[str, Any]:
            return shown(answer(moments, figure, elapsed=elapsed, level=level))

        figures = [
            {
                "figure": name,
                "legacy": told(LEGACY[name]),
                "model": told(SHADOW[name]),
                "difference": told(Compared(SHADOW[name], LEGACY[name])),
                "ratio": told(Compared(SHADOW[name], LEGACY[name], ratio=True)),
            }
            for name in FIGURES
        ]
        found.append({"at": place, "threshold": threshold.told, "figures": figures})
    return found


def between_models(
    earlier: Mapping[str, Paired], rows: Mapping[str, Paired], *, elapsed: float, level: float
) -> list[dict[str, Any]]:
    """Return every pair of bundles at legacy's alert rate, each at its own earlier threshold.

    `earlier` and `rows` hold, by bundle, the same payments in the same order: those that all
    bundles scored. The second bundle of a pair takes legacy's place in the figures.
    """
    found = []
    pairs = list(combinations(rows, 2))
    for first, second in pairs:
        said: dict[str, Any] = {"first": first, "second": second}
        try:
            target = legacys_alert_rate(earlier[first]).target
            cuts = {name: budget(earlier[name], target).threshold for name in (first, second)}
        except ValueError as error:
            found.append(said | {"not_known": str(error)})
            continue
        other = rows[second].log_odds >= cuts[second]
        ours = replace(rows[first].at_threshold(cuts[first]), legacy=other.astype(np.int8))
        moments = Moments.of(by_customer(ours))
        sure = 1 - (1 - level) / len(pairs)
        differences = {
            name: shown(answer(moments, Compared(SHADOW[name], LEGACY[name]), elapsed=elapsed,
                               level=sure))
            for name in _PAIRED
        }  # fmt: skip
        found.append(said | {"alert_rate": target, "differences": differences})
    return found


def cubes(rows: Paired) -> dict[str, Any]:
    """Return payments and minor units by legacy, model and truth."""
    counts, money = cube(rows)
    systems = ("not flagged", "flagged")
    return {
        "cells": [
            {
                "legacy": systems[i],
                "model": systems[j],
                "truth": truth,
                "payments": int(counts[i, j, k]),
                "minor_units": int(money[i, j, k]),
            }
            for i in range(2)
            for j in range(2)
            for k, truth in enumerate(("genuine", "fraud", "not known"))
        ]
    }


def money(rows: Paired) -> dict[str, Any]:
    """Return what frauds cost and who found them, minor units; basis points of the volume."""
    settled, priced = rows.settled(), rows.amount >= 0
    fraud = (settled == 1) & priced
    legacy = rows.legacy == 1
    volume = int(rows.amount[priced].sum())
    total = int(rows.amount[fraud].sum())
    parts = {
        "found_by_both": fraud & legacy & rows.flagged,
        "found_by_model_alone": fraud & rows.flagged & ~legacy,
        "found_by_legacy_alone": fraud & legacy & ~rows.flagged,
        "found_by_neither": fraud & ~legacy & ~rows.flagged,
    }
    return {
        "volume": volume,
        "fraud": total,
        "fraud_basis_points": total / volume * 10_000 if volume else None,
        "without_exchange_rate": int((~priced).sum()),
    } | {name: int(rows.amount[mask].sum()) for name, mask in parts.items()}


def shown(found: Answer) -> dict[str, Any]:
    """Return an answer as plain data; one that is refused says why and has no figure."""
    if isinstance(found, Refused):
        return {"not_known": found.reason}
    ends = {"low": found.low, "high": found.high}
    return {"value": found.value} | {name: finite(end) for name, end in ends.items()}


def finite(value: float) -> float | None:
    """Return a number, None for one that is none: JSON has no word for it."""
    return value if np.isfinite(value) else None
