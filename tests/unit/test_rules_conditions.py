"""What conditions mean, what they refuse, and where they say it is wrong."""

from typing import Any

import numpy as np
import pytest

from models.catalogue import NAMES
from service.rules.expression import compile_condition
from service.rules.syntax import Misuse
from service.rules.vocabulary import vocabulary

KNOWN = vocabulary(NAMES)
NAN = float("nan")


def holds(condition: str, **row: Any) -> bool:
    """Whether a condition holds for one transaction."""
    columns = {
        name: np.array([value], dtype=object if KNOWN[name].kind.name == "TEXT" else float)
        for name, value in row.items()
    }
    result = compile_condition(condition, KNOWN).run(columns)
    assert result.dtype == bool
    assert result.shape == (1,)
    return bool(result[0])


@pytest.mark.parametrize(
    ("condition", "row", "expected"),
    [
        ("amount > 100", {"amount": 100.01}, True),
        ("amount > 100", {"amount": 100.0}, False),
        ("amount == 12.34", {"amount": 1234 / 100}, True),
        ("10 <= amount < 20", {"amount": 10.0}, True),
        ("10 <= amount < 20", {"amount": 20.0}, False),
        ("spend_1d - amount > 2 * amount + 1", {"amount": 10.0, "spend_1d": 32.0}, True),
        ("amount / spend_30d > 0.5", {"amount": 6.0, "spend_30d": 10.0}, True),
        ("-amount < +5", {"amount": -5.0}, False),
        ('channel == "atm" and hour < 5', {"channel": "atm", "hour": 3}, True),
        ('channel == "atm" or hour < 5', {"channel": "moto", "hour": 7}, False),
        ("not hour < 5", {"hour": 7}, True),
        ('country in ["FR", "DE"]', {"country": "DE"}, True),
        ('country not in ("FR", "DE")', {"country": "IT"}, True),
        ("weekday in [5, 6]", {"weekday": 6}, True),
        ("country != ip_country", {"country": "FR", "ip_country": "DE"}, True),
        ("country == ip_country", {"country": "FR", "ip_country": "FR"}, True),
        ('"5411" == mcc', {"mcc": "5411"}, True),
        ("country is None", {"country": None}, True),
        ("hour is not None", {"hour": NAN}, False),
    ],
)
def test_a_condition_means_what_it_says(
    condition: str,
    row: dict[str, Any],
    expected: bool,  # noqa: FBT001 - a parameter of the table
) -> None:
    """Comparisons, arithmetic, lists and logic read as in Python."""
    assert holds(condition, **row) is expected


@pytest.mark.parametrize(
    "condition",
    [
        "hour > 5",
        "hour <= 5",
        "hour == 5",
        "hour != 5",
        "hour in [5]",
        "hour not in [5]",
        "5 > hour",
        "hour * 0 == 0",
        "country == ip_country",
        "country != ip_country",
        'country != "FR"',
        'country in ["FR"]',
        'country not in ["FR"]',
        "1 < hour < 9",
        "1 / amount > 0",
        "amount / amount == 1",
        "amount != 1 / (1 - 1)",
    ],
)
def test_a_comparison_with_a_missing_value_is_false(condition: str) -> None:
    """Also inequality, also on both sides, and what was divided by zero is missing."""
    row: dict[str, Any] = {"hour": NAN, "country": None, "ip_country": None, "amount": 0.0}
    names = compile_condition(condition, KNOWN).names
    assert not holds(condition, **{name: row[name] for name in names})


def test_not_turns_a_comparison_with_a_missing_value_true() -> None:
    """There are two truth values: `not` inverts whatever the comparison gave."""
    assert holds("not authenticated == 1", authenticated=NAN)


