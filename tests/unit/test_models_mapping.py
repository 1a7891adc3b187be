"""Any table becomes transactions and labels, by a mapping; what is wrong is said row by row."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from models.errors import MappingError
from models.instants import format_instant
from models.intake import Intake
from models.mapping import Mapped, Mapping
from models.money import Rates
from models.rejection import Reason
from models.transaction import UNKNOWN_OFFSET

NOW = 1_790_000_000_000
INTAKE = Intake(Rates.none("EUR"))
LEAST = """
transaction_id: {column: id}
occurred_at: {column: at}
amount: {column: amount, unit: major}
currency: {constant: EUR}
customer_id: {column: who}
"""


def mapping(tmp_path: Path, more: str = "", least: str = LEAST) -> Mapping:
    """Return a mapping of four columns, and more."""
    file = tmp_path / "mine.yaml"
    file.write_text(least + more)
    return Mapping.load(file, b"key")


def table(n: int = 2, **columns: Any) -> pl.DataFrame:
    """Return n rows that the least mapping takes, with columns changed or added."""
    return pl.DataFrame(
        {
            "id": [f"t{row}" for row in range(n)],
            "at": ["2026-03-01T12:00:00+01:00"] * n,
            "amount": [12.5] * n,
            "who": ["c"] * n,
        }
        | columns
    )


def applied(mapping: Mapping, frame: pl.DataFrame) -> Mapped:
    """Apply a mapping."""
    return mapping.apply(frame, intake=INTAKE, now_ms=NOW)


def test_the_handbook_mapping_reads_the_handbook() -> None:
    """Its columns, euros as cents, times in UTC, labels known a week later."""
    frame = pl.DataFrame(
        {
            "TRANSACTION_ID": [7, 8],
            "TX_DATETIME": [datetime(2018, 4, 1, 0, 0, 31), datetime(2018, 4, 1, 5, 2, 1)],  # noqa: DTZ001
            "CUSTOMER_ID": [596, 4961],
            "TERMINAL_ID": [3156, 3412],
            "TX_AMOUNT": [57.16, 81.51],
            "TX_FRAUD": [0, 1],
            "TX_FRAUD_SCENARIO": [0, 2],
        }
    )
    found = applied(Mapping.load("handbook"), frame)
    rows = found.transactions
    assert rows.transaction_id.tolist() == ["7", "8"]
    assert rows.customer_id.tolist() == ["596", "4961"]
    assert rows.amount_minor.tolist() == [5716, 8151]
    assert rows.reporting_minor.tolist() == [5716, 8151]
    assert format_instant(int(rows.occurred_ms[0])) == "2018-04-01T00:00:31.000Z"
    assert rows.utc_offset_min.tolist() == [0, 0]
    assert found.labels is not None
    assert found.labels.is_fraud.tolist() == [False, True]
    assert (found.labels.known_ms - rows.occurred_ms).tolist() == [7 * 86_400_000] * 2
    assert rows.details.tolist() == [None, None]


def test_the_ulb_mapping_reads_a_file_without_customers() -> None:
    """Seconds since the first payment, numbered rows, 28 numbers; decimals are no card numbers."""
    frame = pl.DataFrame(
        {"Time": [0.0, 406.0], "Amount": [149.62, 0.0], "Class": ["0", "1"]}
        | {f"V{k}": [0.4111111111111111, -1.5] for k in range(1, 29)}
    )
    loaded = Mapping.load("ulb")
    found = applied(loaded, frame)
    assert not found.rejections
    assert found.transactions.transaction_id.tolist() == ["ulb-0", "ulb-1"]
    assert found.transactions.customer_id.tolist() == [None, None]
    assert found.transactions.amount_minor.tolist() == [14962, 0]
    assert format_instant(int(found.transactions.occurred_ms[1])) == "2013-09-01T00:06:46.000Z"
    assert found.transactions.attribute("V28").tolist() == [0.4111111111111111, -1.5]
    assert found.labels is not None
    assert found.labels.is_fraud.tolist() == [False, True]
    assert [a.kind for a in loaded.declared(found.transactions)] == ["number"] * 28


def test_the_canonical_mapping_reads_the_wire_contract_as_columns() -> None:
    """Every optional field may be absent; nested ones are JSON text."""
    frame = pl.DataFrame(
        {
            "transaction_id": ["a", "b"],
            "occurred_at": ["2026-03-01T12:00:00+01:00", "2026-03-01T12:00:00Z"],
            "customer_id": ["c", "d"],
            "merchant_id": ["m", "m"],
            "amount_minor": [100, 250],
            "currency": ["EUR", "JPY"],
            "type": ["refund", None],
            "channel": [None, "atm"],
            "mcc": ["0742", None],
            "time_zone": [None, "Europe/Paris"],
            "outcome": ['{"status": "declined", "response_code": "05"}', None],
            "authentication": ['{"result": "failed"}', None],
            "legacy": ['{"decision": "decline", "score": 0.9, "rules": ["r"]}', None],
        }
    )
    rows = applied(Mapping.load("canonical"), frame).transactions
    assert rows.type.tolist() == [3, 0]
    assert rows.channel.tolist() == [-1, 2]
    assert rows.mcc.tolist() == [742, -1]
    assert rows.utc_offset_min.tolist() == [60, 60]
    assert rows.outcome.tolist() == [1, -1]
    assert rows.authenticated.tolist() == [0, -1]
    assert rows.reporting_minor.tolist() == [100, -1]
    assert rows.legacy[0].rules == ["r"]
    assert rows.legacy[1] is None
    assert rows.details[0]["response_code"] == "05"
    assert rows.details[1] == {"time_zone": "Europe/Paris"}


@pytest.mark.parametrize(
    ("changed", "reason", "told"),
    [
        ({"id": ["", "ok"]}, Reason.INVALID_FIELD, "transaction_id is missing"),
        ({"id": ["x" * 65, "ok"]}, Reason.INVALID_FIELD, "longer than 64"),
        ({"who": [None, "c"]}, Reason.INVALID_FIELD, "customer_id is missing"),
        ({"who": ["4111111111111111", "c"]}, Reason.CARD_NUMBER, "card number"),
        ({"who": ["a\0", "c"]}, Reason.INVALID_FIELD, "U+0000"),
        ({"amount": ["much", "1"]}, Reason.INVALID_FIELD, "amount is missing"),
        ({"amount": [-0.01, 1.0]}, Reason.NEGATIVE_AMOUNT, "amount is"),
        ({"amount": [float("inf"), 1.0]}, Reason.INVALID_FIELD, "amount is above"),
        ({"at": ["noon", "2026-03-01T12:00:00Z"]}, Reason.INVALID_TIME, "'noon' is no time"),
        (
            {"at": ["2026-03-01T12:00:00", "2026-03-01T12:00:00Z"]},
            Reason.NAIVE_TIME,
            "give time_zone",
        ),
        ({"at": ["1901-01-01T00:00:00Z", "2026-03-01T12:00:00Z"]}, Reason.INVALID_TIME, "1970"),
        ({"at": ["2199-01-01T00:00:00Z", "2026-03-01T12:00:00Z"]}, Reason.FAR_FUTURE, "ahead"),
        ({"mcc": ["54111", "5411"]}, Reason.INVALID_FIELD, "mcc '54111'"),
        ({"country": ["France", "FR"]}, Reason.INVALID_FIELD, "country 'France'"),
        ({"country": ["é", None]}, Reason.INVALID_FIELD, "country 'é'"),
        ({"lat": [91.0, 90.0]}, Reason.INVALID_FIELD, "latitude 91.0"),
        ({"kind": ["gift", "refund"]}, Reason.INVALID_FIELD, "type 'gift' is none of"),
        ({"legacy": ["perhaps", "decline"]}, Reason.INVALID_FIELD, "legacy 'perhaps'"),
        ({"outcome": ["{", '{"status":"approved"}']}, Reason.INVALID_FIELD, "outcome '{'"),
    ],
)
def test_a_bad_row_is_told_and_the_others_pass(
    tmp_path: Path, changed: dict[str, Any], reason: Reason, told: str
) -> None:
    """One rejection with the field and its value, at the row's place in the table."""
    optional = {"mcc": "mcc", "country": "country", "latitude": "lat", "type": "kind"}
    more = "".join(f"{f}: {{column: {c}, optional: true}}\n" for f, c in optional.items())
    more += "legacy: {column: legacy, optional: true}\n"
    more += "outcome: {column: outcome, json: true, optional: true}\n"
    found = applied(mapping(tmp_path, more), table(**changed))
    assert [(r.record, r.reason) for r in found.rejections] == [(0, reason)]
    assert told in found.rejections[0].error
    assert found.record.tolist() == [1]


