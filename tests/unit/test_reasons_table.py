"""The table of sentences: one for every feature in every case, whatever its figures."""

import re
from typing import Any

import pytest
from builders.facts import USUAL, sentences_of
from hypothesis import given, settings
from hypothesis import strategies as st

from models.attributes import Attribute
from models.catalogue import CATALOGUE, NAMES
from models.errors import BadInput
from models.reasons.cases import CASES, NEEDS
from models.reasons.groups import GROUPS, group_of
from models.reasons.wording import Wording, languages

UNFIT = re.compile(r"[{}]|\bNone\b(?! of)|\bnan\b|\binf\b|  ")
FIGURES = st.sampled_from([0.0, 0.04, 0.5, 1.0, 1.5, 2.0, 7.0, 44.0, 999.9, 1000.0, 7_776_000.0])
FLAGS = st.sampled_from([0.0, 1.0])


def value(name: str) -> Any:
    """Return what a feature may be."""
    unit = next(one.unit for one in CATALOGUE if one.name == name)
    if unit == "yes/no":
        return FLAGS
    if unit == "share":
        return st.sampled_from([0.0, 0.004, 0.5, 1.0])
    return FIGURES.map(lambda v: -v) | FIGURES if name == "amount_deviation" else FIGURES


FEATURES = st.fixed_dictionaries({name: value(name) for name in NAMES})


@pytest.mark.parametrize("language", languages())
def test_every_feature_has_its_sentences_in_every_language(language: str) -> None:
    """No feature of the catalogue is missing, none is left over, all languages have the same."""
    table, english = Wording.of(language).table, Wording.of().table
    assert set(table["features"]) == set(NAMES) == set(CASES)
    assert set(NEEDS) <= set(NAMES)
    assert table.keys() == english.keys()
    for section, entries in english.items():
        assert table[section].keys() == entries.keys()
    for name, entry in english["features"].items():
        assert table["features"][name].keys() == entry.keys()
        assert {"name"} < entry.keys()


@settings(deadline=None, max_examples=20)  # the first compiles kernels
@given(features=FEATURES)
def test_whatever_the_figures_there_is_a_sentence(features: dict[str, float]) -> None:
    """For every feature: finished, without holes, for a known customer and for a new one."""
    said = sentences_of(features)
    for name in NAMES:
        text, _ = said.of(name)
        assert text
        assert not UNFIT.search(text), (name, text)
        assert text[0].isupper() or text[0].isdigit(), text


def test_every_sentence_of_the_table_can_be_said() -> None:
    """No case stands in the table that no payment brings about."""
    told: set[tuple[str, str]] = set()
    real = Wording.feature

    def noted(self: Wording, name: str, case: str, values: Any) -> str:
        told.add((name, case))
        return real(self, name, case, values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Wording, "feature", noted)
        for change in _changes():
            said = sentences_of(change)
            for name in NAMES:
                said.of(name)
    table = Wording.of().table["features"]
    every = {(name, case) for name, entry in table.items() for case in entry if case != "name"}
    assert every - told == set()


def _changes() -> list[dict[str, float]]:
    """Return payments that differ from the usual one in a few features at a time."""
    singles: list[dict[str, float]] = [{}]
    for name, usual in USUAL.items():
        singles += [{name: v} for v in (0.0, 1.0, 2.0, 1000.0, 9e6, usual / 30)]
    few = {"history_count": 0, "count_30d": 1, "spend_30d": 940, "spend_ratio_1d": 1,
           "amount_ratio_30d": 1, "amount_ratio_7d": 1, "spend_7d": 940, "amount_to_max_30d": 1,
           "amount_deviation": 0, "gap_ratio": 1, "span_last_5_s": 9e6}  # fmt: skip
    return [
        *singles, few, {"history_known": 0}, {"spend_7d": 940, "spend_1d": 940},
        {"amount_deviation": -3}, {"distance_km": 900, "travel_speed_kmh": 2000},
        {"distance_km": 900, "travel_speed_kmh": 90}, {"since_last_s": 9e5, "gap_ratio": 4},
        {"spend_30d": 940, "spend_7d": 940, "spend_1d": 940},
        {"device_age_days": 0, "device_new": 0}, {"merchant_fraud_known": 1},
        {"merchant_volume_7d": 4},
        {"merchant_fraud_known": 1, "merchant_since_fraud_h": 4}, {"local_time_known": 0},
    ]  # fmt: skip


@settings(deadline=None, max_examples=20)
@given(
    st.lists(
        st.builds(
            Attribute,
            st.text(min_size=1, max_size=8),
            st.sampled_from(["number", "category"]),
            st.just(("a{b}", "other", "x=y")),
        ),
        max_size=3,
        unique_by=lambda one: one.name,
    )
)
def test_attributes_of_any_name_have_sentences(attributes: list[Attribute]) -> None:
    """Names with braces, equals signs or endings of our own are names all the same."""
    columns = [f.name for one in attributes for f in one.features()]
    if set(columns) & set(NAMES) or len(set(columns)) < len(columns):
        return
    said = sentences_of(dict.fromkeys(columns, 1.0), attributes=tuple(attributes))
    for one in attributes:
        texts = [said.of(feature.name)[0] for feature in one.features()]
        assert all(one.name in text for text in texts)


def test_every_feature_belongs_to_an_aspect_with_a_name() -> None:
    """Aspects are those of the table; attributes are one of their own."""
    assert {group_of(name) for name in NAMES} | {"attribute"} == set(GROUPS)
    assert set(Wording.of().table["groups"]) == set(GROUPS)
    assert group_of("anything else") == "attribute"


def test_a_language_without_a_table_is_refused() -> None:
    """The error names those there are."""
    with pytest.raises(BadInput, match="no sentences in 'xx'; there are: en"):
        Wording.of("xx")
