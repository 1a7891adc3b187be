"""Which way a sentence reads: reasons for a flag alarm, reasons against it reassure."""

import pytest
from builders.facts import sentences_of

from models.catalogue import NAMES
from models.reasons import reading
from models.reasons.wording import Wording


@pytest.mark.parametrize(
    ("feature", "changed", "way"),
    [
        ("count_1h", {"count_1h": 1}, "lowers"),
        ("count_1h", {"count_1h": 4}, "raises"),
        ("count_7d", {"count_7d": 3}, "lowers"),
        ("spend_1h", {}, "lowers"),
        ("spend_1d", {}, "raises"),
        ("merchants_1d", {"merchants_1d": 9}, "raises"),
        ("verifications_1d", {"verifications_1d": 1}, "raises"),
        ("small_before_1d", {}, "lowers"),
        ("device_new", {"device_new": 1}, "raises"),
        ("device_new", {}, "lowers"),
        ("authenticated", {"authenticated": 1}, "lowers"),
        ("amount_ratio_30d", {}, "raises"),
        ("amount_ratio_30d", {"amount_ratio_30d": 0.01}, None),
        ("merchant_volume_1d", {}, None),
        ("device_new", {"device_known": 0}, None),
    ],
)
def test_a_sentence_alarms_reassures_or_does_neither(
    feature: str, changed: dict[str, float], way: str | None
) -> None:
    """By what it says, compared with what the customer usually does."""
    assert sentences_of(changed).reads(feature) == way


def test_an_attribute_of_any_name_reads_both_ways() -> None:
    """Nobody knows whether more baskets are worse."""
    assert sentences_of({"basket": 1.0}).reads("basket") is None


def test_every_case_that_reads_one_way_has_a_sentence() -> None:
    """Of a feature of the catalogue; a case misspelt would never be met."""
    table = Wording.of().table["features"]
    assert set(reading._WAYS) | reading._OFTEN <= set(NAMES)
    for feature, ways in reading._WAYS.items():
        assert set(ways) & table[feature].keys(), feature
        alike = {
            case for other in reading._WAYS if reading._WAYS[other] == ways for case in table[other]
        }
        assert set(ways) <= alike, feature
