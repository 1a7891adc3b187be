"""Chromium for the tests, over a console that really listens; skipped and listed without one."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from builders.console import Console, console
from builders.promotions import Office

from loadtest.system import free_port
from service.api.app import create_app
from service.ledger import wall_clock_ms
from service.promotion.pack import packs_dir

CHROMIUM = Path("/usr/bin/chromium")
AXE = Path(__file__).parents[1] / "vendor" / "axe-4.14.1.min.js"
MEANT = ("/console/sign-in", "/console/nothing")
"""Addresses that tests ask for in order to be refused."""
PATIENCE_MS = 60_000
"""A machine that is busy with other tests is slow, not wrong."""
ARGUMENTS = [
    "--no-sandbox",  # Chromium refuses root with it
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Start Chromium once."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Console, str]]:
    """Give a console with thirty cases, and the address it listens at."""
    with console(tmp_path_factory.mktemp("console"), customers=30) as running:
        running.api.ledger._clock = wall_clock_ms  # in a browser time passes by itself
        _to_be_signed(running)
        port = free_port()
        server = uvicorn.Server(
            uvicorn.Config(create_app(running.api.parts), port=port, log_level="error")
        )
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                thread.join(0.01)
            yield running, f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(10)


def _to_be_signed(running: Console) -> None:
    """Let an evidence pack wait for the signature of rita."""
    folder = packs_dir(running.api.parts.settings)
    folder.mkdir(parents=True)
    first = running.api.parts.lineup.champion.bundle.bundle_id
    office = Office(running.api.ledger, folder, first=first)
    office.signer("rita")
    office.pack("candidate-0123456789ab")


@pytest.fixture
def open_page(chromium: Any, listening: tuple[Console, str]) -> Iterator[Callable[..., Any]]:
    """Open a page: `open_page("anna", width=1920)`. Whatever the browser refuses fails the test."""
    complaints: list[str] = []
    contexts = []

    def start(name: str | None = None, *, width: int = 1280, scheme: str = "light") -> Any:
        context = chromium.new_context(
            base_url=listening[1],
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("console", lambda said: _note(complaints, said))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if name is not None:
            signed = listening[0].person(name).signed
            context.add_cookies(
                [{"name": "penumbra_session", "value": signed.token, "url": listening[1]}]
            )
            page.goto("/console/cases")
        return page

    yield start
    for context in contexts:
        context.close()
    assert complaints == []


def _note(complaints: list[str], said: Any) -> None:
    """Keep warnings and errors: a refusal of the content security policy is one."""
    meant = any(said.location["url"].endswith(path) for path in MEANT)
    if said.type in {"error", "warning"} and not meant:
        complaints.append(f"{said.type}: {said.text} ({said.location['url']})")


def violations(page: Any) -> list[str]:
    """Return what axe-core finds against WCAG 2.2 AA on a page."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        """() => axe.run(document, {runOnly: {type: "tag", values:
        ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}})"""
    )
    return [
        f"{one['id']}: {one['help']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in found["violations"]
    ]
