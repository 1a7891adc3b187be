"""Differences between candidates: paired by customer, over folds and seeds."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from models.features import FeatureSpec
from training.evaluation.figures import figures, paired
from training.evaluation.kinds import found_on, over_folds
from training.evaluation.material import Material
from training.evaluation.report import COLUMNS, LEADS, markdown, table
from training.evaluation.run import Scored
from training.metrics import DAY_MS, recall_at_fpr
from training.progress import Silent

ROWS = 4_000
OTHER = "LightGBM, our features"


@pytest.fixture(scope="module")
def given() -> Material:
    """Give payments of two weeks by 300 customers, a tenth of them fraud."""
    rng = np.random.default_rng(3)
    fraud = rng.random(ROWS) < 0.1
    return Material(
        views={},
        spec=FeatureSpec.of(["amount"]),
        fraud=fraud,
        customers=rng.integers(0, 300, ROWS),
        occurred_ms=np.sort(rng.integers(0, 14 * DAY_MS, ROWS)),
        amount=rng.gamma(2, 50, ROWS),
        kind=np.where(fraud, np.where(rng.random(ROWS) < 0.2, "rare", "usual"), ""),
        known_ms=np.zeros(ROWS, np.int64),
    )


def scores(given: Material, noise: float, seed: int) -> NDArray[np.float64]:
    """Return scores that know the truth up to noise."""
    return given.fraud + np.random.default_rng(seed).normal(0, noise, ROWS)


def halves(given: Material) -> dict[str, NDArray[np.int64]]:
    """Return two folds: the first week and the second."""
    first = given.occurred_ms < 7 * DAY_MS
    return {"one": np.flatnonzero(first), "two": np.flatnonzero(~first)}


def by_fold(given: Material, noise: float, seeds: int = 1) -> dict[str, list[NDArray[np.float64]]]:
    """Return scores of both folds, a list over seeds."""
    return {
        name: [scores(given, noise, seed)[rows] for seed in range(seeds)]
        for name, rows in halves(given).items()
    }


def test_a_candidate_is_as_good_as_itself(given: Material) -> None:
    """The difference and its interval are zero."""
    found = paired(given, halves(given), by_fold(given, 0.5), by_fold(given, 0.5))
    assert (found.difference, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_a_better_candidate_is_better_beyond_doubt(given: Material) -> None:
    """The interval lies above zero, and turned round below; seeds are averaged."""
    better, worse = by_fold(given, 0.3, seeds=2), by_fold(given, 0.6)
    found = paired(given, halves(given), better, worse)
    assert 0 < found.low < found.difference < found.high
    turned = paired(given, halves(given), worse, better)
    assert turned.high < 0
    assert turned.difference == pytest.approx(-found.difference)


def test_figures_are_those_of_a_perfect_ranker_for_the_truth(given: Material) -> None:
    """Everything found, nothing wrong."""
    rows = np.arange(ROWS)
    found = figures(given, rows, given.fraud.astype(np.float64))
    for name in ("average precision", "AUC", "recall at 0.1 % false positives"):
        assert found[name] == 1
    assert found["share of fraud money at 0.1 % false positives"] == 1
    assert found["card precision@100"] == found["card precision@100 of a perfect ranker"]


def test_the_table_leads_with_the_best_and_tells_the_distance(given: Material) -> None:
    """A row a candidate; the leading row is the one that is shipped, wherever it stands."""
    scored = Scored(
        rows=halves(given),
        scores={LEADS: by_fold(given, 0.5, seeds=2), OTHER: by_fold(given, 0.3)},
        seconds={LEADS: 2.0, OTHER: 1.0},
    )
    rows = table(given, scored, Silent())
    assert [row.name for row in rows] == [OTHER, LEADS]
    assert rows[1].behind is None
    assert rows[0].behind is not None
    assert rows[0].behind.high < 0
    page = markdown(rows, folds="two weeks", seeds=2)
    assert "leads" in page


def test_kinds_of_fraud_are_told_for_every_candidate_and_week(given: Material) -> None:
    """One table a rate over all folds, then the leading row's weeks; the commonest kind first."""
    scored = Scored(
        rows=halves(given),
        scores={LEADS: by_fold(given, 0.2, seeds=2), OTHER: by_fold(given, 0.6)},
        seconds={LEADS: 2.0, OTHER: 1.0},
    )
    rows = table(given, scored, Silent())
    leading = next(row for row in rows if row.name == LEADS)
    whole = {one.kind: one for one in over_folds(leading.kinds)}
    assert list(whole) == ["usual", "rare"]
    for kind, one in whole.items():
        assert one.frauds == (given.kind == kind).sum()
        assert one.found["at 1 % false positives"] >= one.found["at 0.1 % false positives"]
    page = markdown(rows, folds="two weeks", seeds=2)
    frauds = f"{whole['rare'].frauds:,}"
    found = whole["rare"].found["at 1 % false positives"]
    assert f"| rare | {frauds} | {found:.3f} |" in page
    assert page.count("\n| rare |") == 4


def test_recall_of_a_kind_is_the_recall_of_its_frauds_alone(given: Material) -> None:
    """The same genuine payments set the limit; other kinds are neither found nor missed."""
    one = scores(given, 0.5, seed=4)
    found = {kind.kind: kind for kind in found_on(given, np.arange(ROWS), [one])}
    mine = (given.kind == "rare") | ~given.fraud
    expected = recall_at_fpr(one[mine], given.fraud[mine], 0.01)
    assert found["rare"].found["at 1 % false positives"] == pytest.approx(expected)


def test_without_kinds_nothing_is_told_of_them(given: Material) -> None:
    """Most files name none."""
    plain = replace(given, kind=np.full(ROWS, ""))
    scored = Scored(rows=halves(given), scores={LEADS: by_fold(given, 0.5)}, seconds={LEADS: 1.0})
    rows = table(plain, scored, Silent())
    assert markdown(rows, folds="two weeks", seeds=1).count("---") == len(
        (*COLUMNS, "name", "behind", "seconds")
    )
