"""A suggested mapping loads, reads the very file it was made for, and says how sure it is."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders.foreign_files import ROWS, TABLES, write
from builders.suggested import NOW, applied, suggested

from models.errors import BadInput
from models.files import read_table
from models.suggestion import suggestion
from models.suggestion.names import EXACT, NEAR, name_score

CARD = "4111111111111111"

EXPECTED: dict[str, dict[str, Any]] = {
    "handbook": {
        "transaction_id": "TRANSACTION_ID",
        "occurred_at": "TX_DATETIME",
        "customer_id": "CUSTOMER_ID",
        "merchant_id": "TERMINAL_ID",
        "amount": "TX_AMOUNT",
        "label": "TX_FRAUD",
        "ignore": ["TX_FRAUD_SCENARIO"],
    },
    "ulb": {
        "occurred_at": "Time",
        "customer_id": None,
        "merchant_id": None,
        "amount": "Amount",
        "label": "Class",
        "attributes": {f"V{number}": "number" for number in range(1, 29)},
        "ignore": [],
    },
    "paysim": {
        "occurred_at": "step",
        "customer_id": "nameOrig",
        "merchant_id": "nameDest",
        "amount": "amount",
        "type": None,
        "label": "isFraud",
        "attributes": {"type": "category", "oldbalanceOrg": "number", "oldbalanceDest": "number"},
        "ignore": ["newbalanceOrig", "newbalanceDest", "isFlaggedFraud"],
    },
    "ieee_cis": {
        "transaction_id": "TransactionID",
        "occurred_at": "TransactionDT",
        "customer_id": "card1",
        "amount": "TransactionAmt",
        "device_id": "DeviceInfo",
        "label": "isFraud",
        "ignore": [],
    },
    "german": {
        "transaction_id": "Umsatz-ID",
        "occurred_at": "Buchungszeit",
        "customer_id": "Kundennummer",
        "merchant_id": "Händler",
        "amount": "Betrag",
        "currency": "Währung",
        "country": "Land",
        "channel": "Kanal",
        "label": "Betrug",
        "ignore": ["Rückbuchung_gemeldet"],
    },
    "little": {"occurred_at": "time", "amount": "amount", "label": None, "ignore": []},
}


@pytest.mark.parametrize("name", TABLES)
def test_a_suggestion_reads_every_row_of_its_file(name: str, tmp_path: Path) -> None:
    """Parquet and CSV, also with semicolons, decimal commas and Windows' letters."""
    table = read_table(write(name, tmp_path))
    mapped = applied(suggested(table, tmp_path), table)
    assert len(mapped.transactions) == ROWS
    assert mapped.rejections == []


@pytest.mark.parametrize("name", TABLES)
def test_fields_are_found_by_name_and_value(name: str, tmp_path: Path) -> None:
    """Each column is what a person would have written."""
    found = suggested(read_table(write(name, tmp_path)), tmp_path)
    for field, expected in EXPECTED[name].items():
        value = getattr(found, field)
        if field == "ignore":
            assert list(value) == expected
        elif field == "attributes":
            assert {one: source.kind for one, source in value.items()} == expected
        else:
            assert (value.column if value else None) == expected, field


def test_frauds_are_read_as_frauds(tmp_path: Path) -> None:
    """Yes and no in any language, and the delay that the file itself shows."""
    table = read_table(write("german", tmp_path))
    found = suggested(table, tmp_path)
    assert found.label is not None
    assert found.label.fraud_values == ("ja",)
    assert found.label.delay_days == pytest.approx(9, abs=0.2)
    labels = applied(found, table).labels
    assert labels is not None
    assert labels.is_fraud.sum() == (table["Betrug"] == "ja").sum()


def test_amounts_keep_their_cents(tmp_path: Path) -> None:
    """Decimal commas are no thousands, and euros no cents."""
    table = read_table(write("german", tmp_path))
    mapped = applied(suggested(table, tmp_path), table)
    assert mapped.transactions.amount_minor.tolist() == [
        round(100 * amount) for amount in table["Betrag"]
    ]


def test_steps_of_hours_last_an_hour(tmp_path: Path) -> None:
    """PaySim's month is a month."""
    table = read_table(write("paysim", tmp_path))
    times = applied(suggested(table, tmp_path), table).transactions.occurred_ms
    assert np.ptp(times) == np.ptp(table["step"].to_numpy()) * 3_600_000


def test_a_short_file_gets_no_delay_and_is_told_why() -> None:
    """Two days cannot wait a week."""
    text = suggestion(TABLES["ulb"](), "ulb.csv", NOW)
    assert "delay_days: 0" in text
    assert "too few to wait for labels" in " ".join(text.replace("#", "").split())


def test_every_field_says_how_certain_it_is() -> None:
    """A comment stands over each line."""
    lines = suggestion(TABLES["handbook"](), "handbook.parquet", NOW).splitlines()
    for place, line in enumerate(lines):
        if line.startswith(("transaction_id", "occurred_at", "amount", "currency", "label")):
            above = next(one for one in reversed(lines[:place]) if one.startswith("# "))
            assert lines[place - 1].startswith("#"), line
            assert above
    assert sum(line.startswith(("# sure: ", "# likely: ", "# guess: ")) for line in lines) == 7
    assert any("known only after the fact" in line for line in lines)


