"""Files as people have them: whatever is missing, a model is trained, scores, and explains."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner, Result

from models.bundle import Bundle, load_bundle
from models.errors import BadInput, MappingError
from models.explainer import explainer_of
from models.files import read_table
from models.intake import Intake
from models.mapping import Mapping
from models.money import Rates
from models.reasons.telling import Telling
from models.replay import replay
from models.scorer import Scorer
from models.whatif.search import Past
from training.cli import train_command

pytestmark = pytest.mark.xdist_group("train_any_file")  # one worker: torch is loaded once

ROWS = 2_500
MAPPING = """
transaction_id: {row_number: p}
occurred_at: {column: at, since: "2026-01-01T00:00:00Z", time_zone: UTC}
amount: {column: amount, unit: major}
currency: {constant: EUR}
label: {column: fraud, delay_days: 1}
"""
CONFIG = """
[autoencoder]
hidden = 8
code = 3
epochs = 1
[classifier]
bins_per_feature = 3
bin_min_rows = 20
hidden = [16, 8]
epochs = 4
refit = false
[windows]
validation_share = 0.25
test_share = 0
[threshold]
alert_rate = 0.05
[baselines]
enabled = false
"""
Columns = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """What a bundle says of a file: its flags, and all that is said of each."""

    bundle: Bundle
    flagged: np.ndarray[tuple[int], np.dtype[np.bool_]]
    said: list[dict[str, Any]]


def amounts() -> Columns:
    """Return ten days of amounts; frauds are five times as large."""
    rng = np.random.default_rng(1)
    fraud = rng.random(ROWS) < 0.04
    return {
        "at": np.sort(rng.integers(0, 10 * 86_400, ROWS)),
        "amount": np.round(rng.gamma(2, 20, ROWS) * np.where(fraud, 5, 1), 2),
        "fraud": fraud.astype(int),
    }


def people() -> Columns:
    """Return a customer for each payment."""
    return {"who": [f"c{n}" for n in np.random.default_rng(2).integers(0, 60, ROWS)]}


def shops() -> Columns:
    """Return a merchant for each payment."""
    return {"where": [f"m{n}" for n in np.random.default_rng(3).integers(0, 20, ROWS)]}


def extras(*, unseen: bool = False) -> Columns:
    """Return a category of many values, a yes/no and a count, each missing here and there."""
    rng = np.random.default_rng(4)
    kinds = [f"kind {n}" for n in rng.integers(0, 200, ROWS)]
    if unseen:
        kinds = [f"new {n % 7}" if n % 2 else kind for n, kind in enumerate(kinds)]
    return {
        "shop": [None if n % 10 == 0 else kind for n, kind in enumerate(kinds)],
        "trusted": [None if n % 7 == 0 else bool(n % 2) for n in range(ROWS)],
        "items": [None if n % 5 == 0 else n % 4 for n in range(ROWS)],
        "empty": [None] * ROWS,
    }


CUSTOMER = "customer_id: {column: who}\n"
MERCHANT = "merchant_id: {column: where}\n"
EXTRAS = """
attributes:
  shop: {column: shop, kind: category}
  trusted: {column: trusted, kind: category}
  items: {column: items, kind: number}
  empty: {column: empty, kind: category}
"""


def train(folder: Path, columns: Columns, mapping: str) -> Result:
    """Write the file and what goes with it, and run the command."""
    pl.DataFrame(columns).write_csv(folder / "data.csv")
    (folder / "mapping.yaml").write_text(mapping)
    (folder / "config.toml").write_text(CONFIG)
    arguments = ["--data", "data.csv", "--mapping", "mapping.yaml", "--config", "config.toml"]
    arguments = [str(folder / word) if "." in word else word for word in arguments]
    return CliRunner().invoke(train_command, [*arguments, "--out", str(folder / "bundle")])


@pytest.fixture(scope="module")
def of_extras(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train on amounts and extra columns alone, once."""
    folder = tmp_path_factory.mktemp("extras")
    result = train(folder, amounts() | extras(), MAPPING + EXTRAS)
    assert result.exit_code == 0, result.output + repr(result.exception)
    return folder


def told(folder: Path, columns: Columns) -> Told:
    """Score a file with the bundle that was trained there, and explain up to ten flags."""
    pl.DataFrame(columns).write_csv(folder / "later.csv")
    bundle = load_bundle(folder / "bundle")
    mapping = Mapping.load(folder / "mapping.yaml")
    intake = Intake(Rates.none("EUR"), attributes=frozenset(mapping.attributes))
    mapped = mapping.apply(read_table(folder / "later.csv"), intake=intake, now_ms=2**42)
    assert mapped.labels is not None
    found = replay(mapped.transactions, mapped.labels, attributes=bundle.spec.attributes)
    order = [found.names.index(name) for name in bundle.spec.names]
    features = np.ascontiguousarray(found.features[:, order])
    scorer = Scorer(bundle)
    flagged = scorer.score(features).log_odds >= bundle.threshold
    first = np.flatnonzero(flagged)[:10]
    few = features[first]
    shap = explainer_of(bundle, scorer).explain(few)
    assert shap.additivity_error.max() <= 1e-4
    said = Telling(bundle, scorer).of(
        mapped.transactions.take(first),
        found.features[first],
        Past(mapped.transactions.take(first[:0]), first[:0]),
        shap.contributions,
        scorer.score(few).reconstruction,
    )
    return Told(bundle, flagged, said)