def test_some_rows_of_a_table_are_mapped_as_if_alone(tmp_path: Path) -> None:
    """What is left out changes neither the other rows nor how they are numbered."""
    one = mapping(tmp_path, "label: {column: who, fraud_values: [c1], delay_days: 1}")
    frame = table(6, who=["c0", None, "c1", "c1", None, "c2"])
    keep = [True, True, False, True, False, True]
    found, alone = applied(one, frame).of_rows(np.array(keep)), applied(one, frame.filter(keep))
    assert found.record.tolist() == alone.record.tolist() == [0, 2, 3]
    assert found.transactions.customer_id.tolist() == ["c0", "c1", "c2"]
    assert found.rejections == alone.rejections
    assert [r.record for r in found.rejections] == [1]
    assert found.labels is not None
    assert found.labels.is_fraud.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("at", "source", "written", "offset"),
    [
        ([1.5], "unit: seconds", "1970-01-01T00:00:01.500Z", UNKNOWN_OFFSET),
        ([1.001], "unit: seconds", "1970-01-01T00:00:01.001Z", UNKNOWN_OFFSET),
        ([20_000], "unit: days", "2024-10-04T00:00:00.000Z", UNKNOWN_OFFSET),
        ([1.5], "unit: hours", "1970-01-01T01:30:00.000Z", UNKNOWN_OFFSET),
        ([90], "unit: minutes", "1970-01-01T01:30:00.000Z", UNKNOWN_OFFSET),
        (["01/07/2026 12:00"], 'format: "%d/%m/%Y %H:%M", time_zone: Europe/Paris',
         "2026-07-01T10:00:00.000Z", 120),
        (["2026-07-01 12:00:00"], "time_zone: Europe/Paris", "2026-07-01T10:00:00.000Z", 120),
        (["2026-07-01T12:00:00Z"], "time_zone: Europe/Paris", "2026-07-01T12:00:00.000Z", 120),
        ([datetime(2026, 1, 1, 12)], "time_zone: America/Lima",  # noqa: DTZ001
         "2026-01-01T17:00:00.000Z", -300),
    ],
)  # fmt: skip
def test_times_come_in_many_forms(
    tmp_path: Path, at: list[Any], source: str, written: str, offset: int
) -> None:
    """Numbers since an instant, texts of any format, dates; local where a zone is named."""
    least = LEAST.replace("{column: at}", f"{{column: at, {source}}}")
    rows = applied(mapping(tmp_path, least=least), table(1, at=at)).transactions
    assert format_instant(int(rows.occurred_ms[0])) == written
    assert rows.utc_offset_min.tolist() == [offset]


