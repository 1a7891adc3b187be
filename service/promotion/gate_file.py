"""From the text of a gate file to a gate, or every fault with its line, column and mend."""

from __future__ import annotations

import difflib
import hashlib
import math
import re
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import yaml

from models.errors import BadInput
from service.ledger.facts import BUILTIN_SEGMENTS
from service.promotion import gate as declared
from service.promotion.gate import FREE, LESS_IS_BETTER, Condition, Gate, SegmentCondition
from service.rules.document import Block, Malformed, Scalar, at, compose
from service.rules.errors import Fault, FileRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLE = "example-gate.yaml"

_NUMBERS: dict[str, tuple[float, float, str]] = {
    "period_days": (1, 3650, "whole days"),
    "threshold_days": (1, 3650, "whole days"),
    "mature_labels": (1, math.inf, "a whole number"),
    "mature_frauds": (1, math.inf, "a whole number"),
    "coverage": (0, 1, "a share"),
    "confidence": (0.5, 0.9999, "a share"),
    "looks": (1, 1000, "a whole number"),
    "latency_p99_ms": (0, 60_000, "milliseconds"),
    "drift_psi": (0, 10, "an index"),
}
"""The least and the most a number may be, and what it is."""
_OPTIONAL = ("latency_p99_ms", "drift_psi")
_SHARES = ("coverage", "confidence", *_OPTIONAL)
_KEYS = ("name", "version", "goal", "owner", *_NUMBERS, "against_legacy", "segments")
_MARGINS: tuple[str, ...] = get_args(declared.Margin)
_CONDITION = ("figure", "at", *_MARGINS)
_SEGMENTS = ("by", "unknown_at_most", *_CONDITION)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class GateRefused(FileRefused):
    """A file is no gate."""


def load_gate(path: Path) -> tuple[Gate, bytes]:
    """Read a gate file; return it and its bytes. Raises GateRefused, BadInput."""
    try:
        body = path.read_bytes()
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadInput(f"gate {path} is not UTF-8 at byte {error.start}; save it so") from None
    except OSError as error:
        raise BadInput(
            f"gate {path} cannot be read ({error.strerror}); copy one from {example_gate()}"
        ) from None
    return parse_gate(text, file=str(path)), body


def example_gate() -> Path:
    """Return the path of the gate that comes with Penumbra."""
    return Path(str(resources.files("service.promotion") / EXAMPLE))


def parse_gate(text: str, *, file: str) -> Gate:
    """Read a gate; `file` is its label in messages. Raises GateRefused with every fault."""
    try:
        node = compose(text, form=f"a gate is a mapping with {', '.join(_KEYS)}")
    except Malformed as malformed:
        raise GateRefused(file, [malformed.fault]) from None
    reader = _Reader()
    found = reader.gate(node, hashlib.sha256(text.encode()).hexdigest())
    if found is None:
        raise GateRefused(file, reader.faults)
    return found


