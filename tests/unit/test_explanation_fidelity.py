"""How fidelity is measured: the reference, the measures, and shap's explainers called rightly."""

from pathlib import Path

import numpy as np
import pytest
import torch
from builders.networks import network, network_bundle, payments

from models.bundle import Bundle, load_bundle
from models.scorer import Scorer
from training.errors import TrainingRefused
from training.evaluation.fidelity import measures, reference
from training.evaluation.fidelity.methods import by_player
from training.evaluation.fidelity.shap_ways import behind_single_features, shap_ways
from training.evaluation.fidelity.torch_graph import TorchGraph
from training.progress import Silent

pytestmark = pytest.mark.xdist_group("fidelity")  # one worker: exporting takes seconds
ROWS = payments(40, 11)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Give a bundle of a network whose classifier reads the autoencoder."""
    return load_bundle(network_bundle(tmp_path_factory.mktemp("feeds") / "b", network()))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Give one whose classifier does not: no squares, no logarithms behind the first layer."""
    made = network(feeds=False)
    return load_bundle(network_bundle(tmp_path_factory.mktemp("plain") / "b", made))


@torch.no_grad()
def test_torch_says_what_the_bundle_says(bundle: Bundle, plain: Bundle) -> None:
    """Log-odds from the features, and from what the first layers read, as the scorer has them."""
    for one in (bundle, plain):
        expected = Scorer(one).score(ROWS).log_odds
        whole = TorchGraph(one.graph("score.onnx"))(torch.from_numpy(ROWS))
        np.testing.assert_allclose(whole[:, 0], expected, atol=1e-4)
        network_behind, encode, _ = behind_single_features(one)
        np.testing.assert_allclose(network_behind(encode(ROWS))[:, 0], expected, atol=1e-4)


def test_an_operator_that_torch_does_not_get_is_refused(bundle: Bundle) -> None:
    """By its name."""
    graph = bundle.graph("score.onnx").replace(b"Tanh", b"Tanx")
    with pytest.raises(TrainingRefused, match="operator Tanx"):
        TorchGraph(graph)


def test_columns_are_added_up_for_their_players(bundle: Bundle) -> None:
    """An indicator goes to its value, ramps go to their feature."""
    columns = np.arange(2.0 * len(bundle.spec.features)).reshape(2, -1)
    found = by_player(bundle, columns)
    amount = bundle.spec.player_names.index("amount")
    assert found[0, amount] == columns[0, 0] + columns[0, 1]
    assert found.sum() == columns.sum()
    ramps = by_player(bundle, np.array([[1.0, 2.0, 4.0]]), np.array([0, 3, 0]))
    assert ramps[0, amount] == 5.0


def test_deep_explainer_adds_up_where_all_steps_are_ones_it_knows(
    bundle: Bundle, plain: Bundle
) -> None:
    """ReLU and tanh it does exactly; squares and their logarithms are why it does not otherwise."""
    off = {}
    for name, one in (("autoencoder", bundle), ("plain", plain)):
        scorer = Scorer(one)
        (deep,) = (way for way in shap_ways(one, scorer) if way.name == "shap.DeepExplainer")
        total = scorer.score(one.compared).log_odds.mean() + deep.values(ROWS).sum(axis=1)
        off[name] = np.abs(total - scorer.score(ROWS).log_odds).max()
    assert off["plain"] < 1e-3
    assert off["autoencoder"] > 10 * off["plain"]


def test_ranks_are_compared_where_values_count() -> None:
    """Below a hundredth of the range nothing is compared; a constant has no order."""
    truth = np.array([[4.0, 2.0, 1.0, 0.001, 0.002]])
    assert measures.spearman(np.array([[4.0, 2.0, 1.0, 9.0, -9.0]]), truth) == [1.0]
    assert measures.spearman(np.array([[1.0, 2.0, 4.0, 0.0, 0.0]]), truth) == [-1.0]
    assert measures.spearman(np.ones((1, 5)), truth) == [0.0]
    assert measures.strongest(np.array([[4.0, -2.0, 0.0, 0.0, 3.0]]), truth) == [2 / 3]


def test_time_is_of_the_flags_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The median of several passes in batches, after a first batch that does not count."""
    clock = iter([0.0, 1e-3, 1e-3, 5e-3, 5e-3, 6e-3])
    monkeypatch.setattr(measures, "PASSES", 3)
    monkeypatch.setattr("time.process_time", lambda: next(clock))
    asked: list[int] = []

    def explain(rows: np.ndarray) -> np.ndarray:
        asked.append(len(rows))
        return rows.astype(np.float64)

    values, ms = measures.timed(explain, np.ones((100, 2), np.float32))
    assert asked == [64, *(64, 36) * 3]
    assert values.shape == (100, 2)
    assert ms == pytest.approx(1e-2)


def test_references_converge_apart_and_are_kept(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within what their standard errors say of each other; a second run walks no more."""
    monkeypatch.setattr(reference, "MOST_ERROR", 0.02)
    scorer, rows = Scorer(bundle), ROWS[:5]
    first, second = reference.references(bundle, scorer, rows, tmp_path, Silent())
    span = np.ptp(first.values, axis=1)
    apart = np.sqrt(((first.values - second.values) ** 2).mean(axis=1)) / span
    assert (first.error <= 0.02).all()
    assert (apart > 0).all()
    assert (apart < 4 * np.hypot(first.error, second.error)).all()
    monkeypatch.delattr(reference, "PermutationExplainer")
    again = reference.references(bundle, scorer, rows, tmp_path, Silent())
    assert again[1].values.tobytes() == second.values.tobytes()
