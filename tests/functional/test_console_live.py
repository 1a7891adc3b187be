"""Pages that follow the stream, and those that only the demo has."""

import re
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from builders.api import HERE, Api, api, payment
from fastapi.testclient import TestClient
from plugins.bundles import make_bundle

from loadtest.demo.board import Board
from loadtest.demo.control import Control
from loadtest.demo.disturbing import Disturbance, Kind
from loadtest.demo.live_path import Sent
from loadtest.demo.reconciliation import Reconciliation
from loadtest.ledger_view import LedgerView
from service.people.signing_in import ticket_for

OURS = {"Sec-Fetch-Site": "same-origin"}
ROWS = """id;booked;client;shop;amount_gbp;fraud
p0;05/01/2026 00:44:14;C0116;S043;57,47;Y
p1;25/01/2026 00:45:14;C0117;S044;7,40;N
p2;25/01/2026 10:45:14;C0117;S043;9,40;N
"""


@pytest.fixture
def control() -> Iterator[Control]:
    """Give the demo's door."""
    with Control() as door:
        yield door


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Api]:
    """Give a console that no demo has started, over an empty ledger."""
    with _console(tmp_path) as running:
        yield running


@pytest.fixture
def served(tmp_path: Path, control: Control) -> Iterator[Api]:
    """Give the console that a demo has started, over an empty ledger."""
    given = {
        "demo_control_url": control.url,
        "demo_control_token": control.token,
        "console_notice": "Simulated data",
    }
    with _console(tmp_path, **given) as running:
        yield running


def _console(folder: Path, **given: Any) -> AbstractContextManager[Api]:
    bundle = make_bundle(
        folder / "bundle", names=("amount", "amount_known"), weights=[0.1, 0.0], threshold=50.0
    )
    return api(f"sqlite:///{folder}/ledger.db", folder, bundle, legacy_source="inline", **given)


def text_of(answered: httpx.Response) -> str:
    """Return the words of a page."""
    assert answered.status_code == 200, answered.text[:2000]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answered.text)).split())


def signed_in(here: Api) -> httpx.Response:
    """Sign a user in by a link that leads to what happens now."""
    here.ledger.add_user("ann", "analyst", None)
    ticket = ticket_for(here.ledger, "ann")
    answered: httpx.Response = here.client.get(f"/console/enter?ticket={ticket}&to=/console/now")
    return answered


def csrf(page: httpx.Response) -> str:
    """Return the token that a page's forms carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert found
    return found[1]


def approved(number: int, amount_minor: int) -> dict[str, object]:
    """Return a payment that the legacy system approved."""
    return payment(f"t{number}", amount_minor=amount_minor, legacy={"decision": "approve"})


def test_before_anything_came_the_page_says_what_is_missing(plain: Api) -> None:
    """An empty state is no table of zeros."""
    page = signed_in(plain)
    assert page.url.path == "/console/now"
    said = text_of(page)
    assert "Nothing here can affect a payment" in said
    assert "No flag yet" in said
    assert "No payment yet" in said


def test_both_sides_of_each_payment_are_shown(plain: Api) -> None:
    """What the legacy system did, what the shadow said, and why, with a way to the case."""
    plain.score(approved(1, 1_000), approved(2, 94_000))
    page = signed_in(plain)
    said = text_of(page)
    assert "Legacy approved 940.00 EUR Penumbra" in said
    assert said.count("approved") == 3
    alert_id = plain.ledger.alerts().alerts.alert_id[0]
    assert f'href="/console/why/{alert_id}"' in page.text
    plain.ledger.file_alerts(86_400_000)
    why = plain.client.get(f"/console/why/{alert_id}", follow_redirects=False)
    assert why.status_code == 303
    assert why.headers["location"].startswith("/console/cases/")


def test_a_flag_that_is_in_no_case_yet_says_so(plain: Api) -> None:
    """The answer is a page with what to do."""
    signed_in(plain)
    answered = plain.client.get("/console/why/unknown")
    assert answered.status_code == 404
    assert "go back and try again" in answered.text


def test_the_page_renews_itself_only_when_something_came(plain: Api) -> None:
    """Unchanged, the answer is empty; held still, the page does not ask."""
    plain.score(approved(1, 1_000))
    page = signed_in(plain)
    assert 'hx-trigger="every 1s"' in page.text
    assert "hx-trigger" not in plain.client.get("/console/now?still=1").text
    version = re.search(r'name="v" value="(\w+)"', page.text)
    assert version
    assert plain.client.get(f"/console/now/live?v={version[1]}").status_code == 204
    another = TestClient(plain.client.app, base_url=HERE)  # a program, without the session
    assert another.post("/v1/score", json=approved(2, 2_000)).status_code == 200
    assert "20.00 EUR" in text_of(plain.client.get(f"/console/now/live?v={version[1]}"))


def test_without_a_demo_its_pages_are_not_there(plain: Api) -> None:
    """A console in production has nothing that breaks it, nor a word of simulated data."""
    page = signed_in(plain)
    for path in ("/console/break", "/console/break/live", "/console/yours"):
        assert plain.client.get(path).status_code == 404
    assert "Break it" not in page.text
    assert "Simulated data" not in page.text
    sent = plain.client.post("/console/break/kill", data={"csrf": csrf(page)}, headers=OURS)
    assert sent.status_code == 404


def test_every_page_of_the_demo_says_that_its_data_are_simulated(served: Api) -> None:
    """Nobody takes a picture of it for a bank."""
    signed_in(served)
    for path in ("/console/now", "/console/cases", "/console/break", "/console/yours"):
        assert "Simulated data" in text_of(served.client.get(path))


def test_a_button_reaches_the_demo_once_and_by_our_form_only(served: Api, control: Control) -> None:
    """What breaks something needs the session's token, as everything that changes something."""
    page = signed_in(served)
    foreign = served.client.post("/console/break/kill", data={"csrf": "no"}, headers=OURS)
    assert foreign.status_code == 403
    sent = served.client.post("/console/break/hang", data={"csrf": csrf(page)}, headers=OURS)
    assert sent.status_code == 200
    assert control.asked() == [Kind.HANG]
    unknown = served.client.post("/console/break/launch", data={"csrf": csrf(page)}, headers=OURS)
    assert unknown.status_code == 422


