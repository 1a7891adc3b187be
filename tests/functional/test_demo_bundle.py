"""The bundle that travels with the package is what its recipe makes."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.stats import spearmanr

from loadtest.simulator import Simulation, SimulationConfig
from models.bundle import Bundle, load_bundle
from models.intake import Intake
from models.labels import Labels
from models.mapping import Mapping
from models.money import Rates
from models.replay import replay
from models.scorer import Scorer
from training.demo_bundle import MOST_BYTES, PLACE, SIMULATION, make_demo_bundle
from training.progress import Silent

NOW_MS = 1_790_000_000_000


@pytest.fixture(scope="module")
def features() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Give full vectors of payments by customers that neither bundle has seen."""
    chunks = Simulation(SimulationConfig(seed=77, customers=400, merchants=300, days=30)).chunks()
    frame = pl.concat([chunk.transactions for chunk in chunks])
    mapped = Mapping.load("canonical").apply(frame, intake=Intake(Rates.none("EUR")), now_ms=NOW_MS)
    rows = mapped.transactions
    found = replay(rows, Labels.none())
    return found.features[rows.scored_type()]


def test_a_rebuilt_bundle_predicts_as_the_shipped_one(
    tmp_path: Path, features: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> None:
    """The same order of payments and nearly the same log-odds.

    Not the same bits: another processor adds in another order, and learning amplifies it. What is
    allowed here is about what another seed of the network does (a rank correlation of .988, a
    median distance of .17, three quarters of the flags in common); other data does more.
    """
    make_demo_bundle(tmp_path / "demo", SIMULATION, Silent(), baselines=False)
    shipped, rebuilt = load_bundle(PLACE), load_bundle(tmp_path / "demo")
    assert shipped.spec == rebuilt.spec
    theirs, ours = log_odds(shipped, features), log_odds(rebuilt, features)
    assert spearmanr(theirs, ours).statistic > 0.98
    assert np.median(np.abs(theirs - ours)) < 0.2
    assert abs(float(shipped.threshold - rebuilt.threshold)) < 0.5
    flagged = theirs >= shipped.threshold, ours >= rebuilt.threshold
    assert (flagged[0] & flagged[1]).sum() > 0.7 * (flagged[0] | flagged[1]).sum()


def test_the_shipped_bundle_is_small_enough_to_travel() -> None:
    """Under two megabytes, report included."""
    assert sum(file.stat().st_size for file in PLACE.iterdir()) < MOST_BYTES


def log_odds(
    bundle: Bundle, features: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return a bundle's log-odds of full vectors."""
    return Scorer(bundle).score(bundle.spec.select(features)).log_odds
