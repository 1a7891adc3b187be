"""The exact method: explanations add up, are fair, and belong to the row alone."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from plugins.bundles import NAMES, make_bundle, product_graph

from models.bundle import Bundle, load_bundle
from models.explainer import PermutationExplainer
from models.scorer import Scorer

ROWS = np.random.default_rng(9).gamma(2.0, 3.0, (13, len(NAMES))).astype(np.float32)


def explainer_of(path: Path) -> PermutationExplainer:
    """Return the explainer of a bundle."""
    bundle = load_bundle(path)
    return PermutationExplainer(bundle, Scorer(bundle))


def test_contributions_of_an_affine_model_are_its_own(tiny_bundle: Path) -> None:
    """Each player gets its weights times how far its features are from the background's mean."""
    bundle = load_bundle(tiny_bundle)
    found = explainer_of(tiny_bundle).explain(ROWS)
    weights = np.array([0.5 * (-0.8) ** k for k in range(len(NAMES))])
    pulls = weights * (ROWS - bundle.background.mean(axis=0))
    expected = np.stack([pulls[:, list(p)].sum(axis=1) for p in bundle.spec.players], axis=1)
    np.testing.assert_allclose(found.contributions, expected, atol=1e-4)
    assert found.contributions.shape == (13, 4)  # an amount and its indicator are one player


@pytest.mark.parametrize("kind", ["affine", "product"])
def test_base_and_contributions_add_up_to_the_log_odds(tmp_path: Path, kind: str) -> None:
    """The error is below 1e-4 in log-odds, and is reported as it is."""
    graph = product_graph(len(NAMES)) if kind == "product" else None
    path = make_bundle(tmp_path / "b", graph=graph)
    found = explainer_of(path).explain(ROWS)
    log_odds = Scorer(load_bundle(path)).score(ROWS).log_odds
    total = found.base_value + found.contributions.astype(np.float64).sum(axis=1)
    assert np.abs(total - log_odds).max() <= 1e-4
    np.testing.assert_allclose(found.additivity_error, np.abs(total - log_odds))


def test_a_feature_the_model_ignores_gets_nothing(tmp_path: Path) -> None:
    """Exactly zero, not nearly."""
    path = make_bundle(tmp_path / "b", names=("amount", "hour", "count_1h"), weights=[1, 0, 2])
    rows = ROWS[:, :3]
    assert (explainer_of(path).explain(rows).contributions[:, 1] == 0).all()


def test_equal_features_that_change_places_change_contributions(tmp_path: Path) -> None:
    """Two features that play the same part are treated the same."""
    names = ("spend_1h", "spend_1d", "count_1h")
    background = np.random.default_rng(2).gamma(2.0, 1.0, (20, 3)).astype(np.float32)
    background[:, 1] = background[:, 0]
    path = make_bundle(tmp_path / "b", names=names, background=background, graph=product_graph(3))
    explain = explainer_of(path).explain
    straight = explain(ROWS[:, :3]).contributions
    swapped = explain(np.ascontiguousarray(ROWS[:, [1, 0, 2]])).contributions
    np.testing.assert_allclose(swapped[:, [1, 0, 2]], straight, atol=2e-4)


def test_steps_that_are_not_scored_again_change_nothing(tmp_path: Path) -> None:
    """Where features are what they are in the background, values are those of every coalition."""
    rng = np.random.default_rng(4)
    background = rng.integers(0, 3, (30, len(NAMES))).astype(np.float32)
    rows = rng.integers(0, 3, (20, len(NAMES))).astype(np.float32)
    rows[0] = background[0]
    path = make_bundle(
        tmp_path / "b", background=background, graph=product_graph(len(NAMES)), threshold=0.0
    )
    bundle = load_bundle(path)
    explainer = PermutationExplainer(bundle, Scorer(bundle), pairs=3)
    found = explainer.explain(rows).contributions
    for row, values in zip(rows, found, strict=True):
        expected = every_coalition(bundle, explainer, row)
        np.testing.assert_allclose(values, expected, atol=1e-6)


def every_coalition(
    bundle: Bundle, explainer: PermutationExplainer, row: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the values of one row by scoring each step of each walk with every background row."""
    scorer, background = Scorer(bundle), bundle.compared
    everyone = np.arange(len(background))
    total = np.zeros(len(bundle.spec.players))
    for orders in explainer.walks:
        mixed = background.copy()
        before = scorer.score(mixed).log_odds.astype(np.float64)
        for step in range(len(total)):
            for behind, player in zip(everyone, orders[:, step], strict=True):
                columns = list(bundle.spec.players[player])
                mixed[behind, columns] = row[columns]
            after = scorer.score(mixed).log_odds.astype(np.float64)
            np.add.at(total, orders[:, step], after - before)
            before = after
    return total / (len(explainer.walks) * len(background))


def test_a_row_is_explained_the_same_alone_and_in_company(tiny_bundle: Path) -> None:
    """Byte for byte, by this explainer and by one made anew."""
    explainer, another = explainer_of(tiny_bundle), explainer_of(tiny_bundle)
    together = explainer.explain(ROWS)
    for row in range(len(ROWS)):
        alone = another.explain(ROWS[row : row + 1])
        assert alone.contributions.tobytes() == together.contributions[row].tobytes()
        assert alone.additivity_error[0] == together.additivity_error[row]


def test_a_model_of_one_player_is_explained(tmp_path: Path) -> None:
    """The only player gets all."""
    path = make_bundle(tmp_path / "b", names=("amount",), weights=[2])
    found = explainer_of(path).explain(np.array([[50]], np.float32))
    assert found.contributions[0, 0] == pytest.approx(99 - found.base_value, abs=1e-4)


def test_no_rows_need_no_explanation(tiny_bundle: Path) -> None:
    """An empty batch is not an error."""
    found = explainer_of(tiny_bundle).explain(ROWS[:0])
    assert found.contributions.shape == (0, 4)
