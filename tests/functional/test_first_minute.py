"""`penumbra demo` from its start to every screen of the first minute, on a small bank."""

from collections.abc import Iterator
from typing import Any

import pytest
from plugins.browser import violations

from loadtest.bars.first_minute import Started, demo, figures, walk

pytestmark = pytest.mark.xdist_group("drills")

SMALL = ("--days", "6", "--customers", "1600")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """Give a demo that is live."""
    with demo(tmp_path_factory.mktemp("first") / "demo", *SMALL) as running:
        yield running


def test_the_terminal_tells_the_story(started: Started) -> None:
    """Broker, bundle, the past without a loss, and a link that signs in once."""
    said = started.said
    steps = [
        "broker ",
        "simulating",
        "bundle      demo-",
        "replayed    6 simulated days, 1 before: ",
        ", 0 lost",
        "reviewed    ",
        "live ",
        "compare     http://127.0.0.1:",
        "open        http://127.0.0.1:",
    ]
    places = [said.find(step) for step in steps]
    assert -1 not in places, said
    assert places == sorted(places)
    assert "password" not in said
    assert started.link.endswith("&to=/console/now")


def test_every_screen_is_reached_and_nothing_that_breaks_loses_a_payment(
    started: Started, chromium: Any
) -> None:
    """The takeover lights up, its case verifies, all three buttons leave nothing lost or doubled.

    No page has a barrier that axe-core knows of, nor is wider than the window.
    """
    barriers: dict[str, list[str]] = {}

    def look(page: Any, name: str) -> None:
        barriers[name] = violations(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            barriers[name].append("wider than the window")

    screens = walk(chromium, started, look)
    assert {"now", "case", "break", "yours"} <= {screen.name for screen in screens}
    assert {name: said for name, said in barriers.items() if said} == {}
    counted = [one for one in figures(started, screens) if "lost" in f"{one.what} {one.bar}"]
    assert len(counted) == 2
    assert all(one.met for one in counted), counted
