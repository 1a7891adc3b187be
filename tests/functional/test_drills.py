"""The bars of the main job, in short: real broker, real processes, whatever happens to them."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from plugins.bundles import make_bundle

from loadtest.bars.bad_input import bad_input
from loadtest.bars.burst import ALWAYS, WARM_UP, payments, run, with_threshold
from loadtest.bars.material import Material, simulated
from loadtest.bars.streaming import (
    PARTITIONS,
    Drill,
    broker_restarted_empty,
    drill,
    killed_three_times,
    two_workers,
)

pytestmark = pytest.mark.xdist_group("drills")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a bundle in it, whose log-odds stay in the range of real ones."""
    made = tmp_path_factory.mktemp("drills")
    make_bundle(made / "bundle", threshold=0.0, weights=[0.01, 0.2, 0.1, 0.3, 0.4])
    return made


@pytest.fixture(scope="module")
def material(folder: Path) -> Material:
    """Give five thousand payments: late ones, reversals, back-dated labels, currencies."""
    return simulated(
        folder, days=5, warm_days=2, rates=folder / "rates.csv", customers=900, merchants=200
    )


@pytest.fixture(scope="module")
def expected(material: Material) -> NDArray[np.float32]:
    """Give the features of the offline replay."""
    return material.expected(PARTITIONS)[0]


@pytest.mark.parametrize(
    "disturb", [killed_three_times, two_workers, broker_restarted_empty], ids=lambda f: f.__name__
)
def test_no_crash_changes_a_bit(
    folder: Path, material: Material, expected: NDArray[np.float32], disturb: object
) -> None:
    """Every record is accounted for once, features equal the replay, each flag is explained."""
    assert callable(disturb)
    found: Drill = drill(
        folder / "system",
        material,
        expected,
        disturb,
        bundle_path=str(folder / "bundle"),
        rates_path=str(folder / "rates.csv"),
        idle_after_s="2",
    )
    assert found.consumed == found.streamed
    assert found.scored > 2_000
    assert found.late > 0
    assert found.not_scored > 0
    assert 0 < found.flags < found.scored
    assert found.seals > 24
    assert found.exact, found


def test_bad_input_ends_in_dead_letters_and_nothing_else_does(folder: Path) -> None:
    """Each kind with its reason, the rest scored; card numbers refused, declared ids not."""
    figures = bad_input(folder / "bad", folder / "bundle", numeric_ids=50_000)
    assert [figure.line() for figure in figures if not figure.met] == []
    assert len(figures) == 4


def test_decisions_do_not_wait_for_explanations(folder: Path) -> None:
    """A burst in which every payment is flagged: none is lost, the riskiest are explained first."""
    flagged = run(
        folder / "burst",
        with_threshold(folder / "bundle", folder / "loud", ALWAYS),
        payments(WARM_UP + 900, 300),
        300,
        drain=True,
    )
    assert flagged.flags == flagged.offered == WARM_UP + 900
    assert flagged.in_order
    assert flagged.drained > 0
    assert flagged.oldest_s is None or flagged.oldest_s > 0
