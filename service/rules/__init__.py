"""The built-in legacy rules engine: the system that the shadow model is compared with.

`Ruleset.load` reads a YAML file of rules and `decide` applies them to columns. Conditions are a
small language described in docs/rules.md; a file with any fault in it is refused when it is read.
"""

from service.rules.errors import ColumnMissing, Fault, RulesetRefused
from service.rules.parsing import Rule
from service.rules.ruleset import LegacyColumns, Ruleset

__all__ = ["ColumnMissing", "Fault", "LegacyColumns", "Rule", "Ruleset", "RulesetRefused"]
