"""Worlds that knew less: a kind nobody heard of, and few labels."""

from itertools import pairwise

import numpy as np
import pytest
from builders.judged import judged_payments

from training.errors import UnusableData
from training.evaluation.candidates import AUTOENCODER, BOOSTING, CLASSIFIER, NETWORK, label
from training.evaluation.experiment import World, everything
from training.evaluation.few_labels import (
    FRAUDS,
    Point,
    curve,
    few_labels_page,
    few_labels_worlds,
    needed,
)
from training.evaluation.learned import Scores
from training.evaluation.material import Payments
from training.evaluation.protocol import Fold, four_weeks
from training.evaluation.run import Scored
from training.evaluation.unseen import (
    COMPARED,
    EITHER,
    SPARING,
    combined,
    unseen_found,
    unseen_page,
    unseen_worlds,
)
from training.progress import Silent
from training.windows import DAY_MS

DAYS = 70


@pytest.fixture(scope="module")
def payments() -> Payments:
    """Give payments of seventy days."""
    return judged_payments(6, rows=6_000, days=DAYS)


@pytest.fixture(scope="module")
def fold() -> Fold:
    """Judge the last four weeks."""
    return four_weeks(0, (DAYS - 28) * DAY_MS)


def scored(payments: Payments, fold: Fold, **scores: Scores) -> Scored:
    """Return scores of all payments as those of the judged."""
    rows = fold.judged(payments.occurred_ms, payments.customers, payments.fraud)
    names = {
        "network": NETWORK, "alone": AUTOENCODER, "bare": CLASSIFIER, "boosted": BOOSTING,
    }  # fmt: skip
    return Scored(
        rows={fold.name: rows},
        scores={label(names[key]): {fold.name: [one[rows]]} for key, one in scores.items()},
        seconds={},
    )


def test_four_weeks_are_judged_a_week_after_what_is_learned(fold: Fold) -> None:
    """Labels take that week; nobody is removed."""
    assert fold.test.days == 28
    assert fold.test.start_ms - fold.history.end_ms == 7 * DAY_MS
    assert not fold.known_cards_removed


def test_a_kind_that_is_left_out_is_told_to_nobody(payments: Payments, fold: Fold) -> None:
    """A world for each kind, and the whole; neither rows nor labels of the kind are left."""
    worlds = unseen_worlds(payments, (fold,))
    assert [world.name for world in worlds] == ["all", "even", "odd"]
    assert worlds[0].told.all()
    for world in worlds[1:]:
        assert not (payments.kind[world.told] == world.name).any()
        assert not (payments.kind[world.usable] == world.name).any()
        assert (payments.kind[~world.told] == world.name).all()


def test_data_without_kinds_is_refused(fold: Fold) -> None:
    """There is nothing to leave out."""
    plain = judged_payments(6, rows=60, days=DAYS)
    with pytest.raises(UnusableData, match="kind"):
        unseen_worlds(plain, (fold,))


def test_a_stranger_comes_first_whether_network_or_autoencoder_finds_it(
    payments: Payments, fold: Fold
) -> None:
    """What either ranks first is among the first; what neither knows is last."""
    network = np.arange(len(payments), dtype=np.float64)
    found = combined(scored(payments, fold, network=network, alone=-network)).scores
    for name, behind in ((EITHER, 0), (SPARING, 2)):
        order = np.argsort(-found[name][fold.name][0]).tolist()
        last = len(order) - 1
        assert order.index(last) <= 1
        assert order.index(0) in {behind, behind + 1}
        assert abs(order[-1] - last / (2 if name == EITHER else 4)) < 2


