"""Grades follow the table of rules, and the verdict follows the grades."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders.audits import audited
from hypothesis import given
from hypothesis import strategies as st

from training.audit import Finding, Grade
from training.audit.scales import AT_BEST, SCALES, Scale
from training.audit.scorecard import scorecard, verdict

CONTEXT = """
merchant_id: {column: customer}
country: {column: country}
ip_country: {column: country}
channel: {column: channel}
mcc: {column: mcc}
device_id: {column: customer}
latitude: {column: mcc}
"""
GRADES = st.lists(st.integers(1, 5), min_size=1, max_size=8)


def graded(folder: Path, **asked: Any) -> dict[str, Grade]:
    """Return the scorecard of an audit by dimension."""
    return {one.dimension: one for one in audited(folder, **asked).grades}


def test_complete_steady_data_is_fit_to_train_on(tmp_path: Path) -> None:
    """Ninety days with all that features read."""
    found = audited(
        tmp_path,
        days=95,
        rows=40_000,
        mapping=CONTEXT.replace("latitude: {column: mcc}\n", ""),
        country=lambda _: ["DE", "FR"] * 20_000,
        channel=lambda _: ["atm", "ecommerce", "moto", "transfer"] * 10_000,
        mcc=lambda t: 5000 + t["amount"] % 9,
    )
    assert found.verdict.fitness == "fit to train on"
    assert min(one.grade for one in found.grades) >= 4


def test_every_dimension_is_graded_with_a_reason(tmp_path: Path) -> None:
    """And a low grade says what to do."""
    found = graded(tmp_path)
    assert set(found) == set(AT_BEST)
    assert all(one.reason for one in found.values())
    assert all(one.remedy for one in found.values() if one.grade < 3)
    assert found["validity"] == Grade("validity", 5, AT_BEST["validity"], None)


def test_an_input_known_afterwards_makes_data_unfit(tmp_path: Path) -> None:
    """The verdict names it."""
    found = audited(
        tmp_path,
        days=70,
        mapping="  scenario: {column: scenario, kind: category}\n",
        scenario=lambda t: t["fraud"] * 2,
    )
    assert found.verdict.fitness == "not fit to train on"
    assert found.verdict.reasons == ("leakage: model inputs known only after the fact: 1",)


def test_time_too_short_for_windows_makes_data_unfit(tmp_path: Path) -> None:
    """Labels take three weeks, the file ten days."""
    found = graded(tmp_path, delay=21)["size"]
    assert (found.grade, found.reason) == (1, "training cannot cut windows that all hold frauds")


def test_rows_that_repeat_lower_uniqueness_alone(tmp_path: Path) -> None:
    """Ten rows of 2,000 are half a per cent."""
    found = graded(tmp_path, id=lambda t: t["id"][:10] + t["id"][:-10])
    assert found["uniqueness"].grade == 2
    assert "0.500% of rows repeat" in found["uniqueness"].reason
    assert found["validity"].grade == 5


def test_refused_rows_lower_validity_alone(tmp_path: Path) -> None:
    """Ten per cent have no amount that can be."""
    found = graded(tmp_path, amount=lambda t: np.where(t["amount"] < 500, -1, t["amount"]))
    assert found["validity"].grade == 1


def test_what_cannot_be_judged_gets_a_three() -> None:
    """It is neither good nor bad, and says why it was not judged."""
    silent = tuple(
        Finding(scale.check, "note", "not judged: too short")
        for scale in {scale.check: scale for scale in SCALES}.values()
    )
    assert all(one.grade == 3 for one in scorecard(silent))
    assert all(one.reason == "not judged: too short" for one in scorecard(silent))


@given(GRADES)
def test_the_verdict_is_that_of_the_lowest_grade(numbers: list[int]) -> None:
    """Any 1: not fit. Any 2 or 3: with care. Its reasons are those of the grades that decided."""
    grades = tuple(Grade(f"d{at}", number, "why", None) for at, number in enumerate(numbers))
    found = verdict(grades)
    lowest = min(numbers)
    assert found.fitness == (
        "not fit to train on" if lowest == 1 else "fit with care" if lowest < 4 else
        "fit to train on"
    )  # fmt: skip
    if lowest < 4:
        limit = 1 if lowest == 1 else 3
        assert len(found.reasons) == sum(number <= limit for number in numbers)


@pytest.mark.parametrize("scale", SCALES, ids=lambda one: one.figure)
def test_more_of_a_fault_never_earns_a_better_grade(scale: Scale) -> None:
    """Bounds go one way, and a scale speaks in sentences at each of them."""
    values = sorted({0.0, *(b for b in scale.bounds if np.isfinite(b))}, reverse=scale.least)
    grades = [scale.grade(value) for value in values]
    assert grades == sorted(grades, reverse=True)
    assert all(scale.reason(value) for value in values)
    assert scale.dimension in AT_BEST
