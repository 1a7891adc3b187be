"""Comparisons inside a condition: order, equality, membership in a list, presence."""

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from service.rules import elementwise
from service.rules.terms import Run, Term
from service.rules.vocabulary import Kind, Vocabulary

_ORDER: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_EQUALITY: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: elementwise.equal,
    ast.NotEq: elementwise.not_equal,
}


def comparison(
    op: ast.cmpop,
    left: Term,
    right: ast.expr,
    *,
    known: Vocabulary,
    compile_term: Callable[[ast.expr], Term],
) -> Run:
    """Compile `left op right` to a function giving bool (n,).

    Raises Misuse for sides of different kinds, text compared by order, a text that its column can
    never hold, and lists of anything but literals.
    """
    if isinstance(op, ast.Is | ast.IsNot):
        return _presence(op, left, right)
    if isinstance(op, ast.In | ast.NotIn):
        return _membership(op, left, right, known, compile_term)
    other = compile_term(right)
    _alike(left, other, known)
    if type(op) in _ORDER and left.kind is Kind.TEXT:
        raise left.refused(f"{left.told}: it is compared with ==, != or in, not by order")
    compare = (_ORDER | _EQUALITY)[type(op)]
    return lambda columns: compare(left.run(columns), other.run(columns))


def _presence(op: ast.cmpop, left: Term, right: ast.expr) -> Run:
    """`name is None`, `name is not None`: the one way to ask for what is missing."""
    if not (isinstance(right, ast.Constant) and right.value is None):
        raise left.source.refusal(right, "is and is not go with None alone; compare with ==")
    if not left.name:
        raise left.refused("is None asks about a column; name one")
    wanted = isinstance(op, ast.IsNot)
    return lambda columns: np.equal(elementwise.present(left.run(columns)), wanted)


def _membership(
    op: ast.cmpop,
    left: Term,
    right: ast.expr,
    known: Vocabulary,
    compile_term: Callable[[ast.expr], Term],
) -> Run:
    """`term in [literals]`, `term not in [literals]`."""
    if not isinstance(right, ast.List | ast.Tuple | ast.Set) or not right.elts:
        raise left.source.refusal(right, 'in needs a list with something in it: ["FR", "DE"]')
    choices: list[float | str] = []
    for element in right.elts:
        choice = compile_term(element)
        if choice.literal is None:
            raise choice.refused("a list after in holds literals only")
        _alike(left, choice, known)
        choices.append(choice.literal)
    if isinstance(op, ast.In):
        return lambda columns: elementwise.among(left.run(columns), choices)

    def outside(columns: Any) -> Any:
        values = left.run(columns)
        return elementwise.present(values) & ~elementwise.among(values, choices)

    return outside


def _alike(left: Term, right: Term, known: Vocabulary) -> None:
    """Refuse sides that cannot be compared, and text that a column can never hold."""
    if left.kind is not right.kind or left.kind is Kind.TRUTH:
        advice = ""
        if {left.kind, right.kind} == {Kind.TEXT, Kind.NUMBER}:
            number = left if left.kind is Kind.NUMBER else right
            if number.literal is not None:
                advice = f'; text stands in quotes: "{number.literal:g}"'
        raise right.refused(f"{left.told}, {right.told}: they cannot be compared{advice}")
    for column, text in ((left, right), (right, left)):
        if column.name and isinstance(text.literal, str):
            why = known[column.name].refuses(text.literal)
            if why:
                raise text.refused(f"{column.name} {why}")
