"""Explanation graphs: what they say is what the score graph does."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import shap
import torch
from builders.networks import NAMES, network, network_bundle, payments
from numpy.typing import NDArray
from plugins.bundles import make_bundle

from models.bundle import ENCODING, SLOPES, Bundle, load_bundle
from models.errors import BundleRefused
from models.explainer import (
    PERMUTATION,
    SWEEP,
    SWEPT_AGAIN,
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

TILE = 16
ROWS = payments(70, 7)
IGNORED, ALIKE = "amount_deviation", ("spend_1h", "spend_1d")
MADE: list[Callable[[Bundle, Scorer], Explainer]] = [
    SweepExplainer,
    DeepLiftExplainer,
    CheckedExplainer,
    lambda bundle, scorer: PermutationExplainer(bundle, scorer, pairs=2),
]
every_way = pytest.mark.parametrize("make", MADE, ids=["sweep", "deeplift", "checked", "exact"])


pytestmark = pytest.mark.xdist_group("explainer")  # one worker: exporting takes seconds


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Give a bundle of a network."""
    return load_bundle(network_bundle(tmp_path_factory.mktemp("network") / "b", network()))


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Give one whose autoencoder feeds nothing, which ignores one feature and reads two alike."""
    made = network(2, feeds=False)
    ignored, one, other = (NAMES.index(name) for name in (IGNORED, *ALIKE))
    first, before = made.classifier.first.weight, made.preprocessing
    with torch.no_grad():
        made.bins.weight[[ignored, one, other]] = 0
        first[:, ignored] = 0
        first[:, other] = first[:, one]
        for part in (before.low, before.high, before.centre, before.inverse_scale):
            part[other] = part[one]
    path = network_bundle(tmp_path_factory.mktemp("odd") / "b", made)
    bundle = load_bundle(path)
    same = bundle.compared.copy()
    same[:, other] = same[:, one]
    return replace(bundle, compared=same)


def test_states_lead_to_the_log_odds_of_the_score_graph(bundle: Bundle) -> None:
    """Encoding and slopes, one after the other, are the same function."""
    _, state = explanation_graph(bundle, ENCODING, TILE).run(ROWS)
    log_odds, _, _ = explanation_graph(bundle, SLOPES, TILE).run(state)
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
    odd: Bundle, make: Callable[[Bundle, Scorer], Explainer]
) -> None:
    """And every other feature gets something on some row."""
    found = make(odd, Scorer(odd)).explain(ROWS).contributions
    ignored = np.array(odd.spec.player_names) == IGNORED
    assert (found[:, ignored] == 0).all()
    assert (found[:, ~ignored] != 0).any(axis=0).all()


@every_way
def test_equal_features_that_change_places_change_contributions(
    odd: Bundle, make: Callable[[Bundle, Scorer], Explainer]
) -> None:
    """Two features that are read in the same way get what is due to their values."""
    one, other = (NAMES.index(name) for name in ALIKE)
    swapped = ROWS.copy()
    swapped[:, [one, other]] = ROWS[:, [other, one]]
    explain = make(odd, Scorer(odd)).explain
    first, second = explain(ROWS).contributions, explain(swapped).contributions
    players = [odd.spec.player_names.index(name) for name in ALIKE]
    # Orders are drawn: a little is left of which of the two comes first.
    span = np.ptp(first, axis=1, keepdims=True)
    assert (np.abs(first[:, players] - second[:, players[::-1]]) <= 0.25 * span + 1e-5).all()


@every_way
def test_other_weights_give_other_explanations(
    bundle: Bundle, odd: Bundle, make: Callable[[Bundle, Scorer], Explainer]
) -> None:
    """An explanation is of the model, not of the data."""
    found = [make(one, Scorer(one)).explain(ROWS).contributions for one in (bundle, odd)]
    alike = [np.corrcoef(one, other)[0, 1] for one, other in zip(*found, strict=True)]
    assert np.mean(alike) < 0.7


def test_ways_to_explain_agree_with_exact_shapley_values(bundle: Bundle) -> None:
    """With shap's enumeration of all coalitions: many permutations nearly, the sweep closely."""
    scorer, rows = Scorer(bundle), ROWS[:6]
    groups = [list(one) for one in bundle.spec.players]

    def log_odds(row: NDArray[np.float32], mask: NDArray[np.float64]) -> NDArray[np.float64]:
        mixed = np.repeat(bundle.compared[None], len(mask), axis=0)
        for at, inside in enumerate(mask):
            columns = [c for player in np.flatnonzero(inside) for c in groups[player]]
            mixed[at][:, columns] = row[columns]
        flat = scorer.score(mixed.reshape(-1, len(NAMES))).log_odds.astype(np.float64)
        found: NDArray[np.float64] = flat.reshape(len(mask), -1).mean(axis=1)
        return found

    none = np.zeros((1, len(groups)))
    exact = []
    for row in rows:
        explainer = shap.ExactExplainer(partial(log_odds, row), shap.maskers.Independent(none))
        exact.append(explainer(none + 1, silent=True).values[0])
    span = np.ptp(exact, axis=1, keepdims=True)
    many = PermutationExplainer(bundle, scorer, pairs=200).explain(rows).contributions
    assert (np.abs(many - exact) <= 0.02 * span).all()
    swept = SweepExplainer(bundle, scorer).explain(rows).contributions
    assert np.sqrt((((swept - exact) / span) ** 2).mean()) <= 0.08
    lifted = DeepLiftExplainer(bundle, scorer).explain(rows).contributions
    assert np.sqrt((((lifted - exact) / span) ** 2).mean()) <= 0.25


def test_flags_that_do_not_pass_the_check_are_explained_exactly(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row by row, and each says by which method; close calls are swept in other orders too."""
    scorer = Scorer(bundle)
    sweep, exact = SweepExplainer(bundle, scorer), PermutationExplainer(bundle, scorer, 4)
    log_odds = scorer.score(ROWS).log_odds.astype(np.float64)
    each, misses = sweep.sweep(sweep.encoded(ROWS), log_odds)
    missed = checked.missed_share(each.mean(axis=1), misses)
    close = checked.gap(each.mean(axis=1))
    monkeypatch.setattr(checked, "MOST_MISSED", float(np.quantile(missed, 0.6)))
    monkeypatch.setattr(checked, "CLOSE", float(np.quantile(close, 0.4)))
    found = CheckedExplainer(bundle, scorer).explain(ROWS)
    assert set(found.methods) == {PERMUTATION, SWEEP, SWEPT_AGAIN}
    ways = {PERMUTATION: exact.explain(ROWS), SWEEP: sweep.explain(ROWS)}
    for row, method in enumerate(found.methods):
        doubtful = missed[row] > checked.MOST_MISSED
        assert (method == PERMUTATION) == doubtful
        assert (method == SWEPT_AGAIN) == (not doubtful and close[row] < checked.CLOSE)
        if method in ways:
            mine, theirs = found.contributions[row], ways[method].contributions[row]
            assert mine.tobytes() == theirs.tobytes()


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

    def away(rows: NDArray[np.int64]) -> float:
        return float(np.abs(states[rows].mean(axis=0) - states.mean(axis=0)).mean())

    drawn = [away(rng.choice(500, 5, replace=False)) for _ in range(200)]
    assert away(chosen) < min(drawn)
    assert abs(log_odds[chosen].mean() - log_odds.mean()) < 0.1