@pytest.mark.parametrize(
    ("columns", "mapping", "read", "never"),
    [
        (dict, "", {"amount", "hour"}, {"spend_7d", "count_7d", "merchant_frauds_7d"}),
        (shops, MERCHANT, {"amount", "merchant_volume_1d"}, {"spend_7d", "count_7d"}),
        (people, CUSTOMER, {"amount_ratio_30d", "count_7d"}, {"merchant_frauds_7d"}),
    ],
    ids=["amounts and times", "no customer", "no merchant"],
)
def test_whatever_is_missing_frauds_are_found_and_flags_explained(
    tmp_path: Path, columns: Callable[[], Columns], mapping: str, read: set[str], never: set[str]
) -> None:
    """What is not there is no feature; reasons are there for every flag and add up."""
    table = amounts() | columns()
    result = train(tmp_path, table, MAPPING + mapping)
    assert result.exit_code == 0, result.output + repr(result.exception)
    explained(tmp_path, table, read, never)


def test_of_extra_columns_alone_frauds_are_found_and_flags_explained(of_extras: Path) -> None:
    """A category of many values, a yes/no, a count, and a column that is always empty."""
    read, never = {"shop=other", "trusted=true", "items"}, {"empty_known"}
    explained(of_extras, amounts() | extras(), read, never)


def explained(folder: Path, table: Columns, read: set[str], never: set[str]) -> None:
    """Hold what a bundle says of its file against what is asked of every bundle."""
    found = told(folder, table)
    names = set(found.bundle.spec.names)
    assert read <= names
    assert not never & names
    assert found.flagged.any()
    assert table["fraud"][found.flagged].mean() > 3 * table["fraud"].mean()
    assert all(one["reasons"] for one in found.said)


def test_a_value_that_training_never_saw_is_another_value(of_extras: Path) -> None:
    """Scored and explained in words that can be read."""
    found = told(of_extras, amounts() | extras(unseen=True))
    assert found.flagged.any()
    texts = {fact["text"] for one in found.said for fact in one["contributions"]}
    assert any(text.endswith(" of the values the model learned") for text in texts)
    assert any(text.startswith("items is ") for text in texts)


@pytest.mark.parametrize(
    ("fraud", "genuine", "values"),
    [
        ("1.0", "0.0", None),
        ("true", "false", None),
        ("yes", "no", "[yes]"),
        ("Fraud", "Legit", "[Fraud]"),
        ("1.0", "open", "[1.0]"),
        ("yes", "0", "[yes, 1]"),
        ("True", "False", "[true]"),
    ],
)
def test_labels_are_told_in_many_words(
    tmp_path: Path, fraud: str, genuine: str, values: str | None
) -> None:
    """Numbers with a point, words, a third state: the frauds are those of the file."""
    table = amounts()
    mapping = MAPPING
    if values is not None:
        mapping = mapping.replace("delay_days", f"fraud_values: {values}, delay_days")
    labels = [fraud if one else genuine for one in table["fraud"]]
    pl.DataFrame(table | {"fraud": labels}).write_csv(tmp_path / "data.csv")
    (tmp_path / "mapping.yaml").write_text(mapping)
    mapped = Mapping.load(tmp_path / "mapping.yaml").apply(
        read_table(tmp_path / "data.csv"), intake=Intake(Rates.none("EUR")), now_ms=2**42
    )
    assert mapped.labels is not None
    assert mapped.labels.is_fraud.tolist() == (table["fraud"] == 1).tolist()


def test_labels_in_words_that_nobody_declared_are_named(tmp_path: Path) -> None:
    """The mistake is told before anything else is done."""
    table = amounts()
    table["fraud"] = ["Fraud" if one else "Legit" for one in table["fraud"]]
    refused = train(tmp_path, table, MAPPING).exception
    assert isinstance(refused, BadInput)
    assert "Legit, Fraud" in str(refused)
    assert "fraud_values" in str(refused)


def test_a_mapping_without_a_currency_says_how_to_give_one(tmp_path: Path) -> None:
    """A file without any has one value for all rows."""
    refused = train(tmp_path, amounts(), MAPPING.replace("currency: {constant: EUR}\n", ""))
    assert isinstance(refused.exception, MappingError)
    assert "currency: not given" in str(refused.exception)
    assert "constant: EUR" in str(refused.exception)
