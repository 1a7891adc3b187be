"""Declared extra fields of a transaction as features: numbers and categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from models.catalogue import Feature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from models.transaction import Transactions


_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field under `attributes` that a model uses.

    A number gives its value, within what float32 holds and 0 where absent, and an indicator.
    A category gives one yes/no column for each of its `levels` and one for any other value.
    """

    name: str
    kind: Literal["number", "category"]
    levels: tuple[str, ...] = ()

    def features(self) -> tuple[Feature, ...]:
        """Return the columns this attribute gives, in order."""
        known = Feature(f"{self.name}_known", "attribute", "yes/no", "binary")
        if self.kind == "number":
            value = Feature(self.name, "attribute", "", "signed_log", known.name)
            return (value, known)
        columns = tuple(
            Feature(f"{self.name}={level}", "attribute", "yes/no", "binary")
            for level in self.levels
        )
        return (*columns, Feature(f"{self.name}=other", "attribute", "yes/no", "binary"), known)


@dataclass(frozen=True, slots=True, eq=False)
class AttributeFeatures:
    """Attribute columns: float32 (n, len(names))."""

    names: tuple[str, ...]
    values: NDArray[np.float32]


def attribute_features(
    transactions: Transactions, attributes: Sequence[Attribute]
) -> AttributeFeatures:
    """Return the columns of all declared attributes, in the order declared."""
    names = tuple(f.name for attribute in attributes for f in attribute.features())
    values = np.zeros((len(transactions), len(names)), np.float32)
    at = 0
    for attribute in attributes:
        found = transactions.attribute(attribute.name)
        if attribute.kind == "number":
            known = np.array([isinstance(v, int | float) for v in found], bool)
            values[known, at] = np.clip(found[known].astype(np.float64), -_LARGEST, _LARGEST)
            values[:, at + 1] = known
        else:
            text = np.array([None if v is None else str(v) for v in found], dtype=object)
            known = text != None  # noqa: E711 - elementwise
            other = known.copy()
            for offset, level in enumerate(attribute.levels):
                is_level = text == level
                values[:, at + offset] = is_level
                other &= ~is_level
            values[:, at + len(attribute.levels)] = other
            values[:, at + len(attribute.levels) + 1] = known
        at += len(attribute.features())
    return AttributeFeatures(names, values)