def test_what_is_found_of_a_kind_is_measured_among_genuine_payments(
    payments: Payments, fold: Fold
) -> None:
    """A network that knows only the other kind finds nothing; its autoencoder finds all."""
    rng = np.random.default_rng(0)
    worlds = {}
    for unseen in ("all", "even", "odd"):
        known = payments.fraud & (payments.kind != unseen)
        trained = known + rng.random(len(payments)) * 0.5
        stranger = payments.fraud + rng.random(len(payments)) * 0.5
        worlds[unseen] = scored(
            payments, fold, network=trained, alone=stranger, bare=trained, boosted=trained
        )
    found, worth = unseen_found(payments, worlds, Silent())
    by = {(one.kind, one.name): one for one in found}
    for kind in ("even", "odd"):
        own, strange = by[kind, label(NETWORK)], by[kind, label(AUTOENCODER)]
        assert own.unseen[COMPARED] < 0.1
        assert own.seen[COMPARED] == 1
        assert strange.unseen[COMPARED] == 1
        assert by[kind, EITHER].unseen[COMPARED] > 0.5
        assert 0.3 < own.all_frauds < 0.9
        assert strange.behind is not None
        assert strange.behind.high < 0
    added = {(one.kind, one.how): one.added for one in worth}
    assert added["odd", label(NETWORK)].difference == 0
    assert added["odd", label(AUTOENCODER)].low > 0
    page = unseen_page(found, worth)
    assert page.count("beyond doubt") >= 4
    assert "not to be told from nothing" in page


def test_draws_of_labels_grow_and_are_as_many_as_said(payments: Payments, fold: Fold) -> None:
    """Frauds exactly, genuine payments by the same share; each draw contains the smaller ones."""
    worlds = few_labels_worlds(payments, fold, 2)
    mine = payments.fraud & fold.history.mask(payments.occurred_ms)
    count = int(mine.sum())
    numbers = [n for n in FRAUDS if n < count]
    assert numbers
    assert [w.name for w in worlds] == [
        f"{n}-frauds-{d}" for d in (0, 1) for n in (*numbers, count)
    ]
    for small, large in pairwise(worlds[: len(numbers) + 1]):
        assert not (small.told & ~large.told).any()
    for world, number in zip(worlds, numbers, strict=False):
        assert (world.told & mine).sum() == number
        assert world.told[~mine].mean() == pytest.approx(number / count, abs=0.03)
        assert world.usable.all()
    assert (worlds[0].told != worlds[len(numbers) + 1].told).any()


def test_a_curve_needs_more_frauds_than_its_first_point(fold: Fold) -> None:
    """With fewer there would be one point only."""
    few = judged_payments(6, rows=300, days=DAYS)
    with pytest.raises(UnusableData, match="curve"):
        few_labels_worlds(few, fold, 1)


def test_the_curve_says_how_many_labels_are_needed(payments: Payments, fold: Fold) -> None:
    """And where the network is ahead of boosting."""
    worlds = few_labels_worlds(payments, fold, 2)
    rng = np.random.default_rng(1)
    whole = max(int(world.name.split("-")[0]) for world in worlds)
    found = {
        world.name: scored(
            payments,
            fold,
            network=payments.fraud + rng.normal(0, 0.3, len(payments)),
            alone=rng.random(len(payments)),
            boosted=payments.fraud
            + rng.normal(0, 0.3 if world.name.startswith(str(whole)) else 3, len(payments)),
        )
        for world in worlds
    }
    points = curve(payments, worlds, found, fold, Silent())
    assert needed(points, label(NETWORK), 0.9) == FRAUDS[0]
    assert needed(points, label(BOOSTING), 0.95) == whole
    page = few_labels_page(points, draws=2)
    ahead = ", ".join(f"{n:,}" for n in FRAUDS if n < whole)
    assert f"finds more than LightGBM, beyond doubt, with {ahead} labelled frauds" in page
    assert isinstance(points[0], Point)


def test_a_kind_may_have_a_name_that_no_folder_can_have(payments: Payments) -> None:
    """And two such names are two folders."""
    first, second = (World(name, payments.fraud, payments.fraud) for name in ("a/b", "a:b"))
    assert (
        len({first.folder, second.folder, World("a_b", payments.fraud, payments.fraud).folder}) == 3
    )
    assert "/" not in first.folder
    assert everything(payments).folder == "all"


def test_the_whole_world_is_told(payments: Payments) -> None:
    """Everything may be learned from."""
    assert everything(payments).told.all()
