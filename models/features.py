"""The feature spec of a bundle: which columns a model reads, in which order."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from models.attributes import Attribute
from models.catalogue import CATALOGUE, KERNEL_VERSION, NAMES, Feature
from models.errors import SchemaMismatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def full_names(attributes: Sequence[Attribute]) -> tuple[str, ...]:
    """Return the columns of a stored feature vector: the kernel's, then the attributes'."""
    return (*NAMES, *(f.name for attribute in attributes for f in attribute.features()))


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """A model's inputs: `features` in graph order, a selection of the full vector's columns."""

    features: tuple[Feature, ...]
    attributes: tuple[Attribute, ...] = ()
    reporting_currency: str = "EUR"
    kernel_version: int = KERNEL_VERSION

    @staticmethod
    def of(
        names: Sequence[str],
        *,
        attributes: Sequence[Attribute] = (),
        reporting_currency: str = "EUR",
    ) -> FeatureSpec:
        """Return the spec with the named columns. Raises SchemaMismatch on an unknown name."""
        known = {f.name: f for f in CATALOGUE}
        known |= {f.name: f for attribute in attributes for f in attribute.features()}
        unknown = [name for name in names if name not in known]
        if unknown:
            raise SchemaMismatch(
                expected="catalogue or attribute features",
                found=", ".join(unknown),
                fix="declare the attribute or correct the name",
            )
        return FeatureSpec(
            tuple(known[name] for name in names), tuple(attributes), reporting_currency
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Feature names in graph order."""
        return tuple(feature.name for feature in self.features)

    @property
    def players(self) -> tuple[tuple[int, ...], ...]:
        """Columns that stand or fall together in an explanation: a value and its indicator.

        Ordered by first column; several values may share one indicator, and then one player.
        """
        place = {name: column for column, name in enumerate(self.names)}
        leader: dict[str, int] = {}
        members: dict[int, list[int]] = {}
        for column, feature in enumerate(self.features):
            tie = feature.indicator or feature.name
            if tie not in place:
                tie = feature.name
            first = leader.setdefault(tie, column)
            members.setdefault(first, []).append(column)
        return tuple(tuple(members[first]) for first in sorted(members))

    @property
    def player_names(self) -> tuple[str, ...]:
        """The name of each player: its value's name rather than its indicator's."""
        indicators = {f.indicator for f in self.features}
        names = self.names
        return tuple(
            next((names[c] for c in player if names[c] not in indicators), names[player[0]])
            for player in self.players
        )

    @property
    def sha256(self) -> str:
        """Digest of all that decides what a feature row means."""
        return hashlib.sha256(json.dumps(self.to_json(), sort_keys=True).encode()).hexdigest()

    def columns(self) -> NDArray[np.int64]:
        """Return where each feature stands in the full vector of this spec's attributes."""
        place = {name: at for at, name in enumerate(full_names(self.attributes))}
        return np.array([place[name] for name in self.names], np.int64)

    def select(self, full: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return float32 (n, F) out of full vectors (n, W). Raises SchemaMismatch on width."""
        width = len(full_names(self.attributes))
        if full.ndim != 2 or full.shape[1] != width:
            raise SchemaMismatch(
                expected=f"{width} columns",
                found=f"shape {full.shape}",
                fix="use the bundle whose attributes were declared when the rows were stored",
            )
        return np.ascontiguousarray(full[:, self.columns()])

    def to_json(self) -> dict[str, Any]:
        """Return plain data for a manifest."""
        return {
            "kernel_version": self.kernel_version,
            "reporting_currency": self.reporting_currency,
            "attributes": [asdict(a) | {"levels": list(a.levels)} for a in self.attributes],
            "features": [asdict(f) for f in self.features],
        }

    @staticmethod
    def from_json(data: dict[str, Any]) -> FeatureSpec:
        """Return the spec a manifest holds."""
        return FeatureSpec(
            tuple(Feature(**f) for f in data["features"]),
            tuple(Attribute(a["name"], a["kind"], tuple(a["levels"])) for a in data["attributes"]),
            data["reporting_currency"],
            data["kernel_version"],
        )
