"""The decoder: every record is a row or a rejection, and none stops the others."""

from typing import Any

import msgspec
import numpy as np
import pytest

from models.decode import Decoded, decode
from models.intake import Intake
from models.money import Rates
from models.rejection import Reason
from models.transaction import UNKNOWN_OFFSET

NOW = 1_790_000_000_000
INTAKE = Intake(Rates.none("EUR"), max_record_bytes=100_000)
GOOD: dict[str, Any] = {
    "transaction_id": "t-1",
    "occurred_at": "2026-03-01T12:00:00+01:00",
    "customer_id": "c-1",
    "merchant_id": "m-1",
    "amount_minor": 1250,
    "currency": "EUR",
}


def record(**changed: Any) -> bytes:
    """Return a good record with fields changed; None takes a field away."""
    fields = GOOD | changed
    return msgspec.json.encode({k: v for k, v in fields.items() if v is not None})


def decoded(*values: bytes | None, intake: Intake = INTAKE) -> Decoded:
    """Decode records without keys."""
    return decode(values, None, intake=intake, now_ms=NOW)


BAD: dict[str, tuple[bytes | None, Reason]] = {
    "tombstone": (None, Reason.TOMBSTONE),
    "no bytes": (b"", Reason.TOMBSTONE),
    "oversized": (record(device_id="x" * 100_000), Reason.OVERSIZED),
    "not UTF-8": (record(device_id="?").replace(b"?", b"\xff"), Reason.NOT_UTF8),
    "not UTF-8 where nobody looks": (
        record(surprise="?").replace(b"?", b"\xff"),
        Reason.NOT_UTF8,
    ),
    "half a record": (record()[:40], Reason.MALFORMED_JSON),
    "half a record after an unknown field": (b'{"surprise": 1, "curr', Reason.MALFORMED_JSON),
    "two records": (record() * 2, Reason.MALFORMED_JSON),
    "nested without end": (
        b'{"a":' + b"[" * 40_000 + b"1" + b"]" * 40_000 + b"," + record()[1:],
        Reason.MALFORMED_JSON,
    ),
    "half a surrogate pair": (
        record(device_id="?").replace(b"?", rb"\ud800"),
        Reason.MALFORMED_JSON,
    ),
    "a list": (b"[]", Reason.INVALID_FIELD),
    "a number for text": (record(customer_id=7), Reason.INVALID_FIELD),
    "text for a number": (record(amount_minor="12"), Reason.INVALID_FIELD),
    "a fraction of a cent": (record(amount_minor=12.5), Reason.INVALID_FIELD),
    "an amount beyond money": (record(amount_minor=10**16), Reason.INVALID_FIELD),
    "a missing field": (record(merchant_id=None), Reason.INVALID_FIELD),
    "an empty id": (record(transaction_id=""), Reason.INVALID_FIELD),
    "a long id": (record(transaction_id="t" * 65), Reason.INVALID_FIELD),
    "an unknown type": (record(type="gift"), Reason.INVALID_FIELD),
    "a place off the map": (record(latitude=91.0), Reason.INVALID_FIELD),
    "an infinite attribute": (
        record(attributes={"x": 1}).replace(b'"x":1', b'"x":1e999'),
        Reason.INVALID_FIELD,
    ),
    "a negative amount": (record(amount_minor=-1), Reason.NEGATIVE_AMOUNT),
    "a negative amount and more": (
        record(amount_minor=-1, surprise=1),
        Reason.NEGATIVE_AMOUNT,
    ),
    "an unknown currency": (record(currency="XQQ"), Reason.UNKNOWN_CURRENCY),
    "an unknown billing currency": (
        record(billing_amount_minor=1, billing_currency="XQQ"),
        Reason.UNKNOWN_CURRENCY,
    ),
    "no time": (record(occurred_at="once upon a time"), Reason.INVALID_TIME),
    "the year 0": (
        record(occurred_at="0000-01-01T00:00:00Z", time_zone="Europe/Paris"),
        Reason.INVALID_TIME,
    ),
    "before 1970": (record(occurred_at="1969-12-31T23:59:59Z"), Reason.INVALID_TIME),
    "no offset": (record(occurred_at="2026-03-01T12:00:00"), Reason.NAIVE_TIME),
    "the far future": (record(occurred_at="2999-01-01T00:00:00Z"), Reason.FAR_FUTURE),
    "a card number": (record(customer_id="4111111111111111"), Reason.CARD_NUMBER),
    "a card number in groups": (
        record(device_id="4111 1111-1111 1111"),
        Reason.CARD_NUMBER,
    ),
    "a card number as an account": (record(account_id="4111111111111111"), Reason.CARD_NUMBER),
    "a card number in a rule": (
        record(legacy={"decision": "decline", "rules": ["pan 4111111111111111"]}),
        Reason.CARD_NUMBER,
    ),
    "a NUL in an id": (record(merchant_id="m\0"), Reason.INVALID_FIELD),
    "a NUL in a detail": (record(entry_mode="a\0b"), Reason.INVALID_FIELD),
}


@pytest.mark.parametrize(("value", "reason"), BAD.values(), ids=BAD)
def test_a_bad_record_gets_its_reason_and_the_rest_passes(
    value: bytes | None, reason: Reason
) -> None:
    """One rejection, at the record's place, and both its neighbours are rows."""
    found = decoded(record(transaction_id="a"), value, record(transaction_id="b"))
    assert [(r.record, r.reason) for r in found.rejections] == [(1, reason)]
    assert found.transactions.transaction_id.tolist() == ["a", "b"]
    assert found.record.tolist() == [0, 2]
    assert "\n" not in found.rejections[0].error
    assert "4111111111111111" not in found.rejections[0].error


