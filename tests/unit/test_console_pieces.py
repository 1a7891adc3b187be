"""Drawings and words of the console: they say what the figures are."""

from itertools import pairwise

import numpy as np
import pytest
from builders.ledger_rows import START_MS, transactions
from hypothesis import given
from hypothesis import strategies as st

from service.cases.dispositions import CODES, IS_FRAUD, SAYS, code_of, of_many
from service.console import words
from service.console.timeline import drawing
from service.console.waterfall import MOST_STEPS, WIDTH, waterfall
from service.ledger import Timeline
from service.people.passwords import PasswordRefused, agrees, hashed
from service.people.roles import ROLES, may

numbers = st.floats(-20, 20)


@given(base=numbers, amounts=st.lists(numbers, min_size=1, max_size=40), threshold=numbers)
def test_the_lines_of_a_waterfall_add_up_whatever_does_not_fit(
    base: float, amounts: list[float], threshold: float
) -> None:
    """Each begins where the last ended, all lie on the scale, none is lost."""
    facts = [{"text": str(n), "contribution": one} for n, one in enumerate(amounts)]
    total = base + sum(amounts)
    found = waterfall({"base_value": base, "contributions": facts}, total, threshold)
    assert found is not None
    steps = found.steps
    assert sum(one.amount for one in steps[:-1]) == pytest.approx(total, abs=1e-6)
    assert found.difference < 1e-9
    assert len(steps) == 2 + min(len(amounts), MOST_STEPS) + (len(amounts) > MOST_STEPS)
    for before, after in pairwise(steps[:-1]):
        assert before.after == after.before
    assert all(one.x >= 0 and one.x + one.width <= WIDTH + 2 for one in steps)
    strengths = [abs(one.amount) for one in steps[1 : 1 + min(len(amounts), MOST_STEPS)]]
    assert strengths == sorted(strengths, reverse=True)


def test_without_contributions_there_is_no_waterfall() -> None:
    """Rather none than one of nothing."""
    assert waterfall({"base_value": 1.0, "contributions": []}, 1.0, 0.0) is None
    assert waterfall({}, 1.0, 0.0) is None


def timeline(amounts: list[int]) -> Timeline:
    """Return a timeline, newest first, whose last payment is flagged."""
    n = len(amounts)
    rows = transactions(
        [f"t{k}" for k in range(n)],
        amount_minor=np.array(amounts, np.int64),
        occurred_ms=START_MS - 60_000 * np.arange(n, dtype=np.int64),
    )
    flagged = np.zeros(n, bool)
    flagged[:1] = True
    nothing = np.full(n, None, object)
    alert_id = nothing.copy()
    alert_id[:1] = "alert"
    return Timeline(rows, np.zeros(n), np.zeros(n, np.int16), flagged, alert_id, nothing)


@given(amounts=st.lists(st.integers(0, 10**12), min_size=1, max_size=60))
def test_a_timeline_draws_every_payment_where_its_time_and_amount_are(amounts: list[int]) -> None:
    """Later is further right, more is further up, all within the drawing."""
    found = drawing(timeline(amounts), {"alert"}, 2)
    assert found is not None
    points = sorted(found.points, key=lambda point: point.row)
    assert len(points) == len(amounts)
    assert all(64 <= one.x <= 1120 and 0 <= one.y <= found.floor for one in points)
    assert [one.x for one in points] == sorted((one.x for one in points), reverse=True)
    for one, amount in zip(points, amounts, strict=True):
        for other, more in zip(points, amounts, strict=True):
            assert amount > more or one.y >= other.y
    assert [one.row for one in points if one.flagged and one.in_case] == [0]
    assert drawing(timeline([]), set(), 2) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.money(123_456, "EUR"), "1,234.56 EUR"),
        (words.money(5, "JPY"), "5 JPY"),
        (words.money(1_234, "KWD"), "1.234 KWD"),
        (words.money(None, "EUR"), words.NOTHING),
        (words.lasting(59_999), "59 s"),
        (words.lasting(3_599_999), "59 min"),
        (words.lasting(47 * 3_600_000), "47 h"),
        (words.lasting(49 * 3_600_000), "2 d"),
        (words.lasting(-5), "0 s"),
        (words.share(0.9985), "99.85 %"),
        (words.share(0.5), "50.0 %"),
        (words.signed(-1.234), f"{words.MINUS}1.23"),
        (words.number(-7.6e-05), "0"),
        (words.number(93_693.5), "93,694"),
        (words.number(0.096), "0.096"),
        (words.plural(1, "case"), "1 case"),
        (words.plural(2_000, "case"), "2,000 cases"),
    ],
)
def test_figures_are_written_as_people_read_them(said: str, expected: str) -> None:
    """With the unit, and no place that says nothing."""
    assert said == expected


def test_every_disposition_has_reasons_and_every_key_is_one_digit() -> None:
    """A kind is chosen by 1 2 3, a reason by 1 to 9."""
    assert set(SAYS) == set(CODES) == set(IS_FRAUD)
    assert all(1 <= len(codes) <= 9 for codes in CODES.values())
    assert code_of("false_positive", "scam") is None
    assert all(code.fraud_type for code in CODES["confirmed_fraud"])
    assert of_many({"false_positive", "confirmed_fraud"}) == "confirmed_fraud"
    assert of_many({"false_positive", "undetermined"}) == "undetermined"
    assert of_many({"false_positive"}) == "false_positive"


def test_an_unknown_role_may_nothing() -> None:
    """And every role may look."""
    assert not may("root", "view")
    assert all(may(role, "view") for role in ROLES)


def test_a_password_is_long_and_agrees_only_with_itself() -> None:
    """No hash at all agrees with nothing."""
    with pytest.raises(PasswordRefused, match="12"):
        hashed("short")
    kept = hashed("twelve letters")
    assert kept.startswith("$argon2id$")
    assert agrees("twelve letters", kept)
    assert not agrees("twelve Letters", kept)
    assert not agrees("the password of nobody", None)
    assert not agrees("x", "not a hash")
