"""What frauds turned out to be: from a file, a column or the labels, and never an input."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import BadInput, MappingError
from models.intake import Intake
from models.mapping import Mapping
from models.money import Rates
from training.evaluation.kinds import found_on
from training.evaluation.material import Payments
from training.kinds import found_by_kind, kinds_of
from training.metrics import flagged_at
from training.source import Source, labels_of, read_source
from training.truth import first_known_ms

MAPPING = """
transaction_id: {column: id}
occurred_at: {column: at}
amount: {column: amount}
currency: {constant: EUR}
label:
  column: fraud
  delay_days: 2
  kind: {column: story, values: {none: ""}}
"""


def read(folder: Path, mapping: str = MAPPING, **columns: list[object]) -> tuple[Source, Mapping]:
    """Read four payments, the second and the last of them fraud."""
    table = {
        "id": ["a", "b", "c", "d"],
        "at": [f"2026-01-0{day}T10:00:00Z" for day in range(1, 5)],
        "amount": [100, 200, 300, 400],
        "fraud": [0, 1, 0, 1],
        "story": ["none", "scam", "none", None],
    } | columns
    pl.DataFrame(table).write_csv(folder / "data.csv")
    (folder / "mapping.yaml").write_text(mapping)
    loaded = Mapping.load(folder / "mapping.yaml")
    intake = Intake(Rates.none("EUR"))
    source = read_source(
        folder / "data.csv", mapping=loaded, labels=None, intake=intake, now_ms=2**42
    )
    return source, loaded


def test_kinds_come_from_the_mappings_column(tmp_path: Path) -> None:
    """Translated as any column; an empty one says nothing."""
    assert kinds_of(*read(tmp_path), None) == {"b": "scam"}


def test_a_file_of_kinds_wins(tmp_path: Path) -> None:
    """As the simulator writes it; without its columns it is refused."""
    source, mapping = read(tmp_path)
    file = tmp_path / "truth.csv"
    pl.DataFrame({"transaction_id": ["d"], "typology": ["spree"]}).write_csv(file)
    assert kinds_of(source, mapping, file) == {"d": "spree"}
    pl.DataFrame({"transaction_id": ["d"]}).write_csv(file)
    with pytest.raises(BadInput, match="typology"):
        kinds_of(source, mapping, file)


def test_a_file_without_the_column_is_still_read(tmp_path: Path) -> None:
    """What arrives today does not know yet what it will turn out to be."""
    source, mapping = read(tmp_path)
    assert mapping.fraud_kinds(source.frame.drop("story")) is None


def test_the_column_of_kinds_cannot_be_an_input(tmp_path: Path) -> None:
    """It is known only afterwards."""
    leak = MAPPING + "attributes:\n  story: {column: story, kind: category}\n"
    with pytest.raises(MappingError, match=r"attributes\.story comes from 'story'"):
        read(tmp_path, leak)


def test_a_label_column_without_a_fraud_value_says_what_it_holds(tmp_path: Path) -> None:
    """Fraud and Legit are not 0 and 1: which is which has to be said."""
    source, mapping = read(tmp_path, fraud=["Legit", "Fraud", "Legit", "Fraud"])
    with pytest.raises(BadInput, match=r"'fraud' tells a fraud: it holds .*Legit.*fraud_values"):
        labels_of(source, mapping)


def test_a_fraud_is_taught_once_its_label_is_known(tmp_path: Path) -> None:
    """Labels take two days: on the fourth only the fraud of the second is known."""
    source, mapping = read(tmp_path)
    known_ms = first_known_ms(source.transactions.transaction_id, labels_of(source, mapping))
    fraud = np.array([False, True, False, True])
    everything = np.arange(4)
    given = Payments(
        fraud=fraud, customers=everything, merchants=everything, kind=np.full(4, ""),
        occurred_ms=source.transactions.occurred_ms, amount=np.ones(4), known_ms=known_ms,
    )  # fmt: skip
    fourth = int(source.transactions.occurred_ms[3])
    assert given.taught(everything, fourth).tolist() == [False, True, False, False]
    assert given.taught(everything, fourth + 2 * 86_400_000).tolist() == fraud.tolist()
    assert found_on(given, everything, [np.ones(4)]) == ()


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.booleans(), st.sampled_from(["", "x", "y"])), min_size=1
    )
)
def test_shares_found_are_of_all_frauds_of_the_kind(
    rows: list[tuple[int, bool, str]],
) -> None:
    """Genuine payments are flagged within the limit; a kind counts on frauds alone."""
    scores = np.array([row[0] for row in rows], float)
    fraud = np.array([row[1] for row in rows])
    kind = np.array([row[2] for row in rows])
    flags = flagged_at(scores, fraud, 0.2)
    assert (flags & ~fraud).sum() <= 0.2 * (~fraud).sum()
    found = {one.kind: one for one in found_by_kind(kind, fraud, {"so": flags})}
    assert set(found) == set(kind[fraud].tolist()) - {""}
    for name, one in found.items():
        mine = fraud & (kind == name)
        assert one.frauds == mine.sum()
        assert one.found["so"] == flags[mine].mean()
