"""Pictures of pages for the docs: few colours, so that they stay small."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

COLOURS = 128
TALLEST = 1700
RISK_PAGES = {
    "comparison": "/console/comparison?by=amount&show=share",
    "payments": "/console/comparison/payments?legacy=negative&shadow=flagged&truth=fraud",
    "thresholds": "/console/thresholds",
    "money": "/console/money",
    "models": "/console/models",
    "review": "/console/review",
}
"""Pages for risk teams, by the name of their picture."""


def keep(page: Page, path: Path, *, tall: bool = False) -> None:
    """Keep a picture of what is in view; `tall` keeps the page down to TALLEST."""
    from PIL import Image  # noqa: PLC0415 - of the dev extra

    # scrolled, the bar that stays at the top would lie across the middle of a tall picture
    page.evaluate("scrollTo(0, 0)")
    with Image.open(BytesIO(page.screenshot(full_page=tall))) as picture:
        shown = picture.crop((0, 0, picture.width, min(picture.height, TALLEST)))
        few = shown.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def risk_pages(page: Page, folder: Path) -> None:
    """Keep a picture of every page for risk teams; `page` is signed in."""
    for name, path in RISK_PAGES.items():
        page.goto(path)
        page.locator("main:not(:has([aria-busy]))").wait_for()
        keep(page, folder / f"{name}.png", tall=True)
    page.goto(RISK_PAGES["models"])
    page.locator("main table a").first.click()
    page.wait_for_load_state("networkidle")
    keep(page, folder / "model.png", tall=True)
