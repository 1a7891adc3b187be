"""Card numbers are found, refused and masked; ids that only look like them can be declared."""

import numpy as np
import pytest
from builders.streams import payments

from models.cards import is_card_number, masked, masked_text, rows_with_card_numbers
from models.intake import Intake, check
from models.money import Rates
from models.rejection import Reason, Rejection
from models.transaction import text

NUMBERS = {
    "Visa": "4111111111111111",
    "Visa of 13": "4222222222222",
    "Visa of 19": "4000000000000000006",
    "Mastercard": "5555555555554444",
    "Mastercard of the 2 series": "2223003122003222",
    "American Express": "378282246310005",
    "Diners Club": "30569309025904",
    "Diners Club of 36": "36227206271667",
    "Discover": "6011111111111117",
    "JCB": "3530111333300000",
    "UnionPay": "6200000000000005",
    "Mir": "2200770239097761",
    "Maestro": "6759649826438453",
    "Troy": "9792030394440796",
}
NOW = 1_790_000_000_000


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_a_number_of_each_scheme_is_found(number: str) -> None:
    """Bare, in groups, and inside a sentence."""
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    for written in (number, grouped, grouped.replace(" ", "-"), f"card {number}, exp 12/29"):
        assert is_card_number(written)
    column = text(["nothing", None, f"pan:{number}"])
    assert rows_with_card_numbers(column).tolist() == [2]


@pytest.mark.parametrize(
    "written",
    [
        "7 4111 1111 1111 1111",
        "4111111111111111 12",
        "4111-1111-1111-1111-12-29",
        "12 34 4111111111111111 56",
        "ref.4111111111111111",
        "é4111111111111111é",
        "1234567890123 4111111111111111",
    ],
)
def test_digits_beside_it_do_not_hide_a_number(written: str) -> None:
    """Every run of whole groups is looked at, not only the longest."""
    assert is_card_number(written)


@pytest.mark.parametrize(
    "written",
    [
        "4111111111111112",
        "411111111111",
        "41111111111111111111",
        "9999999999999995",
        "0.4111111111111111",
        "x4111111111111111",
        "4111111111111111x",
        "4111  1111  1111  1111",
        "2026-03-01T12:00:00.411111111+01:00",
        "",
    ],
)
def test_what_is_no_card_number_passes(written: str) -> None:
    """A wrong check digit, length or range, decimals, and parts of longer words."""
    assert not is_card_number(written)
    assert masked(written.encode()) == written.encode()


def test_a_mask_keeps_the_bin_and_the_last_four() -> None:
    """All else of the number goes, wherever it stands; all else of the bytes stays."""
    payload = b'{"a": "4111 1111-1111 1111", "b": "378282246310005", "n": 12} \xff'
    assert masked(payload) == b'{"a": "411111******1111", "b": "378282*****0005", "n": 12} \xff'
    assert masked_text("Kärtchen 5555555555554444!") == "Kärtchen 555555******4444!"


def test_a_number_in_json_escapes_is_masked() -> None:
    """A sender may write any character by its number."""
    payload = rb'{"a": "\u0034111\u00201111\u002d1111 1111"}'
    assert masked(payload) == b'{"a": "411111******1111"}'


def test_an_error_never_quotes_a_number() -> None:
    """What was found is quoted with the number masked, whoever wrote the message."""
    told = Rejection(0, Reason.INVALID_FIELD, "type '4111111111111111' is none").error
    assert told == "type '411111******1111' is none"


def test_a_million_declared_ids_pass_and_no_other() -> None:
    """Declared numeric ids are let in though many pass the check; undeclared ones are refused."""
    rng = np.random.default_rng(4)
    ids = text(rng.integers(10**15, 10**16, 1_000_000).astype(str).tolist())
    rows = payments(np.full(len(ids), 1_750_000_000), customer_id=ids)
    declared = Intake(Rates.none("EUR"), id_formats={"customer_id": "numeric"})
    found = check(rows, declared, NOW)
    assert found.good.all()
    assert not found.rejections
    assert 0.02 < found.exempted / len(ids) < 0.05
    some = rows.take(slice(0, 20_000))
    undeclared = check(some, Intake(Rates.none("EUR")), NOW)
    assert (~undeclared.good).sum() == check(some, declared, NOW).exempted
    assert {r.reason for r in undeclared.rejections} == {Reason.CARD_NUMBER}


@pytest.mark.parametrize(
    ("kind", "value", "passes"),
    [
        ("numeric", "4111111111111111", True),
        ("numeric", "4111 1111 1111 1111", False),
        ("uuid", "4111111111111111", False),
        ("uuid", "00000000-4111-1111-1111-111111111111", True),
        ("token:vault", "4111 1111 1111 1111", True),
    ],
)
def test_a_declared_field_takes_values_of_its_format(kind: str, value: str, passes: bool) -> None:  # noqa: FBT001
    """A card number written as people write them is no numeric id, and never a UUID."""
    rows = payments([1_750_000_000], device_id=[value])
    found = check(rows, Intake(Rates.none("EUR"), id_formats={"device_id": kind}), NOW)
    assert found.good.tolist() == [passes]


def test_random_uuids_pass() -> None:
    """Hexadecimal ids are not taken for card numbers, but for one in many thousands."""
    rng = np.random.default_rng(8)
    raw = [bytes(row).hex() for row in rng.integers(0, 256, (20_000, 16), np.uint8)]
    ids = text([f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}" for h in raw])
    assert len(rows_with_card_numbers(ids)) < 5
