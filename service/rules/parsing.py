"""From the text of a ruleset file to compiled rules, or every fault with its line and column."""

import difflib
import math
import re
from dataclasses import dataclass, field

import yaml

from models.transaction import LEGACY_DECISIONS
from service.rules.document import Block, Malformed, Scalar, at, compose
from service.rules.errors import Fault, RulesetRefused
from service.rules.expression import Condition, compile_condition
from service.rules.syntax import Misuse
from service.rules.vocabulary import Vocabulary

MAX_RULES = 1_000

_RULESET_KEYS = ("name", "version", "description", "rules")
_RULE_KEYS = ("name", "description", "condition", "action", "score")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True)
class Rule:
    """One rule: when `condition` holds, ask for `action` (a code of LEGACY_DECISIONS)."""

    name: str
    condition: Condition
    action: int
    score: float
    description: str


@dataclass(frozen=True)
class RulesetText:
    """A ruleset file that was read without a fault."""

    name: str
    version: str
    rules: tuple[Rule, ...]


def parse_ruleset(text: str, *, file: str, known: Vocabulary) -> RulesetText:
    """Read a ruleset; `file` is its label in messages, `known` the names conditions may use.

    Raises RulesetRefused with every fault of the file.
    """
    try:
        node = compose(text, form="a ruleset is a mapping with name, version and rules")
    except Malformed as malformed:
        raise RulesetRefused(file, [malformed.fault]) from None
    reader = _Reader(known)
    ruleset = reader.ruleset(node)
    if reader.faults or ruleset is None:
        raise RulesetRefused(file, reader.faults)
    return ruleset


@dataclass
class _Reader:
    """Reads one file and gathers its faults instead of stopping at the first."""

    known: Vocabulary
    faults: list[Fault] = field(default_factory=list)

    def ruleset(self, node: yaml.MappingNode) -> RulesetText | None:
        """Read the whole file; None when anything is wrong."""
        block = Block(node, allowed=_RULESET_KEYS)
        name = self._name(block.scalar("name"))
        version = self._name(block.scalar("version"))
        block.optional("description")
        entries = list(block.items("rules"))
        self.faults += block.faults
        if len(entries) > MAX_RULES:
            self.faults.append(at(entries[MAX_RULES], f"more than {MAX_RULES} rules in one file"))
        rules: dict[str, Rule] = {}
        for entry in entries[:MAX_RULES]:
            rule = self._rule(entry)
            if rule is None:
                continue
            if rule.name in rules:
                self.faults.append(at(entry, f'the rule "{rule.name}" stands twice; rename one'))
            rules[rule.name] = rule
        if self.faults:
            return None
        return RulesetText(name, version, tuple(rules.values()))

    def _rule(self, node: yaml.Node) -> Rule | None:
        """Read one rule; None when anything in it is wrong."""
        if not isinstance(node, yaml.MappingNode):
            self.faults.append(at(node, f"a rule is a mapping with {', '.join(_RULE_KEYS)}"))
            return None
        block = Block(node, allowed=_RULE_KEYS)
        before = len(self.faults)
        name = self._name(block.scalar("name"))
        condition = self._condition(block.scalar("condition"))
        action = self._action(block.scalar("action"))
        score = self._score(block.scalar("score"))
        description = block.optional("description")
        self.faults += block.faults
        if condition is None or len(self.faults) > before:
            return None
        return Rule(name, condition, action, score, description.value if description else "")

    def _name(self, scalar: Scalar | None) -> str:
        if scalar is None:
            return ""
        if not _NAME.fullmatch(scalar.value):
            what = f'"{scalar.value}" is no name: letters, digits, _ . - and at most 64 of them'
            self.faults.append(scalar.fault(what))
        return scalar.value

    def _condition(self, scalar: Scalar | None) -> Condition | None:
        if scalar is None:
            return None
        try:
            return compile_condition(scalar.value, self.known)
        except Misuse as misuse:
            self.faults.append(scalar.fault(misuse.what, misuse.offset))
            return None

    def _action(self, scalar: Scalar | None) -> int:
        if scalar is None:
            return 0
        if scalar.value not in LEGACY_DECISIONS:
            near = difflib.get_close_matches(scalar.value.lower(), LEGACY_DECISIONS, n=1)
            advice = f"did you mean {near[0]}?" if near else f"one of {', '.join(LEGACY_DECISIONS)}"
            self.faults.append(scalar.fault(f'unknown action "{scalar.value}"; {advice}'))
            return 0
        return LEGACY_DECISIONS.index(scalar.value)

    def _score(self, scalar: Scalar | None) -> float:
        if scalar is None:
            return 0.0
        try:
            score = float(scalar.value)
        except ValueError:
            score = math.nan
        if not 0.0 <= score < math.inf:
            what = f'the score "{scalar.value}" must be a number of at least 0'
            self.faults.append(scalar.fault(what))
        return score
