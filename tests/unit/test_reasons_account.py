"""What is told of an explanation: reasons in order, aspects in sum, what looks strange."""

from pathlib import Path
from typing import Any

import numpy as np
from builders.facts import sentences_of
from plugins.bundles import make_bundle

from models.bundle import load_bundle
from models.features import FeatureSpec
from models.reasons.account import (
    group_facts,
    player_facts,
    reasons,
    strange_features,
    strange_groups,
)
from models.reasons.groups import leaders

NAMES = ("amount", "amount_known", "amount_ratio_7d", "amount_ratio_30d", "device_new",
         "device_known", "night", "country_new", "country_known")  # fmt: skip
SAID = sentences_of({"night": 1})


def told(tmp_path: Path, contributions: list[float]) -> list[dict[str, Any]]:
    """Return what is told of players with these contributions, in the order of their columns."""
    bundle = load_bundle(make_bundle(tmp_path / "b", names=NAMES))
    assert bundle.spec.player_names == (
        "amount", "amount_ratio_7d", "amount_ratio_30d", "device_new", "night", "country_new",
    )  # fmt: skip
    return player_facts(bundle.spec.player_names, SAID, np.array(contributions, np.float32))


def test_reasons_are_what_raises_strongest_first_and_each_thing_once(tmp_path: Path) -> None:
    """The 30-day ratio speaks for all that compare the amount; a weak pull is no reason."""
    facts = told(tmp_path, [0.2, 0.5, 1.5, 0.04, 0.8, -2.0])
    assert [fact["feature"] for fact in facts][:3] == ["country_new", "amount_ratio_30d", "night"]
    assert [fact["direction"] for fact in facts][:2] == ["lowers", "raises"]
    found = reasons(facts, SAID)
    assert len(found) == 2
    assert "30-day average" in found[0]
    assert found[1].startswith("Paid at night")
    assert reasons(facts, SAID, "lowers") == ["This customer paid in FR before"]


def test_a_thing_that_pulls_both_ways_is_a_reason_only_if_its_sum_is_one(tmp_path: Path) -> None:
    """One average up and another down say nothing together."""
    facts = told(tmp_path, [0.0, -1.0, 1.02, 0.0, 0.3, 0.0])
    assert [text[:13] for text in reasons(facts, SAID)] == ["Paid at night"]


def test_what_reassures_is_never_a_reason_for_a_flag(tmp_path: Path) -> None:
    """A country the customer paid in may raise a score, and would read as its opposite."""
    facts = told(tmp_path, [0.0, 0.0, 0.0, 0.0, 0.3, 2.0])
    assert facts[0]["feature"] == "country_new"
    assert facts[0]["contribution"] == 2.0
    assert [text[:13] for text in reasons(facts, SAID)] == ["Paid at night"]


def test_typical_is_of_the_customer_where_that_is_known(tmp_path: Path) -> None:
    """And says whose it is."""
    by_name = {fact["feature"]: fact for fact in told(tmp_path, [1, 1, 1, 1, 1, 1])}
    assert by_name["amount"]["typical_of"] == "customer"
    assert round(by_name["amount"]["typical"], 2) == 114.63
    assert by_name["amount_ratio_30d"]["typical"] == 1.0
    assert by_name["night"]["typical_of"] == "background"


def test_aspects_are_the_sums_of_their_features(tmp_path: Path) -> None:
    """Strongest first, by the names analysts use; all together they are all contributions."""
    facts = told(tmp_path, [0.2, 0.5, 1.5, 0.7, 0.8, -2.5])
    groups = group_facts(facts, sentences_of())
    assert [one["group"] for one in groups] == ["place", "amount", "time", "device"]
    assert [one["name"] for one in groups][:2] == ["Place", "Amount"]
    total = sum(one["contribution"] for one in groups)
    assert np.isclose(total, sum(fact["contribution"] for fact in facts))


def test_what_looks_strange_is_told_by_aspect_and_feature() -> None:
    """Only what exceeds the errors of ordinary payments counts, in shares of all excess."""
    leader = leaders(FeatureSpec.of(NAMES))
    errors = np.array([1, 0, 9, 5, 3, 0, 1, 0, 0], np.float32)
    usual = np.full(len(NAMES), 1.0, np.float32)
    words = sentences_of()
    found = strange_groups(leader, errors, usual, words)
    assert [(one["group"], round(one["share"], 2)) for one in found] == [
        ("amount", 0.86),
    ]
    assert found[0]["text"] == (
        "Amount looks unlike this customer's normal behaviour (86 % of all that looks strange): "
        "the amount against the 7-day average and the amount against the 30-day average"
    )
    assert strange_groups(leader, np.zeros_like(errors), usual, words) == []
    worst = strange_features(leader, errors, words)
    assert [one["feature"] for one in worst][:2] == ["amount_ratio_7d", "amount_ratio_30d"]
    assert worst[0]["text"].startswith("Amount 940.00 EUR is 8.2 times")