def test_a_row_s_own_zone_says_local_time(tmp_path: Path) -> None:
    """The clock's zone places the instant; the row's zone, if given, tells its hour."""
    least = LEAST.replace("{column: at}", "{column: at, time_zone: UTC}")
    found = applied(
        mapping(tmp_path, "time_zone: {column: zone}\n", least),
        table(at=["2026-07-01T12:00:00"] * 2, zone=["Europe/Paris", None]),
    )
    assert found.transactions.utc_offset_min.tolist() == [120, 0]
    assert len(set(found.transactions.occurred_ms.tolist())) == 1


def test_dates_without_any_zone_are_not_taken_for_utc(tmp_path: Path) -> None:
    """The mapping must say in which zone the clocks stood."""
    frame = table(1, at=[datetime(2026, 1, 1)])  # noqa: DTZ001 - that is the point
    with pytest.raises(MappingError, match=r"occurred_at: column 'at' .* give time_zone"):
        applied(mapping(tmp_path), frame)


def test_amounts_follow_their_currency(tmp_path: Path) -> None:
    """Major units of yen, euros and dinars have 0, 2 and 3 decimals."""
    least = LEAST.replace("{constant: EUR}", "{column: money}")
    frame = table(3, amount=[1250.0, 12.5, 12.5], money=["JPY", "EUR", "KWD"])
    rows = applied(mapping(tmp_path, least=least), frame).transactions
    assert rows.amount_minor.tolist() == [1250, 1250, 12_500]


