"""A file written by hand (a ruleset, a gate) as YAML nodes, with the place of every word.

Loading to plain dictionaries would lose where things stand; composing keeps each node's mark, and
`Scalar.place` finds the character of the file behind a character of a value, through quotes, block
styles and folded lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from service.rules.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

_ESCAPES = {"'": ("''",), '"': ('\\"', "\\\\")}


class Malformed(Exception):
    """The document is not what it should be at one place."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.what)
        self.fault = fault


@dataclass(frozen=True)
class Scalar:
    """One word or text of the file."""

    node: yaml.ScalarNode

    @property
    def value(self) -> str:
        """The text as YAML reads it."""
        text: str = self.node.value
        return text

    @property
    def is_null(self) -> bool:
        """Whether the value was left out, or is null."""
        return bool(self.node.tag == "tag:yaml.org,2002:null")

    def fault(self, what: str, offset: int = 0) -> Fault:
        """Return a fault at the character `offset` of the value."""
        mark = self.node.start_mark
        raw = (mark.buffer or "")[mark.pointer : self.node.end_mark.pointer]
        before = raw[: self._raw_offset(raw, offset)]
        line_ends = before.count("\n")
        column = len(before) - before.rfind("\n") - 1 if line_ends else mark.column + len(before)
        return Fault(mark.line + line_ends + 1, column + 1, what)

    def _raw_offset(self, raw: str, offset: int) -> int:
        """Where a character of the value stands in the raw text.

        Styles differ from the value in their quotes, header and white space alone, so the k-th
        visible character of the value is the k-th visible one of the body.
        """
        style = self.node.style
        start = 0
        if style in ("|", ">"):
            start = raw.find("\n") + 1
        elif style in ("'", '"'):
            start = 1
        escapes = _ESCAPES.get(style, ())
        visible = sum(not c.isspace() for c in self.value[:offset])
        position = start
        while position < len(raw):
            if raw[position : position + 2] in escapes:
                position += 1  # an escaped character counts once
            if not raw[position].isspace():
                if visible == 0:
                    return position
                visible -= 1
            position += 1
        return max(len(raw.rstrip()) - 1, 0)


class Block:
    """A mapping of the file: its entries by key, each key at most once."""

    def __init__(self, node: yaml.MappingNode, *, allowed: tuple[str, ...]) -> None:
        self.node = node
        self._entries: dict[str, yaml.Node] = {}
        self.faults: list[Fault] = []
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name not in allowed:
                what = f'unknown key "{name}"; expected {", ".join(allowed)}'
                self.faults.append(at(key, what))
            elif name in self._entries:
                self.faults.append(at(key, f'the key "{name}" stands twice'))
            else:
                self._entries[name] = value

    def scalar(self, key: str) -> Scalar | None:
        """Return the text under a key; None, and a fault, when it is absent or no plain value."""
        node = self._entries.get(key)
        if node is None:
            self.faults.append(at(self.node, f'"{key}" is missing'))
            return None
        if not isinstance(node, yaml.ScalarNode) or Scalar(node).is_null:
            self.faults.append(at(node, f'"{key}" must be a single value'))
            return None
        return Scalar(node)

    def optional(self, key: str) -> Scalar | None:
        """Return the text under a key that may be absent."""
        return self.scalar(key) if key in self._entries else None

    def mapping(self, key: str, *, allowed: tuple[str, ...]) -> Block | None:
        """Return the mapping under a key that may be absent; a fault when it is none."""
        node = self._entries.get(key)
        if node is None:
            return None
        if not isinstance(node, yaml.MappingNode):
            self.faults.append(at(node, f'"{key}" is a mapping with {", ".join(allowed)}'))
            return None
        return Block(node, allowed=allowed)

    def items(self, key: str) -> Iterator[yaml.Node]:
        """Yield the entries of the list under a key; a fault instead when there is no list."""
        node = self._entries.get(key)
        if node is None:
            self.faults.append(at(self.node, f'"{key}" is missing'))
        elif not isinstance(node, yaml.SequenceNode) or not node.value:
            self.faults.append(at(node, f'"{key}" must be a list with at least one entry'))
        else:
            yield from node.value


def at(node: yaml.Node, what: str) -> Fault:
    """Return a fault at the beginning of a node."""
    return Fault(node.start_mark.line + 1, node.start_mark.column + 1, what)


def compose(text: str, *, form: str) -> yaml.MappingNode:
    """Read the one YAML mapping of a file; `form` says what it should be, for messages.

    Raises Malformed when it is not YAML, holds several documents, or is no mapping.
    """
    try:
        node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Malformed(Fault(line, column, f"not YAML: {error.problem}")) from None
    except yaml.YAMLError as error:
        raise Malformed(Fault(1, 1, f"not YAML: {' '.join(str(error).split())}")) from None
    except RecursionError:
        raise Malformed(Fault(1, 1, "the file is nested too deeply")) from None
    if not isinstance(node, yaml.MappingNode):
        raise Malformed(at(node, form) if node is not None else Fault(1, 1, form))
    return node
