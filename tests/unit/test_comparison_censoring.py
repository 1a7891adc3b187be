"""What declines and dispositions hide, and what a random sample lets one say all the same."""

from dataclasses import replace

import numpy as np
import pytest
from builders.compared import by_hand, drawn

from models.comparison.answers import Known, Refused, answer
from models.comparison.censoring import (
    by_source,
    censored,
    held_out,
    independent,
    reviewed,
    since_first_decline,
)
from models.comparison.clusters import Moments, by_customer
from models.comparison.figures import COLUMNS, LEGACY, SHADOW, Compared, contributions
from models.comparison.matching import legacys_alert_rate
from models.comparison.paired import BLIND, LABEL_SOURCES, UNKNOWN, Paired

OF_CENSORING = COLUMNS.index("drawn_frauds")
SAMPLE, DISPOSITION = LABEL_SOURCES.index("sample"), LABEL_SOURCES.index("disposition")


def declining(rows: Paired) -> Paired:
    """Return rows whose legacy declines what it flags."""
    return replace(rows, declined=rows.legacy == 1)


def held(rows: Paired, rate: float, seed: int) -> Paired:
    """Return rows with customers held out at random."""
    drawn = np.random.default_rng(seed).uniform(size=rows.customer.max() + 1) < rate
    return replace(rows, held_out=drawn[rows.customer])


def test_a_declined_customer_stops_and_one_held_out_goes_on() -> None:
    """The first decline is there without its truth, and nothing after it."""
    rows = declining(
        by_hand(
            ("a", 0, 1, 1, 1), ("a", 1, 1, 1, 1), ("a", 0, 0, 0, 1),
            ("b", 1, 0, 1, 1), ("b", 1, 1, 1, 1),
        )
    )  # fmt: skip
    rows = replace(rows, held_out=rows.customer == 1)
    seen = censored(rows)
    assert seen.occurred_ms.tolist() == rows.occurred_ms[[0, 1, 3, 4]].tolist()
    assert seen.settled().tolist() == [1, UNKNOWN, 1, 1]
    assert since_first_decline(rows).tolist() == [False, True, True, True, True]


def test_with_everybody_held_out_nothing_is_censored() -> None:
    """At a rate of one the corrected rows are the rows."""
    rows = held(declining(drawn(np.random.default_rng(0))), 1.0, 0)
    assert np.allclose(by_customer(held_out(censored(rows), 1.0)), by_customer(rows))


def test_a_hold_out_is_right_on_average_about_those_who_stopped() -> None:
    """Sums over a thousand hold-outs drawn anew are the sums of the full truth."""
    rows = declining(drawn(np.random.default_rng(1), 600, 60))
    truth = by_customer(rows).sum(axis=0)
    sums = np.stack([
        by_customer(held_out(censored(held(rows, 0.25, seed)), 0.25)).sum(axis=0)
        for seed in range(1000)
    ])  # fmt: skip
    error, off = sums.std(axis=0) / np.sqrt(1000), np.abs(sums.mean(axis=0) - truth)
    assert (off[:OF_CENSORING] <= 4 * error[:OF_CENSORING] + 1e-9).all()


def test_without_correction_legacy_has_found_nothing() -> None:
    """Every fraud it caught is a payment without a label: that is what a ledger holds."""
    rows = declining(drawn(np.random.default_rng(2)))
    naive = by_customer(censored(rows)).sum(axis=0)
    assert LEGACY["detection_rate"].of(naive) == 0
    assert SHADOW["detection_rate"].of(naive) > 0


def test_hidden_truth_is_refused_until_the_sample_has_found_enough() -> None:
    """Declines without a truth: nothing is said of detection, with all held out everything."""
    figure = Compared(SHADOW["detection_rate"], LEGACY["detection_rate"])
    rows = declining(drawn(np.random.default_rng(4), 4000, 600))
    found = answer(Moments.of(by_customer(censored(rows))), figure)
    assert isinstance(found, Refused)
    assert "that legacy declined have no truth" in found.reason
    corrected = held_out(censored(held(rows, 0.5, 0)), 0.5)
    assert isinstance(answer(Moments.of(by_customer(corrected)), figure), Known)
    few = held_out(censored(held(rows, 0.02, 0)), 0.02)
    assert isinstance(answer(Moments.of(by_customer(few)), figure), Refused)
    assert isinstance(answer(Moments.of(by_customer(few)), SHADOW["alert_rate"]), Known)


