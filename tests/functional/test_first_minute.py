"""`penumbra demo` from its start to every screen of the first minute, on a small bank."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtest.bars.first_minute import Screen, Started, chromium, demo, figures, walk

pytestmark = pytest.mark.xdist_group("drills")

SMALL = ("--days", "8", "--customers", "1600")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Give a demo that is live."""
    with demo(tmp_path_factory.mktemp("first") / "demo", *SMALL) as running:
        yield running


def test_the_terminal_tells_the_story(started: Started) -> None:
    """Broker, bundle, the past without a loss, and a link that signs in once."""
    said = started.said
    steps = ["broker ", "simulating", "bundle      demo-", "replayed    8 simulated days: ",
             ", 0 lost", "live ", "open        http://127.0.0.1:"]  # fmt: skip
    places = [said.find(step) for step in steps]
    assert -1 not in places, said
    assert places == sorted(places)
    assert "password" not in said
    assert started.link.endswith("&to=/console/now")


def test_every_screen_is_reached_and_nothing_that_breaks_loses_a_payment(
    started: Started, tmp_path: Path
) -> None:
    """The takeover lights up, its case verifies, and all three buttons leave nothing lost."""
    with chromium() as browser:
        screens: list[Screen] = walk(browser, started, tmp_path)
    assert [screen.name for screen in screens if screen.name != "comparison"] == [
        "now", "case", "break", "yours",
    ]  # fmt: skip
    assert len(list(tmp_path.glob("first-minute-*.png"))) == len(screens)
    counted = [one for one in figures(started, screens) if "lost" in f"{one.what} {one.bar}"]
    assert len(counted) == 2
    assert all(one.met for one in counted), counted
