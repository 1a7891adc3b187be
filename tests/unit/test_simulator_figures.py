"""The simulation beside the handbook's data, figure by figure."""

from pathlib import Path

import pytest

from loadtest.simulator import SimulationConfig, statistics
from loadtest.simulator.figures import DAYS, FIGURES, Figure


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    """Give the figures of sixty simulated days of 2,500 customers, with a seed of their own."""
    return statistics.describe(
        statistics.simulated(SimulationConfig(seed=21, customers=2_500, merchants=3_000, days=DAYS))
    )


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_figure_is_near_the_handbooks_or_differs_as_documented(
    found: dict[str, float], figure: Figure
) -> None:
    """Every figure lies in its range, for a seed the ranges were not chosen on."""
    assert figure.holds(found[figure.name])


def test_every_difference_on_purpose_says_why() -> None:
    """A figure has a tolerance, or a range of its own and the reason for it."""
    for figure in FIGURES:
        assert (figure.within is None) == (figure.bound is not None) == bool(figure.why)


def test_the_table_marks_what_is_outside(found: dict[str, float]) -> None:
    """The report names a figure that left its range."""
    assert "outside" not in statistics.table(found)
    assert "**outside**" in statistics.table({**found, "frauds among payments": 0.5})


def test_the_handbooks_figures_are_those_of_its_file(handbook: Path) -> None:
    """What the simulation is compared with can be computed again from the published data."""
    real = statistics.describe(statistics.handbook(handbook))
    for figure in FIGURES:
        assert real[figure.name] == pytest.approx(figure.handbook, rel=0.01, abs=0.001)
