"""Explanation graphs: what they say is what the score graph does."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from builders.networks import NAMES, network, network_bundle, payments
from plugins.bundles import make_bundle

from models.bundle import ENCODING, SLOPES, Bundle, load_bundle
from models.errors import BundleRefused
from models.explainer import (
    PERMUTATION,
    SWEEP,
    CheckedExplainer,
    DeepLiftExplainer,
    Explainer,
    PermutationExplainer,
    SweepExplainer,
    checked,
    explainer_of,
)
from models.explainer.graphs import explanation_graph
from models.scorer import Scorer
from training.background import representatives
from training.networks.explanation import Slopes
from training.networks.trace import Tail

ROWS = payments(70, 7)
MADE: list[Callable[[Bundle, Scorer], Explainer]] = [
    SweepExplainer,
    DeepLiftExplainer,
    CheckedExplainer,
    lambda bundle, scorer: PermutationExplainer(bundle, scorer, pairs=2),
]
every_way = pytest.mark.parametrize("make", MADE, ids=["sweep", "deeplift", "checked", "exact"])


@pytest.fixture(scope="module", params=[True, False], ids=["feeding", "alone"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Give a bundle of a network, with and without an autoencoder that feeds the classifier."""
    made = network(feeds=request.param)
    return load_bundle(network_bundle(tmp_path_factory.mktemp("network") / "b", made))


def test_states_lead_to_the_log_odds_of_the_score_graph(bundle: Bundle) -> None:
    """Encoding and slopes, one after the other, are the same function."""
    _, state = explanation_graph(bundle, ENCODING).run(ROWS)
    log_odds, _, _ = explanation_graph(bundle, SLOPES).run(state)
    np.testing.assert_allclose(log_odds, Scorer(bundle).score(ROWS).log_odds, atol=1e-4)


