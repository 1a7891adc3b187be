"""The first minute as a newcomer sees it: the demo started, every screen reached in Chromium.

`python -m loadtest.bars.first_minute` starts the demo, walks through it, keeps a frame of each
screen in docs/screens/ and writes what it measured to docs/results.md.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import click

from loadtest.bars.frames import keep, risk_pages
from loadtest.results import Figure, section, write_section
from loadtest.system import PENUMBRA
from models.errors import PenumbraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.sync_api import Browser, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE_MS = 90_000
FIRST_ALERT_LIMIT_S = 60.0
MOST_MS = 0.5
SIZE = (1280, 860)
DRAIN = "940.00 EUR"
ROWS = """id,booked,client,shop,amount_gbp,country,basket_items,fraud
p0,05/01/2026 00:44:14,C0116,S043,57.47,GB,3,Y
p1,25/01/2026 08:12:51,C0117,S044,7.40,GB,1,N
p2,25/01/2026 19:02:07,C0116,S043,23.10,GB,2,N
"""
_DRAINED = rf"Legacy (\w[\w ]*) {DRAIN} Penumbra (\d+)"
_ALERT = re.compile(r"first alert after ([0-9.]+) s")
_VERDICT = re.compile(r"(\d[\d,]*) caught up · (\d+) lost · (\d+) doubled · live path (.+)$")


class NotReached(PenumbraError):
    """A screen of the first minute was not reached, or the browser complained."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen that was reached: its number and name, what its main part says, and when."""

    name: str
    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Started:
    """A demo that is live: what its terminal said, its links, when it began."""

    said: str
    link: str
    comparison: str
    begun: float


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[Started]:
    """Run the demo until the block ends; given once it is live. Raises NotReached."""
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command
            [*PENUMBRA, "demo", "--port", "0", "--folder", str(folder), *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=os.environ | {"COLUMNS": "200"},
        )
        try:
            yield _live(process, begun)
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _linked(name: str, said: str) -> str:
    found = re.search(rf"^{name} +(http\S+)", said, re.MULTILINE)
    if found is None:
        raise NotReached(f"the demo told no address to {name}; it said: {said[-800:]}")
    return found[1]


