"""What a ruleset decides on a batch, and the columns it reads from one."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.catalogue import NAMES
from models.errors import BadInput
from models.transaction import LEGACY_DECISIONS, Transactions, empty, text
from service.rules import ColumnMissing, Ruleset
from service.rules.columns import columns_of
from service.rules.vocabulary import TRANSACTION_COLUMNS

RULES = """\
name: three
version: 1
rules:
  - {name: medium, condition: amount > 100, action: review, score: 80}
  - {name: large, condition: amount > 200, action: decline, score: 60}
  - {name: abroad, condition: 'country != "FR"', action: challenge, score: 10}
"""


@pytest.fixture
def ruleset(tmp_path: Path) -> Ruleset:
    """Return three rules whose severities and scores are in different orders."""
    file = tmp_path / "rules.yaml"
    file.write_text(RULES, encoding="utf-8")
    return Ruleset.load(file, features=NAMES)


def batch(n: int, **columns: Any) -> Transactions:
    """Return n transactions with the columns given and everything else missing."""
    return Transactions(**{**empty(n), **columns})


def test_the_severest_action_and_the_highest_score_win(ruleset: Ruleset) -> None:
    """The two may come from different rules; without a hit the payment is approved with 0."""
    decided = ruleset.decide(
        {
            "amount": np.array([50.0, 150.0, 250.0, 50.0, np.nan]),
            "country": text(["FR", "FR", "DE", "DE", None]),
        }
    )
    named = [LEGACY_DECISIONS[code] for code in decided.decision]
    assert named == ["approve", "review", "decline", "challenge", "approve"]
    assert decided.score.tolist() == [0.0, 80.0, 80.0, 10.0, 0.0]
    assert decided.names == ("medium", "large", "abroad")
    assert decided.fired() == [(), ("medium",), ("medium", "large", "abroad"), ("abroad",), ()]
    assert decided.decision.dtype == np.int8
    assert decided.version == ruleset.version


def test_an_empty_batch_is_decided(ruleset: Ruleset) -> None:
    """No transactions give no decisions, in the same shapes."""
    decided = ruleset.decide({"amount": np.array([]), "country": text([])})
    assert len(decided) == 0
    assert decided.rule_hits.shape == (0, 3)


def test_a_missing_column_is_named(ruleset: Ruleset) -> None:
    """A rule that cannot be computed is an error, never a rule that did not fire."""
    with pytest.raises(ColumnMissing, match="country"):
        ruleset.decide({"amount": np.array([1.0])})


def test_columns_of_different_lengths_are_refused(ruleset: Ruleset) -> None:
    """Broadcasting one row over a batch would be a silent lie."""
    with pytest.raises(BadInput, match=r"lengths \[1, 2\]"):
        ruleset.decide({"amount": np.array([1.0, 2.0]), "country": text(["FR"])})


def test_transaction_columns_come_in_units_of_the_language() -> None:
    """Codes become words, minor units major ones, and sentinels missing values."""
    transactions = batch(
        2,
        reporting_minor=np.array([1234, -1]),
        amount_minor=np.array([5, 7]),
        type=np.array([4, 0], np.int8),
        channel=np.array([1, -1], np.int8),
        mcc=np.array([742, -1], np.int16),
        country=text(["FR", None]),
        authenticated=np.array([1, -1], np.int8),
        # Wednesday 2025-01-01 00:30 UTC is Tuesday 23:30 one hour further west
        occurred_ms=np.array([1_735_691_400_000, 1_735_691_400_000]),
        utc_offset_min=np.array([-60, -32768], np.int16),
    )
    wanted = {
        "amount", "amount_minor", "type", "channel", "mcc", "country", "authenticated", "hour",
        "weekday",
    }  # fmt: skip
    columns = columns_of(
        transactions, np.zeros((2, 0), np.float32), (), wanted=wanted, reporting_exponent=2
    )
    assert columns.keys() == wanted
    assert {name: values[0] for name, values in columns.items()} == {
        "amount": 12.34, "amount_minor": 5.0, "type": "account_verification",
        "channel": "ecommerce", "mcc": "0742", "country": "FR", "authenticated": 1.0,
        "hour": 23.0, "weekday": 1.0,
    }  # fmt: skip
    missing = {
        name for name, values in columns.items() if values[1] is None or values[1] != values[1]
    }
    assert missing == wanted - {"amount_minor", "type"}


def test_a_feature_that_is_not_known_is_missing_to_a_rule() -> None:
    """The value a model gets in its place must not make a rule fire."""
    names = ("device_new", "device_known", "count_1h")
    features = np.array([[1, 1, 2], [1, 0, 3]], np.float32)
    columns = columns_of(
        batch(2), features, names, wanted={"device_new", "count_1h"}, reporting_exponent=2
    )
    np.testing.assert_array_equal(columns["device_new"], [1.0, np.nan])
    np.testing.assert_array_equal(columns["count_1h"], [2.0, 3.0])


@pytest.mark.parametrize("name", ["default", "handbook"])
def test_the_packaged_rulesets_decide_on_a_batch_of_the_kernel(name: str) -> None:
    """All their columns can be made from transactions and the catalogue's features."""
    ruleset = Ruleset.load(name, features=NAMES)
    features = np.zeros((3, len(NAMES)), np.float32)
    features[1, NAMES.index("merchant_frauds_14d")] = 6
    features[1, NAMES.index("merchant_frauds_7d")] = 6
    columns = columns_of(
        batch(3, reporting_minor=np.array([1000, 1000, 300_000])),
        features,
        NAMES,
        wanted=ruleset.columns,
        reporting_exponent=2,
    )
    decided = ruleset.decide(columns)
    assert [LEGACY_DECISIONS[code] for code in decided.decision] == ["approve", "review", "decline"]


def test_the_guide_lists_every_name_of_a_transaction() -> None:
    """docs/rules.md and the vocabulary do not drift apart."""
    guide = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
    rows = [line for line in guide.splitlines() if line.startswith("| `")]
    listed = {name for line in rows for name in re.findall("`([a-z_]+)`", line.split("|")[1])}
    assert listed == set(TRANSACTION_COLUMNS)