@pytest.mark.parametrize("feeds", [True, False])
def test_slopes_are_derivatives(feeds: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """By every unit's activation, as automatic differentiation finds them."""
    tail = Tail(network(feeds=feeds)).double()
    state = tail.state(tail.encode(torch.from_numpy(ROWS).double())).detach().requires_grad_()
    log_odds, units, slopes = Slopes(tail)(state)
    (expected,) = torch.autograd.grad(log_odds.sum(), state)
    passed = torch.cat([torch.sign(torch.relu(units)), slopes[:, tail.units :] * 0 + 1], dim=1)
    torch.testing.assert_close(slopes * passed, expected)


@every_way
def test_contributions_add_up_on_every_row(
    bundle: Bundle, make: Callable[[Bundle, Scorer], Explainer]
) -> None:
    """To 1e-4 log-odds, whatever the method."""
    found = make(bundle, Scorer(bundle)).explain(ROWS)
    total = found.base_value + found.contributions.astype(np.float64).sum(axis=1)
    assert np.abs(total - Scorer(bundle).score(ROWS).log_odds).max() <= 1e-4
    np.testing.assert_array_equal(
        found.additivity_error, np.abs(total - Scorer(bundle).score(ROWS).log_odds)
    )


@every_way
def test_a_row_is_explained_the_same_alone_and_in_company(
    bundle: Bundle, make: Callable[[Bundle, Scorer], Explainer]
) -> None:
    """Byte for byte, by this explainer and by one made anew, in any order."""
    scorer = Scorer(bundle)
    together = make(bundle, scorer).explain(ROWS).contributions
    backwards = make(bundle, scorer).explain(ROWS[::-1].copy()).contributions[::-1]
    assert together.tobytes() == backwards.tobytes()
    for row in (0, 1, 41, 69):
        alone = make(bundle, scorer).explain(ROWS[row : row + 1]).contributions
        assert alone.tobytes() == together[row].tobytes()
    assert make(bundle, scorer).explain(ROWS[:0]).contributions.shape == (0, 8)


@every_way
def test_a_feature_the_network_ignores_gets_exactly_nothing(
    tmp_path: Path, make: Callable[[Bundle, Scorer], Explainer]
) -> None:
    """Neither the classifier nor the autoencoder reads it."""
    made, column = network(), NAMES.index("spend_1d")
    with torch.no_grad():
        ramps = made.bins.weight[column] != 0
        places = [column, *(len(NAMES) + np.flatnonzero(ramps.numpy())).tolist()]
        made.classifier.first.weight[:, places] = 0
        made.autoencoder.encode_hidden.weight[:, column] = 0
        made.unlikeness.reconstructed[column] = 0
    bundle = load_bundle(network_bundle(tmp_path / "b", made))
    player = bundle.spec.player_names.index("spend_1d")
    found = make(bundle, Scorer(bundle)).explain(ROWS).contributions
    assert (found[:, player] == 0).all()
    assert (found != 0).any(axis=0).sum() == 7


@every_way
def test_equal_features_that_change_places_change_contributions(
    tmp_path: Path, make: Callable[[Bundle, Scorer], Explainer]
) -> None:
    """Two features that are read in the same way, by what each of them was."""
    made = network(feeds=False)
    one, other = NAMES.index("spend_1h"), NAMES.index("spend_1d")
    with torch.no_grad():
        for part in (made.preprocessing.low, made.preprocessing.high):
            part[other] = part[one]
        made.preprocessing.centre[other] = made.preprocessing.centre[one]
        made.preprocessing.inverse_scale[other] = made.preprocessing.inverse_scale[one]
        made.bins.weight[[one, other]] = 0
        made.classifier.first.weight[:, other] = made.classifier.first.weight[:, one]
    path = network_bundle(tmp_path / "b", made)
    bundle = load_bundle(path)
    same = bundle.compared.copy()
    same[:, other] = same[:, one]
    object.__setattr__(bundle, "compared", same)
    swapped = ROWS.copy()
    swapped[:, [one, other]] = ROWS[:, [other, one]]
    explain = make(bundle, Scorer(bundle)).explain
    first, second = explain(ROWS).contributions, explain(swapped).contributions
    names = bundle.spec.player_names
    players = [names.index("spend_1h"), names.index("spend_1d")]
    span = np.ptp(first, axis=1, keepdims=True)
    # Orders are drawn, so that a little is left of which of the two comes first.
    assert (np.abs(first[:, players] - second[:, players[::-1]]) <= 0.2 * span + 1e-4).all()


@every_way
def test_other_weights_give_other_explanations(
    tmp_path: Path, make: Callable[[Bundle, Scorer], Explainer]
) -> None:
    """An explanation is of the model, not of the data."""
    found = []
    for seed in (1, 2):
        bundle = load_bundle(network_bundle(tmp_path / str(seed), network(seed)))
        found.append(make(bundle, Scorer(bundle)).explain(ROWS).contributions)
    alike = [np.corrcoef(one, other)[0, 1] for one, other in zip(*found, strict=True)]
    assert np.mean(alike) < 0.7


def test_ways_to_explain_agree_with_exact_shapley_values(bundle: Bundle) -> None:
    """With shap's enumeration of all coalitions: many permutations nearly, the sweep closely."""
    shap = pytest.importorskip("shap", reason="shap is not installed: pip install .[training]")
    scorer, rows = Scorer(bundle), ROWS[:12]
    groups = [list(one) for one in bundle.spec.players]

    def log_odds(mask: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        mixed = np.repeat(bundle.compared[None], len(mask), axis=0)
        for at, inside in enumerate(mask):
            columns = [c for player in np.flatnonzero(inside) for c in groups[player]]
            mixed[at][:, columns] = row[columns]
        flat = scorer.score(mixed.reshape(-1, len(NAMES))).log_odds.astype(np.float64)
        return np.asarray(flat.reshape(len(mask), -1).mean(axis=1))

    none = np.zeros((1, len(groups)))
    exact = []
    for row in rows:
        explainer = shap.ExactExplainer(log_odds, shap.maskers.Independent(none))
        exact.append(explainer(none + 1, silent=True).values[0])
    span = np.ptp(exact, axis=1, keepdims=True)
    many = PermutationExplainer(bundle, scorer, pairs=300).explain(rows).contributions
    assert (np.abs(many - exact) <= 0.02 * span).all()
    swept = SweepExplainer(bundle, scorer).explain(rows).contributions
    assert np.sqrt((((swept - exact) / span) ** 2).mean()) <= 0.03
    lifted = DeepLiftExplainer(bundle, scorer).explain(rows).contributions
    assert np.sqrt((((lifted - exact) / span) ** 2).mean()) <= 0.15


def test_flags_that_do_not_pass_the_check_are_explained_exactly(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row by row, and each says by which method."""
    scorer = Scorer(bundle)
    sweep = SweepExplainer(bundle, scorer)
    doubt = checked.doubt(*sweep.sweep(ROWS, scorer.score(ROWS).log_odds.astype(np.float64)))
    monkeypatch.setattr(checked, "MOST_DOUBT", float(np.median(doubt)))
    found = CheckedExplainer(bundle, scorer).explain(ROWS)
    exact = PermutationExplainer(bundle, scorer, checked.EXACT_PAIRS).explain(ROWS)
    swept = sweep.explain(ROWS)
    for row, doubtful in enumerate(doubt > np.median(doubt)):
        assert found.methods[row] == (PERMUTATION if doubtful else SWEEP)
        expected = exact if doubtful else swept
        assert found.contributions[row].tobytes() == expected.contributions[row].tobytes()


def test_a_bundle_without_the_graphs_is_explained_by_permutations(tmp_path: Path) -> None:
    """One of one's own training, for instance."""
    bundle = load_bundle(make_bundle(tmp_path / "b"))
    found = explainer_of(bundle, Scorer(bundle)).explain(bundle.background[:3])
    assert found.methods == (PERMUTATION,) * 3


def test_a_bundle_with_some_of_the_graphs_is_refused(tmp_path: Path) -> None:
    """They belong together."""
    path = make_bundle(tmp_path / "b", files={"slopes.onnx": b"graph"})
    with pytest.raises(BundleRefused, match=r"has slopes\.onnx and lacks compared\.npy"):
        load_bundle(path)


def test_a_few_rows_stand_for_all() -> None:
    """Their mean lies closer to that of all rows than as many drawn ones' ever does."""
    rng = np.random.default_rng(0)
    states, log_odds = rng.gamma(1.0, 1.0, (500, 6)), rng.normal(-5, 1, 500)
    chosen = representatives(states, log_odds, seed=0)
    assert len(set(chosen.tolist())) == 5

    def away(rows: np.ndarray) -> float:  # type: ignore[type-arg]
        return float(np.abs(states[rows].mean(axis=0) - states.mean(axis=0)).mean())

    drawn = [away(rng.choice(500, 5, replace=False)) for _ in range(200)]
    assert away(chosen) < min(drawn)
    assert abs(log_odds[chosen].mean() - log_odds.mean()) < 0.1
