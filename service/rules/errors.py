"""What can be wrong with a ruleset, or another file that people write by hand.

PenumbraError
└── BadInput
    ├── FileRefused      a file is not what it should be: every fault with its line and column
    │   └── RulesetRefused   the file is not a valid ruleset
    └── ColumnMissing    a batch lacks a column that a rule reads
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import BadInput


@dataclass(frozen=True, order=True)
class Fault:
    """One mistake in a file; `line` and `column` count from 1."""

    line: int
    column: int
    what: str


class FileRefused(BadInput):
    """A file is not used: it has at least one fault, and all of them are in `faults`."""

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        ordered = tuple(sorted(faults))
        first, others = ordered[0], ordered[1:]
        more = ""
        if others:
            places = ", ".join(f"{fault.line}:{fault.column}" for fault in others)
            more = f" (and {len(others)} more, at {places})"
        super().__init__(f"{file}:{first.line}:{first.column}: {first.what}{more}")
        self.file = file
        self.faults = ordered


class RulesetRefused(FileRefused):
    """A file is no ruleset."""


class ColumnMissing(BadInput):
    """A batch was to be decided without a column that the ruleset reads."""

    def __init__(self, *, ruleset: str, columns: Sequence[str]) -> None:
        super().__init__(
            f"ruleset {ruleset} reads {', '.join(columns)}, which this batch does not have; "
            "give the column, filled with missing values if nothing is known"
        )
        self.columns = tuple(columns)