def test_without_a_label_column_the_way_out_is_told() -> None:
    """Labels often come in a file of their own."""
    assert "--labels" in suggestion(TABLES["little"](), "little.csv", NOW)


def test_card_numbers_are_tokenised(tmp_path: Path) -> None:
    """They would be refused otherwise, and may not be stored."""
    table = TABLES["handbook"]().with_columns(CUSTOMER_ID=pl.lit(CARD))
    found = suggested(table, tmp_path)
    assert found.customer_id is not None
    assert found.customer_id.tokenise
    assert len(applied(found, table).transactions) == ROWS
    assert "PENUMBRA_TOKENISATION_KEY" in suggestion(table, "a.csv", NOW)
    assert CARD not in suggestion(table, "a.csv", NOW)


def test_no_card_number_is_quoted() -> None:
    """Neither of a column that is left out nor of one that is refused."""
    table = TABLES["handbook"]().with_columns(
        TX_FRAUD_SCENARIO=pl.when(pl.col("TX_FRAUD") == 1).then(pl.lit(CARD)).otherwise(pl.lit(""))
    )
    text = suggestion(table, "a.csv", NOW)
    assert "TX_FRAUD_SCENARIO" in text
    assert CARD not in text


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"email": ["a@example.org", "b@example.org"] * 2}, "personal data"),
        ({"bank": ["b"] * 4}, "it holds one value only"),
        ({"response_code": ["00", "05"] * 2}, "live system"),
        ({"settled": [[1], [2]] * 2}, "nested values"),
        ({"details": ['{"a":1}', '{"a":2}'] * 2}, "holds JSON"),
    ],
)
def test_columns_no_model_should_see_are_left_out_with_a_reason(
    columns: dict[str, Any], reason: str
) -> None:
    """Each for its own."""
    table = pl.DataFrame({"time": [1, 2, 3, 4], "amount": [1.5, 2, 3, 4]} | columns)
    text = suggestion(table, "a.csv", NOW)
    assert f"  - {next(iter(columns))}" in text
    assert reason in " ".join(text.replace("#", "").split())


def test_an_attribute_named_like_a_feature_gets_a_name_of_its_own(tmp_path: Path) -> None:
    """`hour` is a feature of the kernel already."""
    table = TABLES["handbook"]().with_columns(hour=pl.Series(np.arange(ROWS) * 7 % 24))
    found = suggested(table, tmp_path)
    assert {one: source.column for one, source in found.attributes.items()} == {"own_hour": "hour"}


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"a": [1, 2], "amount": [1.5, 2.5]}, "no column looks like the time"),
        ({"time": [1, 2], "a": [1.5, 2.5]}, "no column is named like an amount"),
        ({"time": [1, 2], "amount": ["€ 1.234,50", "x"]}, "write numbers such as 1234.50"),
        ({"time": [], "amount": []}, "no rows"),
    ],
)
def test_what_cannot_be_mapped_is_told_in_one_line(columns: dict[str, Any], told: str) -> None:
    """With the file, what is missing, and what to do."""
    with pytest.raises(BadInput, match=told) as caught:
        suggestion(pl.DataFrame(columns), "odd.csv", NOW)
    assert str(caught.value).startswith("odd.csv: ")
    assert "\n" not in str(caught.value)


def test_the_customers_own_currency_is_mapped_with_its_amount(tmp_path: Path) -> None:
    """One without the other says nothing."""
    table = TABLES["handbook"]().with_columns(
        billing_amount_minor=pl.lit(1250), billing_currency=pl.lit("EUR")
    )
    found = suggested(table, tmp_path)
    assert found.billing_amount is not None
    assert found.billing_amount.unit == "minor"
    assert found.billing_currency is not None
    alone = suggested(table.drop("billing_currency"), tmp_path)
    assert alone.billing_amount is None


def test_rows_that_would_be_refused_are_counted() -> None:
    """The trial shows what the mapping will make of the file."""
    table = TABLES["handbook"]().with_columns(
        TX_AMOUNT=pl.when(pl.int_range(pl.len()) < 10).then(-1.0).otherwise(pl.col("TX_AMOUNT"))
    )
    told = " ".join(suggestion(table, "a.csv", NOW).replace("#", "").split())
    assert f"{ROWS - 10:,} of {ROWS:,} are accepted; refused are negative_amount 10" in told
    assert "10 of 1,500 sampled are negative" in told


@pytest.mark.parametrize(
    ("field", "column", "least"),
    [
        ("amount", "TX_AMOUNT", 1),
        ("amount", "amount_gbp", 1),
        ("occurred_at", "TransactionDT", NEAR),
        ("merchant_id", "nameDest", NEAR),
        ("currency", "Währung", NEAR),
        ("label", "isFraud", NEAR),
    ],
)
def test_names_of_other_files_are_known(field: str, column: str, least: float) -> None:
    """Whatever their case, accents and prefixes."""
    assert least < name_score(field, column) <= EXACT
    assert name_score(field, f"not_{column}_at_all") == 0
