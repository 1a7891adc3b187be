"""The console in a real Chromium: by keyboard alone, in light and dark, for everybody to read."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from builders.console import PASSWORD, Console
from plugins.browser import violations

# One console for the file: its cases are used up in order, so the file stays on one worker.
pytestmark = pytest.mark.xdist_group("console_browser")

PAGES = {
    "sign-in": (None, "/console/sign-in"),
    "queue": ("lena", "/console/cases"),
    "mine": ("lena", "/console/cases?view=mine&min_risk=999"),
    "decided": ("lena", "/console/cases?view=decided"),
    "case": ("lena", None),
    "operations": ("adam", "/console/operations"),
    "comparison": ("rita", "/console/comparison?segment=channel"),
    "thresholds": ("rita", "/console/thresholds"),
    "money": ("rita", "/console/money"),
    "models": ("rita", "/console/models"),
    "promotion": ("rita", "/console/promotion"),
    "review": ("anna", "/console/review"),
    "audit": ("adam", "/console/audit"),
    "missing": ("anna", "/console/nothing"),
}


def first_open(running: Console) -> str:
    """Return the address of a case nobody has."""
    return f"/console/cases/{running.cases(view='unassigned', ascending=True)[0].case_id}"


def test_somebody_signs_in_by_keyboard(open_page: Callable[..., Any]) -> None:
    """Name, Tab, password, Enter; a wrong password says so and keeps the name."""
    page = open_page()
    page.goto("/console/cases")
    assert page.url.endswith("/console/sign-in?to=/console/cases")
    page.keyboard.type("anna")
    page.keyboard.press("Tab")
    page.keyboard.type("not the password")
    page.keyboard.press("Enter")
    assert "wrong" in page.locator("[role=alert]").inner_text()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/cases")
    assert page.locator(".me").inner_text().startswith("anna")


def test_ten_cases_are_cleared_by_keyboard_alone(
    open_page: Callable[..., Any], listening: tuple[Console, str]
) -> None:
    """j, o, then for each case what it was, why, Enter: the next one opens by itself."""
    running, _ = listening
    page = open_page("anna")
    page.goto("/console/cases?view=unassigned")  # others may have opened some
    before = len(running.cases())
    page.keyboard.press("j")
    page.keyboard.press("o")
    seen = set()
    for nth in range(10):
        page.wait_for_selector("#claim:has-text('Yours until')")
        address = page.url.split("?")[0]
        assert address not in seen
        seen.add(address)
        page.keyboard.press("1" if nth % 2 else "2")
        page.keyboard.press("1")
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, old=address: url.split("?")[0] != old)
    assert len(running.cases()) == before - 10
    assert {one.decided_by for one in running.cases(view="decided")} == {"anna"}


def test_a_decision_is_undone_by_keyboard(
    open_page: Callable[..., Any], listening: tuple[Console, str]
) -> None:
    """U within the time brings the case back, still claimed."""
    running, _ = listening
    page = open_page("bert")
    page.goto(first_open(running))
    page.wait_for_selector("#claim:has-text('Yours')")
    case_id = page.url.rsplit("/", 1)[-1]
    page.keyboard.press("2")
    page.keyboard.press("2")
    page.keyboard.press("n")
    page.keyboard.type("called, it was them; 1 2 3 e u are only letters here")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-undo]")
    assert running.case(case_id).status == "decided"
    page.keyboard.press("u")
    page.wait_for_url(f"**/{case_id}")
    assert running.case(case_id).status == "open"
    assert page.locator("#claim").inner_text().startswith("Yours")
    assert "only letters here" in page.locator(".said").inner_text()


def test_a_claimed_case_is_shown_so_and_is_not_decided_by_another(
    open_page: Callable[..., Any], listening: tuple[Console, str]
) -> None:
    """Opening it claims it; who comes second reads it and cannot decide it; a lead takes over."""
    running, _ = listening
    address = first_open(running)
    first, second, lead = open_page("anna"), open_page("bert"), open_page("lena")
    first.goto(address)
    first.wait_for_selector("#claim:has-text('Yours until')")
    second.goto(address)
    assert "anna has the case" in second.locator("#claim").inner_text()
    assert second.locator("[data-decide]").count() == 0
    lead.goto(address)
    lead.get_by_role("button", name="Take over").click()
    lead.wait_for_selector("[data-decide]")
    assert running.case(address.rsplit("/", 1)[-1]).assignee == "lena"


def test_an_escalation_by_keyboard_goes_to_a_lead(
    open_page: Callable[..., Any], listening: tuple[Console, str]
) -> None:
    """E hands the case on, with the note, and opens the next."""
    running, _ = listening
    page = open_page("anna")
    page.goto(first_open(running))
    page.wait_for_selector("#claim:has-text('Yours until')")
    case_id = page.url.rsplit("/", 1)[-1]
    page.keyboard.press("e")
    page.wait_for_url(lambda url: case_id not in url)
    assert running.case(case_id).escalated_by == "anna"


def test_new_cases_appear_without_a_reload_and_keep_ones_place(
    open_page: Callable[..., Any], listening: tuple[Console, str]
) -> None:
    """The row in focus and the cases chosen stay so when the table renews itself."""
    running, _ = listening
    page = open_page("lena")
    page.keyboard.press("j")
    page.keyboard.press("x")
    focused = page.evaluate("document.activeElement.closest('tr').dataset.case")
    page.keyboard.press("x")
    page.keyboard.press("x")
    case_id = running.cases(view="unassigned")[-1].case_id
    running.person("bert").post(f"/cases/{case_id}/claim")
    page.wait_for_selector(f"tr[data-case={case_id}] >> text=bert", timeout=8_000)
    assert page.evaluate("document.activeElement.closest('tr').dataset.case") == focused
    assert page.locator("input[name=case]:checked").count() == 1
    assert page.locator("[data-bulk]").is_visible()


def test_the_help_sheet_opens_and_shortcuts_can_be_switched_off(
    open_page: Callable[..., Any],
) -> None:
    """Single keys must not be in the way of those who speak to their browser (WCAG 2.1.4)."""
    page = open_page("anna")
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    assert violations(page) == []
    page.locator("[data-keys-on]").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert not page.locator("#help").is_visible()


def test_dark_is_the_systems_choice_or_ones_own(open_page: Callable[..., Any]) -> None:
    """And one's own is kept."""

    def ground(page: Any) -> int:
        colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour)[:3]))

    page = open_page("anna", scheme="dark")
    assert ground(page) < 150
    page.locator("[data-theme-toggle]").click()
    assert ground(page) > 600
    page.reload()
    assert ground(page) > 600


def test_verify_recomputes_the_alert(
    open_page: Callable[..., Any], listening: tuple[Console, str]
) -> None:
    """The answer is shown in place."""
    page = open_page("rob")
    page.goto(first_open(listening[0]))
    page.get_by_role("button", name="Verify").click()
    page.wait_for_selector("#verified .proof")
    assert "identical, bit for bit" in page.locator("#verified").inner_text()
    assert "adds up to" in page.locator(".waterfall + .proof").inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1920, "dark")])
def test_no_page_has_a_barrier(
    open_page: Callable[..., Any], listening: tuple[Console, str], width: int, scheme: str
) -> None:
    """axe-core finds nothing against WCAG 2.2 AA, and nothing is wider than the window."""
    found = {}
    for person in (None, "lena", "adam", "anna", "rita"):
        page = open_page(person, width=width, scheme=scheme)
        for name, (who, path) in PAGES.items():
            if who != person:
                continue
            page.goto(path or first_open(listening[0]))
            page.wait_for_load_state("networkidle")
            found[name] = violations(page)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found[name].append("wider than the window")
    assert {name: said for name, said in found.items() if said} == {}