def _live(process: subprocess.Popen[str], begun: float) -> Started:
    said = ""
    for line in process.stdout or ():
        said += line
        if "users link" in line:
            link, comparison = (_linked(name, said) for name in ("open", "compare"))
            return Started(said, link, comparison, begun)
    raise NotReached(f"the demo ended before it was live; it said: {said[-800:]}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Chromium without a window. Raises NotReached where there is none."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - of the dev extra

    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        raise NotReached(f"no Chromium is installed; install one of {', '.join(PROGRAMS)}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


def walk(
    browser: Browser, started: Started, look: Callable[[Page, str], object] | None = None
) -> list[Screen]:
    """Reach every screen of the first minute, in the order in which one would.

    `look` is given each as it is reached, with its number and name. Raises NotReached if the
    browser reports an error, a breach of the pages' security policy included.
    """
    page = browser.new_page(
        viewport={"width": SIZE[0], "height": SIZE[1]}, base_url=urljoin(started.link, "/")
    )
    page.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    page.on(
        "console",
        lambda m: complaints.append(f"{page.url}: {m.text}") if m.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    screens: list[Screen] = []

    def reached(name: str) -> None:
        text = page.locator("main").inner_text()
        screens.append(Screen(name, text, time.monotonic() - started.begun))
        if look is not None:
            look(page, f"{len(screens) + 1}-{name}")

    _now(page, started)
    reached("now")
    page.locator(".flag", has_text=DRAIN).first.get_by_text("Why?").click()
    page.get_by_role("button", name="Verify").first.click()
    page.get_by_text("identical, bit for bit").first.wait_for()
    reached("case")
    comparison = page.get_by_role("navigation").get_by_role("link", name="Comparison")
    if comparison.count():
        comparison.click()
        page.locator("#figures table").wait_for()
        page.goto(started.comparison)
        page.locator("#figures table").wait_for()
        reached("comparison")
    _break(page)
    reached("break")
    page.get_by_role("link", name="Your turn").click()
    page.locator("textarea[name=rows]").fill(ROWS)
    page.get_by_role("button", name="Suggest a mapping").click()
    page.get_by_text("penumbra backtest --data").first.wait_for()
    reached("yours")
    page.close()
    if complaints:
        raise NotReached(f"the browser complained: {'; '.join(complaints)}")
    return screens


def _now(page: Page, started: Started) -> None:
    page.goto(started.link)
    page.locator(".flag", has_text=DRAIN).first.wait_for()


def _break(page: Page) -> None:
    page.get_by_role("link", name="Break it").click()
    rows = page.locator("section[aria-labelledby=broken] tbody tr")
    for done, name in enumerate(("Send garbage", "Hang the model", "Kill the worker")):
        page.locator("button:enabled", has_text=name).click()
        rows.nth(done).wait_for()
        page.locator(".verdict", has_text="caught up ·").wait_for()


def terminal(browser: Browser, said: str) -> Page:
    """Return a page that shows what the terminal said."""
    page = browser.new_page(viewport={"width": SIZE[0], "height": 360})
    page.set_content(
        "<body style='margin:0;background:#12151b'><pre style='margin:0;padding:28px;color:#e6e9ef;"
        "font:13px/1.5 ui-monospace,DejaVu Sans Mono,monospace;white-space:pre-wrap'>"
        f"$ make demo\n{escape(said)}</pre>"
    )
    return page


def figures(started: Started, screens: Sequence[Screen]) -> list[Figure]:
    """Return what was measured on the way."""
    alert = _ALERT.search(started.said)
    at_s = float(alert[1]) if alert else float("inf")
    replayed = next(line for line in started.said.splitlines() if line.startswith("replayed"))
    by_name = {screen.name: screen for screen in screens}
    lines = (line.strip() for line in by_name["break"].text.splitlines())
    verdict = next(found for line in lines if (found := _VERDICT.search(line)))
    took = " · ".join(f"{screen.name} {screen.seconds:.0f} s" for screen in screens)
    compared = by_name["comparison"].text
    known = re.search(r"Of known fraud Penumbra flagged .+", compared)
    flag = re.search(_DRAINED, " ".join(by_name["now"].text.split()))
    upper_ms = re.findall(r"[+-]\d+\.\d+", verdict[4])[-1]
    return [
        Figure("first explained alert", f"{at_s:.1f} s", f"under {FIRST_ALERT_LIMIT_S:.0f} s",
               at_s < FIRST_ALERT_LIMIT_S),
        Figure("the past", replayed.removeprefix("replayed").strip(), "0 lost",
               replayed.endswith(" 0 lost")),
        Figure("screens reached, seconds after the start", took, "each, non-empty",
               all(screen.text.strip() for screen in screens)),
        Figure("the scripted takeover's drain of 940.00 EUR",
               f"legacy {flag[1]}, risk {flag[2]}" if flag else "not flagged",
               "approved by legacy, flagged", flag is not None and flag[1] == "approved"),
        Figure("the sixty days at the same alert rate", known[0] if known else "not yet known",
               "figures with intervals", known is not None),
        Figure("worker killed, garbage sent, model hung: lost, doubled",
               f"{verdict[2]}, {verdict[3]}", "0, 0", verdict[2] == verdict[3] == "0"),
        Figure("live path, Penumbra broken less Penumbra undisturbed, medians with 95 % interval",
               verdict[4], f"upper end under {MOST_MS} ms", float(upper_ms) < MOST_MS),
    ]  # fmt: skip


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path("var/first-minute"))
@click.option("--frames", type=click.Path(path_type=Path), default=Path("docs/screens"))
@click.option("--page", type=click.Path(path_type=Path), default=Path("docs/results.md"))
def main(folder: Path, frames: Path, page: Path) -> None:
    """Start the demo, reach every screen of its first minute, keep frames and figures."""
    frames.mkdir(parents=True, exist_ok=True)
    busy = f"Load average before: {os.getloadavg()[0]:.1f}. Frames: `docs/screens/`."

    def kept(shown: Page, name: str) -> None:
        tall = name.endswith(("case", "comparison"))
        keep(shown, frames / f"first-minute-{name}.png", tall=tall)
        if name.endswith("comparison"):
            risk_pages(shown, frames)

    with demo(folder) as started, chromium() as browser:
        kept(terminal(browser, started.said), "1-terminal")
        screens = walk(browser, started, kept)
        found = figures(started, screens)
    for figure in found:
        click.echo(figure.line())
    write_section(page, "The first minute", section("make first-minute", found, [busy]))
    missed = [figure.what for figure in found if not figure.met]
    if missed:
        raise click.ClickException(f"{len(missed)} bars were missed: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
