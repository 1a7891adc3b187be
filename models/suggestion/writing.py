"""YAML with comments, a line an entry."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from models.attributes import Attribute
from models.cards import masked_text
from models.catalogue import NAMES
from models.suggestion.leftovers import Leftover

_WIDTH = 98
_ENDLESS = 10**9


def plain(text: str) -> str:
    """Return text on one line, fit for a comment whatever a file's values hold.

    Card numbers in it are masked.
    """
    line = masked_text(" ".join(text.split()))
    return "".join(one if one.isprintable() else " " for one in line)


def comment(text: str) -> Iterator[str]:
    """Yield the lines of a comment."""
    for line in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False):
        yield f"# {line}"


def entry(name: str, value: Any) -> str:
    """Return `name: value` on one line."""
    return _flow({name: value})[1:-1]


def entries(left: Sequence[Leftover]) -> Iterator[str]:
    """Yield the attributes, then the ignored columns, each with its reason."""
    inputs = [one for one in left if one.kind != "ignore"]
    if inputs:
        yield ""
        yield from comment(
            "Columns that are no field, as inputs of the model. Take out what is not known at the "
            "moment of the payment."
        )
        yield "attributes:"
        for one, name in zip(inputs, _names(inputs), strict=True):
            yield from _reason(one.why)
            yield f"  {entry(name, {'column': one.column, 'kind': one.kind})}"
    ignored = [one for one in left if one.kind == "ignore"]
    if ignored:
        yield ""
        yield from comment("Columns that no model should see.")
        yield "ignore:"
        for one in ignored:
            yield from _reason(one.why)
            yield f"  - {_flow([one.column])[1:-1]}"


def _reason(why: str) -> Iterator[str]:
    return (f"  {line}" for line in comment(plain(why)))


def _names(inputs: Sequence[Leftover]) -> Iterator[str]:
    """Yield a name for each attribute whose features are called like no other's."""
    used = set(NAMES)
    for one in inputs:
        name = one.column
        while used & (made := _made(name, one.kind)):
            name = f"own_{name}"
        used |= made
        yield name


def _made(name: str, kind: str) -> set[str]:
    attribute = Attribute(name, "number" if kind == "number" else "category")
    return {feature.name for feature in attribute.features()}


def _flow(value: Mapping[str, Any] | Sequence[Any]) -> str:
    """Return YAML on one line; letters that do not print (line breaks of all kinds) escaped."""
    text = _dumped(value, unicode=True)
    return text if text.isprintable() else _dumped(value, unicode=False)


def _dumped(value: Mapping[str, Any] | Sequence[Any], *, unicode: bool) -> str:
    return yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, width=_ENDLESS, allow_unicode=unicode
    ).strip()
