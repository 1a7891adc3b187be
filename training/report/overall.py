"""The model as a whole: what its explanations have in common, on a sample of payments.

Flagged payments and genuine ones in equal numbers, since most payments are neither interesting
nor flagged: means over the sample are means over that mixture, and the report says so.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.bundle import Bundle, load_bundle
from models.explainer import explainer_of
from models.features import FeatureSpec
from models.reasons.groups import group_of
from models.reasons.wording import Wording
from models.scorer import Scorer
from training.bundle import write_bundle

SAMPLED = 150
"""Rows of each kind: enough for the order of features, and seconds to explain."""
SEGMENTS_TOLD = 6


@dataclass(frozen=True, eq=False)
class Overall:
    """Explanations of a sample: n rows, their players' values and contributions.

    `names` (P,) are the players, `titles` what they are called; `values` and `contributions` are
    (n, P), the latter in log-odds; `kind` (n,) is "flagged" or "genuine", `segment` (n,) the
    value of the key that figures are told by.
    """

    names: tuple[str, ...]
    titles: tuple[str, ...]
    values: npt.NDArray[np.float32]
    contributions: npt.NDArray[np.float32]
    base_value: float
    kind: npt.NDArray[np.object_]
    segment: npt.NDArray[np.object_]
    segment_name: str

    @property
    def importance(self) -> npt.NDArray[np.float64]:
        """Mean |contribution| of each player (P,)."""
        mean: npt.NDArray[np.float64] = np.abs(self.contributions).mean(axis=0, dtype=np.float64)
        return mean

    def to_json(self) -> dict[str, Any]:
        """Return plain data for report.json: sizes, and players by falling importance."""
        order = np.argsort(-self.importance, kind="stable")
        counts = {kind: int((self.kind == kind).sum()) for kind in ("flagged", "genuine")}
        return {
            "sample": counts,
            "base_value": self.base_value,
            "importance": [
                {
                    "feature": self.names[at],
                    "group": group_of(self.names[at]),
                    "mean_absolute_contribution": float(self.importance[at]),
                }
                for at in order.tolist()
            ],
        }


def overall(
    files: Mapping[str, bytes],
    facts: Mapping[str, Any],
    spec: FeatureSpec,
    features: npt.NDArray[np.float32],
    flagged: npt.NDArray[np.bool_],
    fraud: npt.NDArray[np.bool_],
    keys: Mapping[str, npt.NDArray[np.object_]],
    rng: np.random.Generator,
) -> Overall:
    """Explain a sample of rows (n, F) with the bundle that `files` and `facts` will be."""
    picked = _sample(flagged, fraud, rng)
    rows = features[picked]
    with tempfile.TemporaryDirectory() as folder:
        bundle = _bundle(Path(folder) / "bundle", files, facts, spec)
        found = explainer_of(bundle, Scorer(bundle)).explain(rows)
    columns = {name: at for at, name in enumerate(spec.names)}
    names = spec.player_names
    name, segment = _segment(keys, picked)
    return Overall(
        names=names,
        titles=tuple(title(one) for one in names),
        values=rows[:, [columns[one] for one in names]],
        contributions=found.contributions,
        base_value=found.base_value,
        kind=np.where(flagged[picked], "flagged", "genuine").astype(object),
        segment=segment,
        segment_name=name,
    )


def title(feature: str) -> str:
    """Return what a feature is called, with a capital; an attribute keeps its own name."""
    known = Wording.of().name(feature)
    return feature if known is None else known[0].upper() + known[1:]


def _sample(
    flagged: npt.NDArray[np.bool_], fraud: npt.NDArray[np.bool_], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    kinds = (np.flatnonzero(flagged), np.flatnonzero(~flagged & ~fraud))
    chosen = [rng.choice(rows, min(SAMPLED, len(rows)), replace=False) for rows in kinds]
    return np.sort(np.concatenate(chosen))


def _segment(
    keys: Mapping[str, npt.NDArray[np.object_]], picked: npt.NDArray[np.int64]
) -> tuple[str, npt.NDArray[np.object_]]:
    """Return the first key that varies in the sample, its rarer values as one."""
    for name in ("channel", "amount", *keys):
        values = keys[name][picked].astype(str).astype(object)
        found, counts = np.unique(values.astype(str), return_counts=True)
        if len(found) > 1:
            often = found[np.argsort(-counts, kind="stable")][: SEGMENTS_TOLD - 1]
            return name, np.where(np.isin(values.astype(str), often), values, "other")
    return "all", np.full(len(picked), "all", object)


def _bundle(
    path: Path, files: Mapping[str, bytes], facts: Mapping[str, Any], spec: FeatureSpec
) -> Bundle:
    when = datetime.fromtimestamp(0, UTC)
    write_bundle(path, files, name="sample", spec=spec, created_at=when, facts=facts)
    return load_bundle(path)
