"""A file of payments as evaluations read it: in order, cut, and replayed with fewer labels."""

import numpy as np
import polars as pl
import pytest

from training.cli import load_mapping
from training.config import TrainingConfig
from training.evaluation.material import HANDBOOK, NEVER_MS, OURS
from training.evaluation.past import Files, Past, read_past
from training.progress import Silent
from training.windows import DAY_MS

KIND = "TX_FRAUD_SCENARIO"


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Past:
    """Give thirty days of payments at three terminals, in the handbook's columns."""
    rng = np.random.default_rng(3)
    rows = 600
    fraud = rng.random(rows) < 0.2
    seconds = rng.integers(0, 30 * 86_400, rows)
    path = tmp_path_factory.mktemp("past") / "payments.parquet"
    pl.DataFrame(
        {
            "TRANSACTION_ID": np.arange(rows),
            "TX_DATETIME": np.datetime64("2020-01-01", "us") + seconds.astype("m8[s]"),
            "CUSTOMER_ID": rng.integers(0, 40, rows),
            "TERMINAL_ID": rng.integers(0, 3, rows),
            "TX_AMOUNT": np.round(rng.gamma(2, 20, rows), 2),
            "TX_FRAUD": fraud.astype(int),
            KIND: np.where(fraud, rng.integers(1, 3, rows), 0),
        }
    ).write_parquet(path)
    files = Files(path, None, None, None)
    return read_past(files, load_mapping("handbook"), TrainingConfig(), Silent())


def frauds_at_merchant(past: Past, told: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """Return how many known frauds features speak of, over all payments."""
    views = past.views(told, frozenset(), Silent())
    names = views.spec.names
    if "merchant_frauds_30d" not in names:
        return 0.0
    return float(views.matrices[OURS][:, names.index("merchant_frauds_30d")].sum())


def test_payments_stand_in_order_of_time_with_what_is_known_of_them(past: Past) -> None:
    """A fraud is known a week after; its kind is named, and no other payment has one."""
    found = past.payments
    assert (np.diff(found.occurred_ms) >= 0).all()
    assert (found.known_ms[found.fraud] == found.occurred_ms[found.fraud] + 7 * DAY_MS).all()
    assert (found.known_ms[~found.fraud] == NEVER_MS).all()
    assert set(found.kind[found.fraud]) == {"scenario 1", "scenario 2"}
    assert set(found.kind[~found.fraud]) == {""}


def test_features_know_nothing_of_what_nobody_told(past: Past) -> None:
    """Without a kind's labels there are fewer known frauds, without any there are none."""
    everything = np.ones(len(past.payments), bool)
    without = past.payments.kind != "scenario 1"
    whole, less = (frauds_at_merchant(past, told) for told in (everything, without))
    assert 0 < less < whole
    assert frauds_at_merchant(past, ~past.payments.fraud) == 0


def test_the_handbooks_features_know_no_more(past: Past) -> None:
    """Their risk of a terminal is made of the same labels."""
    told = ~past.payments.fraud
    views = past.views(told, frozenset({HANDBOOK}), Silent())
    assert not views.matrices[HANDBOOK][:, -3:].any()


def test_what_comes_later_changes_no_feature(past: Past) -> None:
    """Cut at a moment, all features before it stay as they are."""
    end_ms = int(past.payments.occurred_ms[400])
    early = past.until(end_ms)
    assert len(early.payments) == 400
    everything = np.ones(len(past.payments), bool)
    whole = past.views(everything, frozenset(), Silent())
    cut = early.views(everything[:400], frozenset(), Silent())
    shared = [whole.spec.names.index(name) for name in cut.spec.names]
    assert (whole.matrices[OURS][:400, shared] == cut.matrices[OURS]).all()
