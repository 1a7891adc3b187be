"""A mapping file that cannot be used is told with its name and the field at fault."""

from pathlib import Path

import pytest

from models.errors import MappingError
from models.mapping import Mapping

LEAST = """
transaction_id: {column: id}
occurred_at: {column: at}
amount: {column: amount, unit: major}
currency: {constant: EUR}
customer_id: {column: who}
"""


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (LEAST + "surprise: {column: x}\n", "surprise"),
        (LEAST.replace("{column: who}", "{column: who, constant: c}"), "customer_id"),
        (LEAST.replace("unit: major", "unit: pounds"), "amount.unit"),
        (LEAST.replace("{column: at}", "{column: at, since: noon}"), "occurred_at"),
        (LEAST.replace("currency", "money"), "currency"),
        ("transaction_id: [", "not YAML"),
        ("just text", "expected fields"),
    ],
)
def test_a_wrong_mapping_names_its_file_and_field(tmp_path: Path, body: str, told: str) -> None:
    """One line, with where to look."""
    file = tmp_path / "wrong.yaml"
    file.write_text(body)
    with pytest.raises(MappingError) as caught:
        Mapping.load(file)
    assert str(file) in str(caught.value)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_mapping_names_those_that_come_with_penumbra(tmp_path: Path) -> None:
    """A wrong path is answered with what there is."""
    with pytest.raises(MappingError, match="handbook, ulb, canonical"):
        Mapping.load(tmp_path / "none.yaml")


def test_the_packaged_mappings_load() -> None:
    """By name, from wherever Penumbra is installed."""
    for name in ("handbook", "ulb", "canonical"):
        assert Mapping.load(name).name == name
