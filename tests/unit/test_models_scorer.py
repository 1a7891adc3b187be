"""Scores depend on the row and the bundle, and on nothing else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from plugins.bundles import NAMES, make_bundle

from models.bundle import load_bundle
from models.decide import LEGACY_POSITIVE, NEVER, disagreement, judge, thresholds
from models.errors import SchemaMismatch
from models.scorer import Scorer, probability, risk_score


@pytest.fixture
def features() -> NDArray[np.float32]:
    """Give 101 rows: no whole number of tiles."""
    return np.random.default_rng(3).gamma(2.0, 2.0, (101, len(NAMES))).astype(np.float32)


def test_scores_are_those_of_the_graph(tmp_path: Path) -> None:
    """The affine graph gives the affine log-odds, its sigmoid and the scaled squares."""
    bundle = load_bundle(make_bundle(tmp_path / "b", names=("amount", "hour"), weights=[2, -1]))
    scores = Scorer(bundle).score(np.array([[3, 1], [0, 0]], np.float32))
    assert scores.log_odds.tolist() == [4.0, -1.0]
    np.testing.assert_allclose(scores.anomaly, probability(scores.log_odds), rtol=1e-6)
    np.testing.assert_allclose(scores.reconstruction[0], [9e-6, 1e-6], rtol=1e-6)


def test_shuffling_and_batching_change_no_bit(
    tiny_bundle: Path, features: NDArray[np.float32]
) -> None:
    """A row scores the same alone, in any batch and at any place in it."""
    scorer = Scorer(load_bundle(tiny_bundle))
    whole = scorer.score(features)
    order = np.random.default_rng(1).permutation(len(features))
    shuffled = scorer.score(features[order])
    assert shuffled.log_odds.tobytes() == whole.log_odds[order].tobytes()
    assert shuffled.reconstruction.tobytes() == whole.reconstruction[order].tobytes()
    for size in (1, 7, 16, 33):
        parts = [scorer.score(features[at : at + size]) for at in range(0, len(features), size)]
        assert np.concatenate([p.log_odds for p in parts]).tobytes() == whole.log_odds.tobytes()
        assert np.concatenate([p.anomaly for p in parts]).tobytes() == whole.anomaly.tobytes()


def test_no_rows_give_no_scores(tiny_bundle: Path) -> None:
    """An empty batch is not an error."""
    scores = Scorer(load_bundle(tiny_bundle)).score(np.zeros((0, len(NAMES)), np.float32))
    assert scores.log_odds.shape == (0,)
    assert scores.reconstruction.shape == (0, len(NAMES))


@pytest.mark.parametrize("found", [np.zeros((2, 3), np.float32), np.zeros((2, 5))])
def test_rows_of_another_width_or_type_are_refused(tiny_bundle: Path, found: NDArray[Any]) -> None:
    """A matrix that is not the bundle's columns is never scored."""
    with pytest.raises(SchemaMismatch, match="select the bundle's columns"):
        Scorer(load_bundle(tiny_bundle)).score(found)


def test_the_risk_score_rises_with_the_log_odds() -> None:
    """It counts the edges passed, and stays within 0 and 999."""
    edges = np.linspace(-5, 5, 1000, dtype=np.float32)
    risk = risk_score(np.array([-99, -5, edges[500], 99], np.float32), edges)
    assert risk.tolist() == [0, 0, 500, 999]
    rising = risk_score(np.sort(np.random.default_rng(0).normal(0, 3, 500)).astype("f4"), edges)
    assert (np.diff(rising) >= 0).all()


def test_a_payment_at_the_threshold_is_flagged(tmp_path: Path) -> None:
    """The threshold itself is a flag; the float just below it is not."""
    bundle = load_bundle(make_bundle(tmp_path / "b", names=("amount",), weights=[1], threshold=1))
    below = np.nextafter(np.float32(2), np.float32(0))
    scores = Scorer(bundle).score(np.array([[2], [below], [9]], np.float32))
    decisions = judge(scores, bundle, np.full(3, 10.0))
    assert decisions.flagged.tolist() == [True, False, True]
    assert decisions.threshold.tolist() == [1.0, 1.0, 1.0]


def test_a_threshold_on_money_asks_less_of_large_payments(tmp_path: Path) -> None:
    """Flagged is what puts at least 20 at risk: 40 x .5, never 20 x .99, 4,000 x .01.

    Where the amount is not known the log-odds threshold of 1 counts.
    """
    bundle = load_bundle(
        make_bundle(
            tmp_path / "b", names=("amount",), weights=[1], threshold=1, threshold_at_risk=20
        )
    )
    probabilities = np.array([0.51, 0.49, 0.99, 0.0051, 0.0049, 0.8, 0.7])
    amount = np.array([40.0, 40.0, 20.0, 4000.0, 4000.0, np.nan, np.nan])
    features = (np.log(probabilities / (1 - probabilities)) + 1).astype(np.float32)[:, None]
    decisions = judge(Scorer(bundle).score(features), bundle, amount)
    assert decisions.flagged.tolist() == [True, False, False, True, False, True, False]
    assert decisions.threshold[0] == pytest.approx(0, abs=1e-6)
    assert decisions.threshold[2] == np.float32(NEVER)


@given(
    st.floats(0.01, 1e6),
    st.lists(st.tuples(st.floats(-20, 20, width=32), st.floats(0, 1e7)), min_size=1),
)
def test_a_threshold_on_money_is_probability_times_amount(
    at_risk: float, payments: list[tuple[float, float]]
) -> None:
    """Both ways of saying it agree, but for rows within the last bits of the line."""
    log_odds = np.array([one for one, _ in payments], np.float32)
    amount = np.array([one for _, one in payments])
    flagged = log_odds >= thresholds(0.0, at_risk, amount)
    product = probability(log_odds) * amount
    clear = np.abs(product - at_risk) > 1e-5 * at_risk
    np.testing.assert_array_equal(flagged[clear], (product >= at_risk)[clear])


@pytest.mark.parametrize(
    ("flagged", "legacy", "said"),
    [
        (True, "decline", "both"),
        (True, "approve", "shadow_only"),
        (False, "decline", "legacy_only"),
        (False, "review", "neither"),
        (True, None, None),
    ],
)
def test_disagreement_is_said_once_legacy_is_known(
    flagged: bool,  # noqa: FBT001 - a parameter of the test
    legacy: str | None,
    said: str | None,
) -> None:
    """Who called fraud; nothing while the legacy decision is not there."""
    assert disagreement(flagged, legacy, "decline") == said


def test_wider_settings_call_more_legacy_decisions_fraud() -> None:
    """Each setting of what counts as legacy fraud holds the narrower ones."""
    narrow, middle, wide = (set(found) for found in LEGACY_POSITIVE.values())
    assert narrow < middle < wide
    assert disagreement(False, "challenge", list(LEGACY_POSITIVE)[-1]) == "legacy_only"