@pytest.mark.parametrize(
    ("condition", "offset", "what"),
    [
        ("amuont > 5", 0, 'unknown name "amuont"; did you mean amount?'),
        ("amount > 5 and nigth == 1", 15, 'unknown name "nigth"; did you mean night?'),
        ("channel == ecommerce", 11, 'did you mean the text "ecommerce"?'),
        ("country == FR", 11, 'text stands in quotes: "FR"'),
        ("outcome == 1", 0, 'unknown name "outcome"'),
        ("mcc == 5411", 7, "mcc is text, 5411 is a number: they cannot be compared; text stands"),
        ('amount > "5"', 9, 'amount is a number, "5" is text'),
        ('country in ["FR", 3]', 18, "country is text, 3 is a number"),
        ('channel == "ecomerce"', 11, 'channel is never "ecomerce"; did you mean "ecommerce"?'),
        ('mcc == "541"', 7, 'mcc is never "541"; it is four digits'),
        ('type < "refund"', 0, "compared with ==, != or in, not by order"),
        ("amount + country > 3", 9, "country is text, here it must be a number"),
        ("(amount > 1) + 1 > 1", 1, "this is true or false, here it must be a number"),
        ("(amount > 1) == (hour > 1)", 17, "they cannot be compared"),
        ("amount", 0, "amount is a number, here it must be true or false; compare it"),
        ("amount > 1 and hour", 15, "hour is a number, here it must be true or false"),
        ("1 < 2", 0, "reads no column"),
        ("amount > 5 AND hour < 3", 11, "AND is written and"),
        ("amount > 5 && hour < 3", 12, "&& is written and"),
        ("amount = 5", 7, "equality is written =="),
        ("amount >", 7, "ends too early"),
        ("amount > 5 # note", 11, "a comment would hide"),
        ("amount / 0 > 1", 9, "division by zero"),
        ("amount > 1e999", 9, "too large"),
        (f"amount > {'9' * 400}", 9, "too large"),
        ("amount == --5 and channel = 1", 26, "equality is written =="),
        ("amount > 3j", 9, "not allowed"),
        ("amount in []", 10, "a list with something in it"),
        ("amount in hour", 10, "a list with something in it"),
        ("amount in [hour]", 11, "literals only"),
        ("amount is 5", 10, "with None alone"),
        ("amount + 1 is None", 0, "name one"),
        ("1 < amount in [2]", 14, "cannot be chained"),
        ("", 0, "empty"),
        ("not " * 60 + "amount > 1", 200, "nested more than 50 deep"),
        ("(" * 300 + "amount > 1" + ")" * 300, 0, "nested"),
        ("amount > 1 or " * 200 + "hour > 1", 0, "characters, 2000 are allowed"),
        ("amount > 1\0", 10, "null character"),
        ("  é > 1", 2, 'unknown name "é"'),
        ('country == "é" and nope == 1', 11, 'country is never "é"'),
        ('device_id == "é" and nope == 1', 21, 'unknown name "nope"'),
    ],
)
def test_a_mistake_is_named_with_its_place(condition: str, offset: int, what: str) -> None:
    """Every refusal tells the character and, where it can, the mend."""
    with pytest.raises(Misuse) as caught:
        compile_condition(condition, KNOWN)
    assert what in caught.value.what
    assert caught.value.offset == offset or "nested" in what
    assert "\n" not in caught.value.what


@pytest.mark.parametrize(
    "condition",
    [
        '__import__("os").getcwd() == 1',
        "amount.__class__ == 1",
        "amount[0] > 1",
        "(lambda: 1) == 1",
        "[x for x in [1]] == 1",
        "(amount := 3) > 1",
        'f"{amount}" == country',
        "(amount if hour > 1 else 2) > 1",
        "amount ** 2 > 1",
        "amount % 2 == 1",
        "amount // 2 == 1",
        "amount & 1 == 1",
        "amount | 1 == 1",
        "~amount == 1",
        "amount @ 1 == 1",
        "[1] == amount",
        "{1: 2} == amount",
        "True",
        "amount > None",
        'b"x" == country',
        "... == amount",
    ],
)
def test_a_construct_outside_the_language_is_refused(condition: str) -> None:
    """Nothing that could reach beyond columns and literals passes the compiler."""
    with pytest.raises(Misuse, match="not allowed in a condition"):
        compile_condition(condition, KNOWN)


def test_a_list_that_runs_code_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conditions are read, never evaluated by Python."""
    ran: list[str] = []
    monkeypatch.setattr("builtins.print", lambda *words: ran.append(str(words)))
    with pytest.raises(Misuse):
        compile_condition('print("x") == 1', KNOWN)
    assert not ran