def test_the_lanes_show_what_the_demo_measured(served: Api, control: Control) -> None:
    """The form of the demo's answer is the one the console reads, from end to end."""
    signed_in(served)
    assert "Not live yet" in text_of(served.client.get("/console/break"))
    now_ms = time.time_ns() // 1_000_000
    board = Board()
    found = Reconciliation(
        LedgerView(f"sqlite:///{served.parts.settings.var_dir}/../ledger.db"), "s"
    )
    for n in range(20):
        took = np.array([1.0 if n % 2 else 1.5])
        sent = Sent([f"t{n}"], np.array([now_ms - (40_000 if n % 2 else 20_000)]), took)
        board.add(sent)
        found.add(sent)
    board.look(now_ms, 3)
    past = [Disturbance(Kind.KILL, now_ms - 30_000, now_ms - 10_000)]
    control.show(board.document(past, found, 0, now_ms))
    page = served.client.get("/console/break/live")
    said = text_of(page)
    assert "0 caught up · 0 lost · 0 doubled · live path +0.50 ms (+0.50 to +0.50)" in said
    assert page.text.count('<polyline points="') == 2
    assert page.text.count('class="band"') == 2
    assert "style=" not in page.text


def test_a_demo_that_is_gone_is_said_in_a_line(served: Api, control: Control) -> None:
    """The console may outlive the terminal."""
    signed_in(served)
    control.close()
    answered = served.client.get("/console/break")
    assert "make demo" in answered.text
    assert answered.status_code == 503


def test_rows_become_a_mapping_and_commands_that_use_it(served: Api) -> None:
    """The mapping is the one `penumbra audit --suggest-mapping` would write."""
    page = signed_in(served)
    form = {"csrf": csrf(page), "name": "my file.csv", "rows": ROWS}
    said = text_of(served.client.post("/console/yours", data=form, headers=OURS))
    assert "occurred_at: {column: booked, format: '%d/%m/%Y %H:%M:%S'" in said
    assert "amount: {column: amount_gbp, unit: major}" in said
    assert "penumbra backtest --data 'my file.csv' --mapping yours.yaml" in said
    assert "RATE: EUR for 1 GBP" in said


@pytest.mark.parametrize("rows", ["", "id,amount", "id,amount\n1,2", "\x00\n\x01", "a,a\n1,2"])
def test_rows_that_suggest_nothing_are_answered_in_one_line(served: Api, rows: str) -> None:
    """Whoever pastes something else learns what is missing."""
    page = signed_in(served)
    form = {"csrf": csrf(page), "rows": rows}
    answered = served.client.post("/console/yours", data=form, headers=OURS)
    assert answered.status_code == 200
    assert 'role="alert"' in answered.text
