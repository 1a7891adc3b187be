"""What a model reads: the catalogue, attributes, and a bundle's selection of them."""

import json
from typing import Any

import numpy as np
import pytest
from builders.streams import payments

from models.attributes import Attribute, attribute_features
from models.catalogue import CATALOGUE, NAMES, column
from models.errors import SchemaMismatch
from models.features import FeatureSpec, full_names
from models.transaction import Transactions, text

BASKET = Attribute("basket", "number")
COLOUR = Attribute("colour", "category", ("blue", "red"))


def with_attributes(*given: dict[str, Any] | None) -> Transactions:
    """Return a payment for each dict of attributes."""
    details = text([None if one is None else {"attributes": one} for one in given])
    return payments([1_750_000_000] * len(given), details=details)


def test_the_catalogue_is_consistent() -> None:
    """Names are unique, indicators are yes/no columns of the catalogue, none is a fraud's own."""
    assert len(set(NAMES)) == len(NAMES)
    by_name = {feature.name: feature for feature in CATALOGUE}
    for feature in CATALOGUE:
        if feature.indicator is not None:
            assert by_name[feature.indicator].transform == "binary"
    assert [column(name) for name in NAMES] == list(range(len(NAMES)))
    assert not any("legacy" in name or "outcome" in name for name in NAMES)


def test_a_number_gives_its_value_and_whether_it_is_known() -> None:
    """Absent and text are 0 and unknown; nothing leaves what float32 holds."""
    rows = with_attributes({"basket": 3.5}, None, {"colour": "red"}, {"basket": "x"})
    found = attribute_features(rows, [BASKET])
    assert found.names == ("basket", "basket_known")
    assert found.values.tolist() == [[3.5, 1], [0, 0], [0, 0], [0, 0]]
    large = attribute_features(with_attributes({"basket": 1e300}, {"basket": -1e300}), [BASKET])
    assert np.isfinite(large.values).all()


def test_a_category_gives_a_column_for_each_level() -> None:
    """Other values share one column; absent is unknown."""
    rows = with_attributes({"colour": "red"}, {"colour": "green"}, {}, {"colour": "blue"})
    found = attribute_features(rows, [COLOUR])
    assert found.names == ("colour=blue", "colour=red", "colour=other", "colour_known")
    assert found.values.tolist() == [[0, 1, 0, 1], [0, 0, 1, 1], [0, 0, 0, 0], [1, 0, 0, 1]]


def test_a_spec_selects_its_columns_in_its_order() -> None:
    """Out of the full vector, attributes after the kernel's."""
    spec = FeatureSpec.of(("night", "basket", "amount"), attributes=[BASKET])
    full = np.arange(2 * len(full_names([BASKET])), dtype=np.float32).reshape(2, -1)
    expected = [column("night"), len(NAMES), column("amount")]
    assert spec.select(full)[0].tolist() == expected
    assert spec.select(full).flags.c_contiguous
    with pytest.raises(SchemaMismatch, match="columns"):
        spec.select(full[:, 1:])


def test_a_spec_survives_its_manifest() -> None:
    """Written and read it is the same, and so is its digest; any change is another."""
    spec = FeatureSpec.of(("amount", "colour=red"), attributes=[COLOUR])
    again = FeatureSpec.from_json(json.loads(json.dumps(spec.to_json())))
    assert again == spec
    assert again.sha256 == spec.sha256
    assert FeatureSpec.of(("amount",)).sha256 != spec.sha256


def test_an_unknown_feature_is_named() -> None:
    """The message says which, and what to do."""
    with pytest.raises(SchemaMismatch, match=r"surprise; declare the attribute"):
        FeatureSpec.of(("amount", "surprise"))


def test_a_value_and_its_indicator_are_one_player() -> None:
    """Wherever they stand; a value without its indicator plays alone."""
    spec = FeatureSpec.of(
        ("amount_known", "night", "amount", "hour", "mcc_new", "mcc_known", "distance_km")
    )
    assert spec.players == ((0, 2), (1,), (3,), (4, 5), (6,))
    assert spec.player_names == ("amount", "night", "hour", "mcc_new", "distance_km")
