"""Properties of the rules language: a plain reading of each row agrees, and no text breaks it."""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.transaction import CHANNELS
from service.rules import RulesetRefused
from service.rules.expression import compile_condition
from service.rules.parsing import parse_ruleset
from service.rules.syntax import Misuse
from service.rules.vocabulary import vocabulary

KNOWN = vocabulary(["count_1h", "spend_1d"])
NUMBERS = ["amount", "hour", "count_1h", "spend_1d"]
TEXTS = ["channel", "type", "device_id"]
Row = dict[str, Any]
Meaning = Callable[[Row], Any]
Phrase = tuple[str, Meaning]

ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul}
ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
EQUALITY = {"==": operator.eq, "!=": operator.ne}


def _lift(combine: Callable[[Any, Any], Any], left: Meaning, right: Meaning) -> Meaning:
    """Combine two values; a missing one makes the result missing."""

    def meaning(row: Row) -> Any:
        values = left(row), right(row)
        return None if None in values else combine(*values)

    return meaning


def _quotient(left: float, right: float) -> float | None:
    return left / right if right else None


def _number_phrases(inner: st.SearchStrategy[Phrase]) -> st.SearchStrategy[Phrase]:
    def combined(parts: tuple[Phrase, str, Phrase]) -> Phrase:
        (left, left_means), op, (right, right_means) = parts
        means = _lift(ARITHMETIC.get(op, _quotient), left_means, right_means)
        return f"({left} {op} {right})", means

    return (
        st.tuples(inner, st.sampled_from([*ARITHMETIC, "/"]), inner)
        .map(combined)
        .filter(lambda phrase: "/ 0)" not in phrase[0] and "/ -0)" not in phrase[0])
    )


def _column(name: str) -> Phrase:
    return name, lambda row: row[name]


def _literal(value: float | str) -> Phrase:
    return (f'"{value}"' if isinstance(value, str) else str(value)), lambda _: value


numbers = st.recursive(
    st.sampled_from(NUMBERS).map(_column) | st.integers(-50, 50).map(_literal),
    _number_phrases,
    max_leaves=4,
)


def _comparison(parts: tuple[Phrase, str, Phrase]) -> Phrase:
    (left, left_means), op, (right, right_means) = parts
    found = _lift((ORDER | EQUALITY)[op], left_means, right_means)
    return f"{left} {op} {right}", lambda row: bool(found(row))


def _membership(parts: tuple[str, list[str], bool]) -> Phrase:
    name, choices, inside = parts
    listed = ", ".join(f'"{choice}"' for choice in choices)
    return (
        f"{name} {'in' if inside else 'not in'} [{listed}]",
        lambda row: row[name] is not None and (row[name] in choices) == inside,
    )


comparisons = (
    st.tuples(numbers, st.sampled_from([*ORDER, *EQUALITY]), numbers).map(_comparison)
    | st.tuples(
        st.just("channel").map(_column),
        st.sampled_from(list(EQUALITY)),
        st.sampled_from(CHANNELS).map(_literal) | st.sampled_from(TEXTS).map(_column),
    ).map(_comparison)
    | st.tuples(
        st.just("channel"), st.lists(st.sampled_from(CHANNELS), min_size=1), st.booleans()
    ).map(_membership)
    | st.sampled_from([*NUMBERS, *TEXTS]).map(
        lambda name: (f"{name} is None", lambda row: row[name] is None)
    )
)


def _logic(inner: st.SearchStrategy[Phrase]) -> st.SearchStrategy[Phrase]:
    def both(parts: tuple[Phrase, str, Phrase]) -> Phrase:
        (left, left_means), word, (right, right_means) = parts
        if word == "and":
            return f"({left} and {right})", lambda row: left_means(row) and right_means(row)
        return f"({left} or {right})", lambda row: left_means(row) or right_means(row)

    def inverted(part: Phrase) -> Phrase:
        return f"not ({part[0]})", lambda row: not part[1](row)

    pairs = st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(both)
    return pairs | inner.map(inverted)


conditions = st.recursive(comparisons, _logic, max_leaves=5)
rows = st.fixed_dictionaries(
    {name: st.none() | st.integers(-60, 60).map(float) for name in NUMBERS}
    | {name: st.none() | st.sampled_from(CHANNELS) for name in TEXTS}
)


@settings(max_examples=300)
@given(phrase=conditions, batch=st.lists(rows, min_size=1, max_size=8))
def test_a_batch_is_decided_as_each_of_its_rows(phrase: Phrase, batch: list[Row]) -> None:
    """The numpy program agrees with a plain reading of the condition, row by row."""
    written, means = phrase
    columns = {
        name: np.array([row[name] for row in batch], dtype=float if name in NUMBERS else object)
        for name in [*NUMBERS, *TEXTS]
    }
    try:
        condition = compile_condition(written, KNOWN)
    except Misuse as misuse:
        assert misuse.what.startswith("the condition reads no column")  # noqa: PT017
        return
    with np.errstate(all="ignore"):
        result = condition.run(columns)
    assert result.tolist() == [means(row) for row in batch]


@settings(max_examples=300)
@given(
    st.text(max_size=80) | st.text(alphabet="amount hour(\"[])<>=!and\n#'.,:+-*/ 019", max_size=60)
)
def test_any_text_is_compiled_or_refused_with_a_place(written: str) -> None:
    """No text makes the compiler fail in another way, and the place lies inside the text."""
    try:
        compile_condition(written, KNOWN)
    except Misuse as misuse:
        assert 0 <= misuse.offset <= max(len(written), 1)  # noqa: PT017
        assert "\n" not in misuse.what  # noqa: PT017


@settings(max_examples=200)
@given(
    st.text(max_size=200) | st.text(alphabet="name: version rules-\n'\"[]{}|>&*!#1 ", max_size=120)
)
def test_any_file_is_read_or_refused(written: str) -> None:
    """Whatever a file holds, the answer is a ruleset or faults at lines that the file has."""
    try:
        parse_ruleset(written, file="any.yaml", known=KNOWN)
    except RulesetRefused as refused:
        lines = len(written.splitlines()) + 1
        assert all(1 <= fault.line <= lines + 1 for fault in refused.faults)  # noqa: PT017
        assert all(fault.column >= 1 for fault in refused.faults)  # noqa: PT017
        assert "\n" not in str(refused)  # noqa: PT017


@given(
    st.sampled_from(["{}", "'{}'", '"{}"', ">-\n      {}", "|\n      {}", ">\n\n      {}"]),
    st.integers(0, 3),
)
def test_a_fault_is_found_in_every_style_of_yaml(style: str, before: int) -> None:
    """The column of an unknown name is where the name stands, however the text is written."""
    condition = "hour > 1 and " * before + "nope > 3"
    written = style.format(condition)
    if "\n" in written:
        written = written.replace(" and ", " and\n      ")
    document = (
        f"name: a\nversion: 1\nrules:\n  - name: b\n    condition: {written}\n"
        "    action: review\n    score: 1\n"
    )
    with pytest.raises(RulesetRefused) as caught:
        parse_ruleset(document, file="any.yaml", known=KNOWN)
    fault = caught.value.faults[0]
    line = document.splitlines()[fault.line - 1]
    assert line[fault.column - 1 :].startswith("nope")


def test_infinity_is_a_number_like_others() -> None:
    """An overflow compares as infinity and does not warn."""
    condition = compile_condition("amount * amount > 1", KNOWN)
    with np.errstate(all="ignore"):
        assert condition.run({"amount": np.array([1e200, math.inf])}).tolist() == [True, True]
