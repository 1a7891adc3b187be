"""Differences between candidates: paired by customer, over folds and seeds."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from training.evaluation.candidates import CLASSIFIER, label
from training.evaluation.figures import AVERAGE_PRECISION, figures, paired, recall_metric
from training.evaluation.kinds import found_on, over_folds
from training.evaluation.material import NEVER_MS, Payments
from training.evaluation.page import interval
from training.evaluation.report import COLUMNS, LEADS, markdown, table
from training.evaluation.run import Scored
from training.metrics import DAY_MS, recall_at_fpr
from training.progress import Silent

ROWS = 4_000
OTHER = "LightGBM, our features"


@pytest.fixture(scope="module")
def given() -> Payments:
    """Give payments of two weeks by 300 customers, a tenth of them fraud."""
    rng = np.random.default_rng(3)
    fraud = rng.random(ROWS) < 0.1
    return Payments(
        fraud=fraud,
        customers=rng.integers(0, 300, ROWS),
        merchants=rng.integers(0, 50, ROWS),
        occurred_ms=np.sort(rng.integers(0, 14 * DAY_MS, ROWS)),
        known_ms=np.full(ROWS, NEVER_MS),
        amount=rng.gamma(2, 50, ROWS),
        kind=np.where(fraud, np.where(rng.random(ROWS) < 0.2, "rare", "usual"), ""),
    )


def scores(given: Payments, noise: float, seed: int) -> NDArray[np.float64]:
    """Return scores that know the truth up to noise."""
    return given.fraud + np.random.default_rng(seed).normal(0, noise, ROWS)


def halves(given: Payments) -> dict[str, NDArray[np.int64]]:
    """Return two folds: the first week and the second."""
    first = given.occurred_ms < 7 * DAY_MS
    return {"one": np.flatnonzero(first), "two": np.flatnonzero(~first)}


def by_fold(given: Payments, noise: float, seeds: int = 1) -> dict[str, list[NDArray[np.float64]]]:
    """Return scores of both folds, a list over seeds."""
    return {
        name: [scores(given, noise, seed)[rows] for seed in range(seeds)]
        for name, rows in halves(given).items()
    }


def test_a_candidate_is_as_good_as_itself(given: Payments) -> None:
    """The difference and its interval are zero."""
    found = paired(given, halves(given), by_fold(given, 0.5), by_fold(given, 0.5))
    assert (found.difference, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-12)


def test_a_better_candidate_is_better_beyond_doubt(given: Payments) -> None:
    """The interval lies above zero, and turned round below; seeds are averaged."""
    better, worse = by_fold(given, 0.3, seeds=2), by_fold(given, 0.6)
    found = paired(given, halves(given), better, worse)
    assert 0 < found.low < found.difference < found.high
    turned = paired(given, halves(given), worse, better)
    assert turned.high < 0
    assert turned.difference == pytest.approx(-found.difference)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1])
def test_recall_is_that_of_the_longest_list_with_so_few_genuine(
    given: Payments, share: float
) -> None:
    """Counted row by row; weights count a row twice or not at all."""
    noisy = scores(given, 0.5, 1)
    truth = given.fraud[np.argsort(-noisy, kind="stable")]
    allowed, wrong, right = int(share * (~truth).sum()), 0, 0
    for fraud in truth.tolist():
        wrong += not fraud
        if wrong > allowed:
            break
        right += fraud
    metric = recall_metric(share)
    assert metric(noisy, given.fraud) == pytest.approx(right / truth.sum())
    twice = np.full(ROWS, 2)
    counts = 2 * int((~truth).sum()), 2 * int(truth.sum())
    assert metric.of(truth, twice, *counts) == pytest.approx(right / truth.sum(), abs=0.01)


def test_a_figure_without_frauds_is_none(given: Payments) -> None:
    """NaN, not zero: there was nothing to find."""
    assert np.isnan(AVERAGE_PRECISION(scores(given, 0.5, 1), np.zeros(ROWS, bool)))


def test_a_difference_of_recall_has_an_interval_too(given: Payments) -> None:
    """The same customers are drawn for both; the whole figure lies within."""
    better, worse = by_fold(given, 0.3), by_fold(given, 0.6)
    metric = recall_metric(0.01)
    found = paired(given, halves(given), better, worse, metric=metric)
    expected = np.mean(
        [
            metric(better[name][0], given.fraud[rows]) - metric(worse[name][0], given.fraud[rows])
            for name, rows in halves(given).items()
        ]
    )
    assert found.difference == pytest.approx(float(expected))
    assert 0 < found.low < found.difference < found.high


def test_figures_are_those_of_a_perfect_ranker_for_the_truth(given: Payments) -> None:
    """Everything found, nothing wrong."""
    rows = np.arange(ROWS)
    found = figures(given, rows, given.fraud.astype(np.float64))
    for name in ("average precision", "AUC", "recall at 0.1 % false positives"):
        assert found[name] == 1
    assert found["share of fraud money at 0.1 % false positives"] == 1
    assert found["card precision@100"] == found["card precision@100 of a perfect ranker"]


def test_the_table_leads_with_the_best_and_tells_the_distance(given: Payments) -> None:
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


def test_the_page_says_what_the_autoencoder_contributes(given: Payments) -> None:
    """In one sentence, with its interval."""
    without = label(CLASSIFIER)
    scored = Scored(
        rows=halves(given),
        scores={LEADS: by_fold(given, 0.3), without: by_fold(given, 0.6)},
        seconds={LEADS: 2.0, without: 1.0},
    )
    rows = table(given, scored, Silent())
    page = markdown(rows, folds="two weeks", seeds=1)
    assert rows[1].behind is not None
    assert f"contributes to the network: {interval(rows[1].behind)}" in page
    assert "more, beyond doubt" in page


def test_kinds_of_fraud_are_told_for_every_candidate_and_week(given: Payments) -> None:
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


def test_recall_of_a_kind_is_the_recall_of_its_frauds_alone(given: Payments) -> None:
    """The same genuine payments set the limit; other kinds are neither found nor missed."""
    one = scores(given, 0.5, seed=4)
    found = {kind.kind: kind for kind in found_on(given, np.arange(ROWS), [one])}
    mine = (given.kind == "rare") | ~given.fraud
    expected = recall_at_fpr(one[mine], given.fraud[mine], 0.01)
    assert found["rare"].found["at 1 % false positives"] == pytest.approx(expected)


def test_without_kinds_nothing_is_told_of_them(given: Payments) -> None:
    """Most files name none."""
    plain = replace(given, kind=np.full(ROWS, ""))
    scored = Scored(rows=halves(given), scores={LEADS: by_fold(given, 0.5)}, seconds={LEADS: 1.0})
    rows = table(plain, scored, Silent())
    assert markdown(rows, folds="two weeks", seeds=1).count("---") == len(
        (*COLUMNS, "name", "behind")
    )