def test_all_bad_records_at_once_are_all_told() -> None:
    """However many there are, each gets its own reason."""
    found = decoded(*(value for value, _ in BAD.values()))
    assert len(found.transactions) == 0
    assert {r.record: r.reason for r in found.rejections} == {
        number: reason for number, (_, reason) in enumerate(BAD.values())
    }


def test_a_key_that_is_not_the_customer_is_misrouted() -> None:
    """It would split or mix histories; a record without a key is misrouted too."""
    values = [record(transaction_id="a"), record(), record(), record(customer_id="ü")]
    keys = [b"c-1", b"c-2", None, "ü".encode()]
    found = decode(values, keys, intake=INTAKE, now_ms=NOW)
    assert [(r.record, r.reason) for r in found.rejections] == [
        (1, Reason.MISROUTED),
        (2, Reason.MISROUTED),
    ]
    assert found.record.tolist() == [0, 3]


def test_unknown_fields_are_counted_and_kept_out() -> None:
    """They do not stop a record, and nothing of them is stored."""
    found = decoded(record(), record(surprise=1, other={"card": "x"}), record(another=[]))
    assert found.unknown_fields == 3
    assert not found.rejections
    assert found.transactions.details.tolist() == [None, None, None]


def test_an_ordinary_record_means_what_it_says() -> None:
    """Every field arrives in its column."""
    found = decoded(
        record(
            type="account_verification",
            channel="ecommerce",
            mcc="0742",
            country="FR",
            ip_country="DE",
            device_id="d",
            latitude=48.5,
            longitude=2.25,
            outcome={"status": "declined", "response_code": "05"},
            authentication={"method": "3ds", "result": "success"},
            billing_amount_minor=1400,
            billing_currency="EUR",
            original_transaction_id="t-0",
            entry_mode="chip",
            attributes={"basket": 3, "undeclared": "x"},
            legacy={"decision": "review", "score": 0.5},
        ),
        intake=Intake(Rates.none("EUR"), attributes=frozenset({"basket"})),
    ).transactions
    assert found.occurred_ms.tolist() == [1_772_362_800_000]
    assert found.utc_offset_min.tolist() == [60]
    assert found.amount_minor.tolist() == [1250]
    assert found.reporting_minor.tolist() == [1400]
    assert found.type.tolist() == [4]
    assert found.channel.tolist() == [1]
    assert found.mcc.tolist() == [742]
    assert (found.country[0], found.ip_country[0], found.device_id[0]) == ("FR", "DE", "d")
    assert (found.latitude[0], found.longitude[0]) == (48.5, 2.25)
    assert found.outcome.tolist() == [1]
    assert found.authenticated.tolist() == [1]
    assert found.original_transaction_id[0] == "t-0"
    assert found.details[0] == {
        "entry_mode": "chip",
        "authentication": {"method": "3ds", "result": "success"},
        "attributes": {"basket": 3.0},
        "response_code": "05",
    }
    assert found.legacy[0].decision == "review"


def test_optional_fields_may_be_missing() -> None:
    """A record of the six required fields has a defined missing value everywhere else."""
    rows = decoded(record()).transactions
    assert rows.type.tolist() == [0]
    for name in ("outcome", "channel", "mcc", "authenticated", "billing_amount_minor"):
        assert getattr(rows, name).tolist() == [-1]
    for name in ("country", "device_id", "details", "legacy", "original_transaction_id"):
        assert getattr(rows, name).tolist() == [None]
    assert np.isnan(rows.latitude[0])


@pytest.mark.parametrize(
    ("time", "zone", "offset"),
    [
        ("2026-07-01T12:00:00Z", "Europe/Paris", 120),
        ("2026-07-01T12:00:00+00:00", "Europe/Paris", 0),
        ("2026-07-01T12:00:00Z", "Nowhere/Land", UNKNOWN_OFFSET),
        ("2026-07-01T12:00:00Z", None, UNKNOWN_OFFSET),
    ],
)
def test_local_time_is_the_offset_else_the_zone_else_unknown(
    time: str, zone: str | None, offset: int
) -> None:
    """UTC is never taken for local time."""
    rows = decoded(record(occurred_at=time, time_zone=zone)).transactions
    assert rows.utc_offset_min.tolist() == [offset]


def test_decimals_of_an_attribute_are_no_card_number() -> None:
    """A number like 0.4111… is a number; a whole number that is a card number is refused."""
    intake = Intake(Rates.none("EUR"), attributes=frozenset({"x"}))
    fine = record(attributes={"x": 0.4111111111111111})
    card = record(attributes={"x": 4111111111111111})
    found = decoded(fine, card, intake=intake)
    assert [(r.record, r.error) for r in found.rejections] == [
        (1, "attributes.x holds a card number")
    ]


def test_a_declared_attribute_may_look_like_a_card_number() -> None:
    """It is let in and counted."""
    intake = Intake(Rates.none("EUR"), attributes=frozenset({"x"}), id_formats={"x": "numeric"})
    found = decoded(record(attributes={"x": "4111111111111111"}), intake=intake)
    assert not found.rejections
    assert found.exempted == 1


def test_no_records_give_no_rows() -> None:
    """An empty batch is not an error."""
    found = decode([], [], intake=INTAKE, now_ms=NOW)
    assert len(found.transactions) == 0
    assert not found.rejections