def test_a_decline_for_want_of_cover_hides_nothing_of_either_system() -> None:
    """Neither stopped it: it is no alert of legacy, has no truth, and stands in no figure's way."""
    rows = drawn(np.random.default_rng(4), 4000, 600)
    bank = (rows.legacy == 0) & (np.arange(len(rows)) % 7 == 0)
    truth = np.where(bank, UNKNOWN, rows.truth).astype(np.int8)
    ledger = replace(rows, declined=bank, truth=truth)
    assert (ledger.settled()[bank] == UNKNOWN).all()
    figure = Compared(SHADOW["detection_rate"], LEGACY["detection_rate"])
    found = answer(Moments.of(by_customer(ledger)), figure)
    assert isinstance(found, Known)
    assert found == answer(Moments.of(by_customer(rows.take(~bank))), figure)


def test_a_review_of_declined_payments_is_right_on_average() -> None:
    """One declined payment in four looked into, each standing for four."""
    rows = declining(drawn(np.random.default_rng(3), 600, 60))
    truth = by_customer(rows).sum(axis=0)
    sums = []
    for seed in range(1000):
        chosen = np.random.default_rng(seed).uniform(size=len(rows)) < 0.25
        source = np.where(chosen, SAMPLE, UNKNOWN).astype(np.int8)
        sums.append(by_customer(reviewed(replace(rows, source=source), 0.25)).sum(axis=0))
    known = slice(3, OF_CENSORING)
    error = np.std(sums, axis=0) / np.sqrt(1000)
    off = np.abs(np.mean(sums, axis=0) - truth)
    assert (off[known] <= 4 * error[known] + 1e-9).all()


def test_a_review_changes_no_alert_rate() -> None:
    """How many were flagged is known of every payment, whoever looked into which."""
    rows = declining(drawn(np.random.default_rng(3), 600, 60))
    chosen = np.random.default_rng(1).uniform(size=len(rows)) < 0.25
    found = reviewed(replace(rows, source=np.where(chosen, SAMPLE, UNKNOWN).astype(np.int8)), 0.25)
    seen = slice(0, 3)
    assert (contributions(found)[:, seen] == contributions(rows)[:, seen]).all()
    before, after = legacys_alert_rate(rows), legacys_alert_rate(found)
    assert (after.target, after.threshold) == (before.target, before.threshold)
    assert after.realised(found) == before.realised(rows)


def test_a_declined_payment_that_somebody_chose_to_look_at_stands_for_none() -> None:
    """A label of a declined payment counts only if chance had asked for it."""
    rows = declining(by_hand(("a", 1, 1, 1, 1), ("b", 1, 1, 1, 1)))
    rows = replace(rows, source=np.array([SAMPLE, DISPOSITION], np.int8))
    found = reviewed(rows, 0.5)
    assert found.settled().tolist() == [1, UNKNOWN]
    assert found.weight.tolist() == [2, 1]
    each = reviewed(rows, np.array([0.25, np.nan]))
    assert each.weight.tolist() == [4, 1]
    with pytest.raises(ValueError, match="drawn at random"):
        reviewed(rows, np.array([np.nan, 0.5]))


def test_dispositions_count_only_where_they_do_not_follow_flags() -> None:
    """Those of the sample and of analysts who could not see who had flagged have other names."""
    sources = [DISPOSITION, SAMPLE, LABEL_SOURCES.index(BLIND), UNKNOWN]
    rows = by_hand(*[("a", 0, 1, 1, 1)] * 3, ("a", 0, 0, UNKNOWN, 1))
    rows = replace(rows, source=np.array(sources, np.int8))
    assert independent(rows).settled().tolist() == [UNKNOWN, 1, 1, 0]


def test_labels_are_told_apart_by_their_source() -> None:
    """Dispositions of what the shadow flagged show that they follow it."""
    rows = by_hand(("a", 0, 1, 1, 1), ("b", 0, 1, 0, 1), ("c", 1, 0, 1, 1), ("d", 0, 0, 0, 1))
    rows = replace(rows, source=np.array([DISPOSITION, DISPOSITION, 0, UNKNOWN], np.int8))
    told = {one.source: one for one in by_source(rows)}
    assert set(told) == {"chargeback", "disposition"}
    found = told["disposition"]
    assert (found.labels, found.frauds, found.flagged_by_shadow, found.flagged_by_legacy) == (
        2, 1, 1, 0,
    )  # fmt: skip


@pytest.mark.parametrize("rate", [0.0, -0.1, 1.5])
def test_a_rate_that_is_no_share_is_refused(rate: float) -> None:
    """A rate of zero would make a weight of infinity."""
    rows = drawn(np.random.default_rng(0), 10)
    for correct in (held_out, reviewed):
        with pytest.raises(ValueError, match="drawn at random"):
            correct(rows, rate)