@dataclass
class _Reader:
    """Reads one file and gathers its faults instead of stopping at the first."""

    faults: list[Fault] = field(default_factory=list)

    def gate(self, node: yaml.MappingNode, sha256: str) -> Gate | None:
        """Read the whole file; None when anything is wrong."""
        block = Block(node, allowed=_KEYS)
        names = {key: self._text(block.scalar(key)) for key in ("name", "version")}
        said = {key: self._said(block.scalar(key)) for key in ("goal", "owner")}
        numbers = {key: self._number(block, key) for key in _NUMBERS}
        conditions = [self._condition_of(each) for each in block.items("against_legacy")]
        segments = self._segments(block.mapping("segments", allowed=_SEGMENTS))
        self.faults += block.faults
        if self.faults:
            return None
        counts = {
            key: value if key in _SHARES else int(value)
            for key, value in numbers.items()
            if value is not None
        }
        plain: dict[str, Any] = {**names, **said, **dict.fromkeys(_OPTIONAL), **counts}
        return Gate(
            **plain,
            conditions=tuple(one for one in conditions if one is not None),
            segments=segments,
            sha256=sha256,
        )

    def _segments(self, block: Block | None) -> SegmentCondition | None:
        if block is None:
            return None
        by = [self._segment(one) for one in block.items("by")]
        unknown = self._within(block.scalar("unknown_at_most"), 0, 1, "a share")
        condition = self._condition(block)
        if condition is None or unknown is None:
            return None
        return SegmentCondition(tuple(by), unknown, condition)

    def _condition_of(self, node: yaml.Node) -> Condition | None:
        if not isinstance(node, yaml.MappingNode):
            self.faults.append(at(node, f"a condition is a mapping with {', '.join(_CONDITION)}"))
            return None
        return self._condition(Block(node, allowed=_CONDITION))

    def _condition(self, block: Block) -> Condition | None:
        """Read figure, place and margin, in a block that may hold more."""
        before = len(self.faults)
        figure = self._choice(block.scalar("figure"), get_args(declared.Figure), "figure")
        place = block.scalar("at")
        where = self._choice(place, get_args(declared.Matched), "place")
        given = {name: one for name in _MARGINS if (one := block.optional(name)) is not None}
        self.faults += block.faults
        if len(given) != 1:
            what = f"a condition has one margin, this {len(given)}: {', '.join(_MARGINS)}"
            self.faults.append(at(block.node, what))
        if place is not None and FREE.get(where) == figure:
            what = f"at {where} the {figure} is equal by construction; judge another figure"
            self.faults.append(place.fault(what))
        bars = {name: self._bar(figure, name, scalar) for name, scalar in given.items()}
        if len(self.faults) > before:
            return None
        ((margin, bar),) = bars.items()
        return Condition(figure, where, margin, bar)  # type: ignore[arg-type]  # chosen among them

    def _bar(self, figure: str, margin: str, scalar: Scalar) -> float:
        if margin.endswith("_times"):
            right = "at_most_times" if figure in LESS_IS_BETTER else "at_least_times"
            if margin != right:
                which = "less" if figure in LESS_IS_BETTER else "more"
                what = f"of {figure} {which} is better; write {right}"
                self.faults.append(scalar.fault(what))
            return self._within(scalar, 0, math.inf, "a factor") or 0.0
        most = math.inf if figure == "false_positives_per_fraud" else 1
        return self._within(scalar, 0, most, "a difference of shares (0.02 is 2 points)") or 0.0

    def _number(self, block: Block, key: str) -> float | None:
        least, most, kind = _NUMBERS[key]
        scalar = block.optional(key) if key in _OPTIONAL else block.scalar(key)
        return self._within(scalar, least, most, kind, whole=key not in _SHARES)

    def _within(
        self, scalar: Scalar | None, least: float, most: float, kind: str, *, whole: bool = False
    ) -> float | None:
        if scalar is None:
            return None
        try:
            value = float(scalar.value)
        except ValueError:
            value = math.nan
        if not (least <= value <= most and math.isfinite(value)) or (whole and value % 1):
            span = f"of at least {least:g}" + ("" if math.isinf(most) else f", at most {most:g}")
            self.faults.append(scalar.fault(f'"{scalar.value}" is not {kind} {span}'))
        return value

    def _choice(self, scalar: Scalar | None, among: Sequence[str], kind: str) -> str:
        if scalar is None:
            return ""
        if scalar.value not in among:
            near = difflib.get_close_matches(scalar.value.lower(), among, n=1)
            advice = f"did you mean {near[0]}?" if near else f"one of {', '.join(among)}"
            self.faults.append(scalar.fault(f'unknown {kind} "{scalar.value}"; {advice}'))
        return scalar.value

    def _text(self, scalar: Scalar | None) -> str:
        if scalar is not None and not _NAME.fullmatch(scalar.value):
            what = f'"{scalar.value}" is no name: letters, digits, _ . - and at most 64 of them'
            self.faults.append(scalar.fault(what))
        return "" if scalar is None else scalar.value

    def _said(self, scalar: Scalar | None) -> str:
        if scalar is not None and not scalar.value.strip():
            self.faults.append(scalar.fault("say it in words"))
        return "" if scalar is None else scalar.value.strip()

    def _segment(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode):
            near = difflib.get_close_matches(node.value.lower(), BUILTIN_SEGMENTS, n=1, cutoff=0.8)
            if node.value not in BUILTIN_SEGMENTS and near:
                what = f'unknown segment "{node.value}"; did you mean {near[0]}?'
                self.faults.append(at(node, what))
            return str(node.value)  # another name is that of a declared group
        self.faults.append(at(node, "a segment is a name"))
        return ""
