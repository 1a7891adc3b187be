"""Money: minor units, and the reporting currency."""

from pathlib import Path

import numpy as np
import pytest

from models.errors import BadInput
from models.money import EXPONENTS, Rates
from models.transaction import text

DAY_MS = 86_400_000
FIRST = 20_000


def reporting(
    rates: Rates,
    minor: int,
    currency: str,
    day: int = FIRST,
    billed: tuple[int, str | None] = (-1, None),
) -> int:
    """Return one amount in the reporting currency's minor units."""
    found = rates.reporting_minor(
        np.array([minor]),
        text([currency]),
        np.array([billed[0]]),
        text([billed[1]]),
        np.array([day * DAY_MS + 5]),
    )
    return int(found[0])


@pytest.fixture
def rates(tmp_path: Path) -> Rates:
    """Give rates of two days, 2024-10-04 being day 20,000."""
    file = tmp_path / "rates-v3.csv"
    file.write_text(
        "date,currency,rate\n2024-10-04,USD,0.5\n2024-10-06,USD,0.25\n"
        "2024-10-04,JPY,0.006\n2024-10-06,KWD,3.0\n2024-10-04,IRR,1e9\n"
    )
    return Rates.load(file, "EUR")


@pytest.mark.parametrize(("code", "digits"), [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLP", 0)])
def test_currencies_have_their_own_minor_units(code: str, digits: int) -> None:
    """Two decimals are common, not universal."""
    assert EXPONENTS[code] == digits


@pytest.mark.parametrize(
    ("minor", "currency", "day", "expected"),
    [
        (1000, "EUR", FIRST, 1000),
        (1000, "USD", FIRST, 500),
        (1000, "USD", FIRST + 1, 500),
        (1000, "USD", FIRST + 2, 250),
        (1000, "USD", FIRST + 900, 250),
        (1000, "USD", FIRST - 1, -1),
        (1000, "JPY", FIRST, 600),
        (1000, "KWD", FIRST, -1),
        (1000, "KWD", FIRST + 2, 300),
        (1000, "GBP", FIRST, -1),
        (10**15, "IRR", FIRST, -1),
    ],
)
def test_an_amount_is_converted_at_the_newest_rate_of_its_day_or_before(
    rates: Rates, minor: int, currency: str, day: int, expected: int
) -> None:
    """Each in its own minor units; -1 where there is no rate yet, or no sum could hold it."""
    assert reporting(rates, minor, currency, day) == expected


def test_a_billing_amount_in_the_reporting_currency_is_taken_as_it_is(rates: Rates) -> None:
    """It is what the customer was billed; one in another currency does not count."""
    assert reporting(rates, 1000, "USD", billed=(777, "EUR")) == 777
    assert reporting(rates, 1000, "USD", billed=(777, "GBP")) == 500
    assert reporting(Rates.none("EUR"), 1000, "USD") == -1


def test_rates_of_another_reporting_currency_scale_by_its_minor_units(tmp_path: Path) -> None:
    """Reports in yen have no decimals."""
    file = tmp_path / "rates.csv"
    file.write_text("date,currency,rate\n2024-10-04,EUR,150\n")
    assert reporting(Rates.load(file, "JPY"), 1000, "EUR") == 1500


@pytest.mark.parametrize(
    "line",
    [
        "2024-10-04,USD",
        "2024-13-04,USD,1",
        "NaT,USD,1",
        "2024-10-04,XQQ,1",
        "2024-10-04,USD,0",
        "2024-10-04,USD,-1",
        "2024-10-04,USD,nan",
        "2024-10-04,USD,inf",
        "2024-10-04,USD,cheap",
    ],
)
def test_a_wrong_line_of_a_rate_file_is_named(tmp_path: Path, line: str) -> None:
    """The file, the line's number, and what is wrong."""
    file = tmp_path / "rates.csv"
    file.write_text(f"date,currency,rate\n2024-10-04,USD,0.5\n{line}\n")
    with pytest.raises(BadInput, match=r"rates\.csv, line 3"):
        Rates.load(file, "EUR")


def test_a_missing_rate_file_is_named(tmp_path: Path) -> None:
    """No stack trace for a wrong path, nor for a wrong reporting currency."""
    with pytest.raises(BadInput, match="cannot be read"):
        Rates.load(tmp_path / "none.csv", "EUR")
    with pytest.raises(BadInput, match="'EURO' is not an ISO 4217 code"):
        Rates.none("EURO")