def test_values_are_translated_and_tokenised(tmp_path: Path) -> None:
    """Codes of another system become the contract's; marked columns become keyed hashes."""
    more = "type: {column: kind, values: {PUR: authorisation, REF: refund}}\n"
    least = LEAST.replace("{column: who}", "{column: who, tokenise: true}")
    frame = table(kind=["REF", "PUR"], who=["4111111111111111", "4111111111111111"])
    rows = applied(mapping(tmp_path, more, least), frame).transactions
    assert rows.type.tolist() == [3, 0]
    assert rows.customer_id[0].startswith("tok_")
    assert rows.customer_id[0] == rows.customer_id[1]
    other = Mapping.load(tmp_path / "mine.yaml", b"another key")
    assert applied(other, frame).transactions.customer_id[0] != rows.customer_id[0]
    with pytest.raises(MappingError, match="PENUMBRA_TOKENISATION_KEY"):
        Mapping.load(tmp_path / "mine.yaml")


def test_attributes_are_what_is_declared(tmp_path: Path) -> None:
    """Numbers that are none are missing, never NaN; categories keep their frequent levels."""
    more = (
        "attributes:\n  score: {column: s, kind: number}\n  colour: {column: c, kind: category}\n"
    )
    loaded = mapping(tmp_path, more)
    frame = table(3, s=[float("nan"), 2.0, float("inf")], c=["red", "", "red"])
    rows = applied(loaded, frame).transactions
    assert rows.attribute("score").tolist() == [None, 2.0, None]
    assert rows.attribute("colour").tolist() == ["red", None, "red"]
    assert [(a.name, a.levels) for a in loaded.declared(rows)] == [
        ("score", ()),
        ("colour", ("red",)),
    ]


@pytest.mark.parametrize("values", [[0, 1, None], [0.0, 1.0, None], ["0", "1", ""]])
def test_labels_are_read_from_any_type(tmp_path: Path, values: list[Any]) -> None:
    """1, 1.0 and "1" are the same fraud; no value is none."""
    more = "label: {column: fraud, delay_days: 0.5}\n"
    found = applied(mapping(tmp_path, more), table(3, fraud=values))
    assert found.labels is not None
    assert found.labels.is_fraud.tolist() == [False, True, False]
    assert applied(mapping(tmp_path, more), table(3)).labels is None


def test_a_mapping_that_does_not_fit_names_the_column(tmp_path: Path) -> None:
    """And the columns there are."""
    with pytest.raises(MappingError, match=r"customer_id: the data has no column 'who'; it has id"):
        applied(mapping(tmp_path), table().drop("who"))


def test_a_column_of_an_impossible_type_is_an_error_of_the_mapping(tmp_path: Path) -> None:
    """No stack trace of the table library reaches a user."""
    with pytest.raises(MappingError, match="does not fit the data"):
        applied(mapping(tmp_path), table(who=[[1], [2]]))


def test_an_empty_table_is_no_error(tmp_path: Path) -> None:
    """It has no transactions."""
    assert len(applied(mapping(tmp_path), table(0, amount=pl.Series([], dtype=pl.Float64)))
               .transactions) == 0  # fmt: skip
