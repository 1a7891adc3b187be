"""Whatever columns a file has, in whatever order, its suggestion is a mapping that can be read."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import polars as pl
from builders.foreign_files import TABLES
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.errors import BadInput
from models.mapping import Mapping
from models.suggestion import suggestion

NOW = datetime(2027, 1, 1, tzinfo=UTC)
NAMES = st.text(min_size=1, max_size=20)
VALUES = st.one_of(
    st.lists(st.integers(-(10**12), 10**12), min_size=4, max_size=4),
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=4, max_size=4),
    st.lists(st.text(max_size=30), min_size=4, max_size=4),
    st.lists(st.none() | st.booleans(), min_size=4, max_size=4),
    st.lists(st.none() | st.datetimes(), min_size=4, max_size=4),
)


def loaded(text: str) -> Mapping:
    """Load a mapping's text through a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "m.yaml"
        path.write_text(text, encoding="utf-8")
        return Mapping.load(path, b"key")


@given(st.sampled_from(sorted(TABLES)), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=20)
def test_the_order_of_columns_changes_no_field(name: str, random: Random) -> None:
    """Names and values count, places do not."""
    table = TABLES[name]()
    if name == "german":
        table = table.with_columns(pl.col("Betrag").str.replace(",", ".").cast(pl.Float64))
    shuffled = list(table.columns)
    random.shuffle(shuffled)
    one = loaded(suggestion(table, "f.csv", NOW)).file
    other = loaded(suggestion(table.select(shuffled), "f.csv", NOW)).file
    assert one.model_dump(exclude={"ignore"}) == other.model_dump(exclude={"ignore"})
    assert set(one.ignore) == set(other.ignore)


@given(st.dictionaries(NAMES, VALUES, max_size=5))
@example({"\x85": [0, 1, 0, 1], "a\nb: {": ["", "x", "y", "z"]})
@settings(deadline=None, max_examples=60)
def test_any_further_columns_leave_a_mapping_that_loads(odd: dict[str, list[object]]) -> None:
    """Names with quotes, colons, line breaks; numbers without end; texts of any letters."""
    columns = {name: pl.Series(name, values, strict=False) for name, values in odd.items()}
    table = pl.DataFrame(
        columns | {"occurred_at": ["2026-01-01T00:00:00Z"] * 4, "amount": [1.5, 2.5, 3.5, 4.5]}
    )
    try:
        mapping = loaded(suggestion(table, "f.csv", NOW))
    except BadInput as error:
        assert "\n" not in str(error)  # noqa: PT017 - either way is right, not both
        return
    named = {source.column for _, source in mapping.file.sources() if source.column}
    label = {mapping.file.label.column} if mapping.file.label else set()
    assert named | label | set(mapping.file.ignore) == set(table.columns)
