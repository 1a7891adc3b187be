"""Conditions: a small expression language, type-checked when it is read and run by numpy.

Each node on the short list below becomes a closure over columns; everything else is refused.

    number   literals, names, + - * /, unary + -
    truth    == != < <= > >= (chained too), in, not in, is None, is not None, and, or, not
    text     literals and names, to be compared with ==, !=, in and not in
"""

import ast
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from service.rules import elementwise
from service.rules.comparison import comparison
from service.rules.syntax import Source
from service.rules.terms import Run, Term
from service.rules.vocabulary import Kind, Vocabulary, suggestion

MAX_DEPTH = 50  # operators inside one another

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: elementwise.divide,
}


@dataclass(frozen=True)
class Condition:
    """A compiled condition.

    `run` maps columns of length n (float64 numbers, object text) to bool (n,); `names` are the
    columns it reads.
    """

    text: str
    run: Run
    names: frozenset[str]


def compile_condition(text: str, known: Vocabulary) -> Condition:
    """Read a condition, check its names and kinds, and compile it to numpy.

    Raises Misuse at the first thing that is wrong.
    """
    source = Source(text)
    compiler = _Compiler(source, known)
    term = compiler.term(source.tree).required(Kind.TRUTH)
    if not compiler.names:
        raise term.refused("the condition reads no column, so it never changes")
    return Condition(text, term.run, frozenset(compiler.names))


class _Compiler:
    """One walk over a syntax tree; `names` collects the columns it meets."""

    def __init__(self, source: Source, known: Vocabulary) -> None:
        self._source = source
        self._known = known
        self._depth = 0
        self.names: set[str] = set()

    def term(self, node: ast.expr) -> Term:
        """Compile any expression."""
        if self._depth == MAX_DEPTH:
            raise self._source.refusal(node, f"operators are nested more than {MAX_DEPTH} deep")
        self._depth += 1
        term = self._term(node)
        self._depth -= 1
        return term

    def _term(self, node: ast.expr) -> Term:
        match node:
            case ast.Name():
                return self._name(node)
            case ast.Constant():
                return self._literal(node)
            case ast.BoolOp():
                return self._combination(node)
            case ast.UnaryOp():
                return self._unary(node)
            case ast.BinOp():
                return self._arithmetic(node)
            case ast.Compare():
                return self._comparison(node)
            case _:
                raise self._source.forbidden(node)

    def _yields(self, node: ast.expr, kind: Kind, run: Run, **more: Any) -> Term:
        return Term(self._source, node, kind, run, **more)

    def _name(self, node: ast.Name) -> Term:
        column = self._known.get(node.id)
        if column is None:
            advice = suggestion(node.id, self._known)
            raise self._source.refusal(node, f'unknown name "{node.id}"; {advice}')
        self.names.add(node.id)
        return self._yields(node, column.kind, operator.itemgetter(node.id), name=node.id)

    def _literal(self, node: ast.Constant) -> Term:
        value = node.value
        if isinstance(value, str):
            text = np.array(value, dtype=object)
            return self._yields(node, Kind.TEXT, lambda _: text, literal=value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._source.refusal(
                node, f"{value!r} is not allowed in a condition; literals are numbers and text"
            )
        try:
            number = np.array(float(value))
        except OverflowError:
            number = np.array(math.inf)
        if np.isinf(number):
            raise self._source.refusal(node, "the number is too large")
        return self._yields(node, Kind.NUMBER, lambda _: number, literal=float(number))

    def _combination(self, node: ast.BoolOp) -> Term:
        runs = [self.term(part).required(Kind.TRUTH).run for part in node.values]
        combine = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        return self._yields(
            node, Kind.TRUTH, lambda columns: reduce(combine, (run(columns) for run in runs))
        )

    def _unary(self, node: ast.UnaryOp) -> Term:
        if isinstance(node.op, ast.Not):
            truth = self.term(node.operand).required(Kind.TRUTH)
            return self._yields(
                node, Kind.TRUTH, lambda columns: np.logical_not(truth.run(columns))
            )
        if isinstance(node.op, ast.Invert):
            raise self._source.forbidden(node, node.op)
        number = self.term(node.operand).required(Kind.NUMBER)
        sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
        literal = sign * number.literal if isinstance(number.literal, float) else None
        return self._yields(
            node, Kind.NUMBER, lambda columns: sign * number.run(columns), literal=literal
        )

    def _arithmetic(self, node: ast.BinOp) -> Term:
        compute = _ARITHMETIC.get(type(node.op))
        if compute is None:
            raise self._source.forbidden(node, node.op)
        left = self.term(node.left).required(Kind.NUMBER)
        right = self.term(node.right).required(Kind.NUMBER)
        if isinstance(node.op, ast.Div) and right.literal == 0.0:
            raise right.refused("division by zero")
        return self._yields(
            node, Kind.NUMBER, lambda columns: compute(left.run(columns), right.run(columns))
        )

    def _comparison(self, node: ast.Compare) -> Term:
        """Compile a comparison; a chain such as 1 < x < 5 holds where each of its links does."""
        links: list[Run] = []
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            if len(node.ops) > 1 and isinstance(op, ast.In | ast.NotIn | ast.Is | ast.IsNot):
                raise self._source.refusal(right, "in and is cannot be chained; use and")
            links.append(
                comparison(op, self.term(left), right, known=self._known, compile_term=self.term)
            )
            left = right
        return self._yields(
            node,
            Kind.TRUTH,
            lambda columns: reduce(np.logical_and, (link(columns) for link in links)),
        )
