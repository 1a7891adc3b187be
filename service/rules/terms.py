"""The parts of a condition while it is compiled."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from service.rules.elementwise import Values
from service.rules.syntax import Misuse, Source
from service.rules.vocabulary import Kind

Run = Callable[[Mapping[str, Values]], Values]


@dataclass(frozen=True)
class Term:
    """One expression: where it stands, what it yields and how to compute it.

    `run` maps columns of length n to an array of length n, or of no dimension for a literal.
    `name` is set for a bare column and `literal` for a constant: both sharpen the checks.
    """

    source: Source
    node: ast.expr
    kind: Kind
    run: Run
    name: str = ""
    literal: float | str | None = None

    @property
    def told(self) -> str:
        """The term as an error message calls it, with its kind."""
        if self.name:
            return f"{self.name} is {self.kind}"
        if self.literal is not None:
            written = f'"{self.literal}"' if self.kind is Kind.TEXT else f"{self.literal:g}"
            return f"{written} is {self.kind}"
        return f"this is {self.kind}"

    def refused(self, what: str) -> Misuse:
        """Return the error that says `what` about this term."""
        return self.source.refusal(self.node, what)

    def required(self, kind: Kind) -> "Term":
        """Return the term when it is of `kind`; raises Misuse otherwise."""
        if self.kind is kind:
            return self
        advice = ""
        if kind is Kind.TRUTH and self.kind is Kind.NUMBER and self.name:
            advice = f"; compare it, as in {self.name} > 0"
        raise self.refused(f"{self.told}, here it must be {kind}{advice}")
