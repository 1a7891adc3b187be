"""Who gets in to the console and what they may do there: passwords, sessions, forms, roles."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from builders.api import HERE
from builders.console import PASSWORD, Clock, Console, console

from service.people import signing_in

ROLES = {
    "anna": {"work"},
    "lena": {"work", "assign", "audit"},
    "rita": {"audit"},
    "adam": {"audit", "operate"},
    "rob": set(),
}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Console]:
    """Give a console with a few cases."""
    with console(tmp_path, customers=3) as started:
        yield started


def sign_in(running: Console, username: str, password: str, **changed: str) -> httpx.Response:
    """Fill the form as a browser would."""
    client = running.api.client
    shown = client.get("/console/sign-in")
    held = re.search(r'name="form" value="([^"]+)"', shown.text)
    assert held
    fields = {"form": held[1], "username": username, "password": password} | changed
    answered: httpx.Response = client.post(
        "/console/sign-in", data=fields, headers={"origin": HERE}, follow_redirects=False
    )
    return answered


def test_a_password_opens_a_session_and_signing_out_ends_it(running: Console) -> None:
    """The cookie is not for scripts nor for other sites, and its token is not in the ledger."""
    entered = sign_in(running, "anna", PASSWORD, to="/console/operations")
    assert (entered.status_code, entered.headers["location"]) == (303, "/console/operations")
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    token = running.api.client.cookies["penumbra_session"]
    database = Path(running.api.ledger.where.removeprefix("sqlite:///"))
    stored = b"".join(file.read_bytes() for file in database.parent.glob(f"{database.name}*"))
    assert token.encode() not in stored
    assert PASSWORD.encode() not in stored
    csrf = re.search(
        r'name="csrf" value="([0-9a-f]+)"', running.api.client.get("/console/cases").text
    )
    assert csrf
    running.api.client.post("/console/sign-out", data={"csrf": csrf[1]}, headers={"origin": HERE})
    assert signing_in.signed(running.api.ledger, running.api.parts.settings, token) is None
    assert running.actions()[:1] == ["sign in"]
    assert running.actions()[-1] == "sign out"


@pytest.mark.parametrize("username", ["anna", "nobody"])
def test_a_wrong_password_says_nothing_of_whether_the_user_exists(
    running: Console, username: str
) -> None:
    """The same words, and no session."""
    refused = sign_in(running, username, "wrong")
    assert refused.status_code == 401
    assert "user name or password is wrong" in refused.text
    assert "penumbra_session" not in running.api.client.cookies


def test_guessing_closes_the_door_for_a_while(running: Console) -> None:
    """Also for the right password; the wait doubles, and ends."""
    for _ in range(5):
        sign_in(running, "anna", "wrong")
    assert "too many failed attempts" in sign_in(running, "anna", PASSWORD).text
    assert sign_in(running, "bert", PASSWORD).status_code == 303
    running.clock.pass_s(31)
    assert sign_in(running, "anna", PASSWORD).status_code == 303


def test_a_session_ends_when_it_is_not_used_and_after_some_hours(running: Console) -> None:
    """A page that asks by itself does not keep it alive."""
    anna = running.person("anna")
    for _ in range(3):
        running.clock.pass_s(59 * 60)
        assert anna.get("/cases").status_code == 200
    running.clock.pass_s(59 * 60)
    assert anna.get("/cases/live").status_code == 200
    running.clock.pass_s(2 * 60)
    assert anna.get("/cases").url.path == "/console/sign-in"
    asked = anna.get("/cases/live", headers={"hx-request": "true"})
    assert asked.headers["hx-redirect"] == "/console/sign-in"
    bert = running.person("bert")
    for _ in range(13):
        running.clock.pass_s(55 * 60)
        bert.get("/cases")
    assert bert.get("/cases").status_code == 200
    running.clock.pass_s(10 * 60)
    assert bert.get("/cases").url.path == "/console/sign-in"


def test_changing_a_user_ends_their_sessions(running: Console) -> None:
    """Disabled means now."""
    anna = running.person("anna")
    running.api.ledger.change_user("anna", disabled=True)
    assert anna.get("/cases").url.path == "/console/sign-in"
    assert sign_in(running, "anna", PASSWORD).status_code == 401


def test_a_link_signs_in_once(running: Console) -> None:
    """And not after ten minutes."""
    ticket = signing_in.ticket_for(running.api.ledger, "anna")
    client = running.api.client
    assert client.get(f"/console/enter?ticket={ticket}").url.path == "/console/cases"
    client.cookies.clear()
    assert client.get(f"/console/enter?ticket={ticket}").status_code == 401
    late = signing_in.ticket_for(running.api.ledger, "anna")
    running.clock.pass_s(601)
    assert client.get(f"/console/enter?ticket={late}").status_code == 401
    client.cookies["penumbra_session"] = signing_in.ticket_for(running.api.ledger, "anna")
    assert client.get("/console/cases").url.path == "/console/sign-in"


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example/", "/v1/alerts", "/console/\\x"]
)
def test_signing_in_leads_nowhere_else(running: Console, to: str) -> None:
    """A crafted link must not borrow our sign-in."""
    assert sign_in(running, "anna", PASSWORD, to=to).headers["location"] == "/console/cases"


@pytest.mark.parametrize(
    ("headers", "csrf"),
    [
        ({"origin": HERE}, "0" * 64),
        ({"origin": HERE}, ""),
        ({"origin": "https://evil.example"}, None),
        ({"origin": "null"}, None),
        ({"origin": HERE, "sec-fetch-site": "cross-site"}, None),
        ({"sec-fetch-site": "same-site"}, None),
        ({}, None),
    ],
)
def test_a_form_of_another_page_changes_nothing(
    running: Console, headers: dict[str, str], csrf: str | None
) -> None:
    """The token and the browser's word on where it came from must both be right."""
    anna = running.person("anna")
    case = running.cases()[0]
    given = {"csrf": anna.signed.csrf if csrf is None else csrf}
    answered = anna.client.post(f"/console/cases/{case.case_id}/claim", data=given, headers=headers)
    assert answered.status_code == 403
    assert running.case(case.case_id).assignee is None


def test_every_page_forbids_what_it_does_not_need(running: Console) -> None:
    """No inline script or style, nothing from elsewhere, nothing kept by the browser."""
    anna = running.person("anna")
    case_id = running.cases()[0].case_id
    for path in ("/sign-in", "/cases", f"/cases/{case_id}", "/operations", "/nothing"):
        answered = anna.get(path)
        policy = answered.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert answered.headers["cache-control"] == "no-store"
        assert answered.headers["x-content-type-options"] == "nosniff"
        assert re.search(r"<style|style=|<script(?![^>]*src=)|\son\w+=", answered.text) is None
    assert running.api.client.get("/", follow_redirects=False).headers["location"] == "/console/"


@pytest.mark.parametrize("name", sorted(ROLES))
def test_each_role_does_what_it_may_and_nothing_else(running: Console, name: str) -> None:
    """On pages and in the API alike."""
    person, may = running.person(name), ROLES[name]
    case_id = running.cases()[0].case_id
    assert person.get(f"/cases/{case_id}").status_code == 200
    assert (person.post(f"/cases/{case_id}/claim").status_code == 200) == ("work" in may)
    assert (person.get("/audit").status_code == 200) == ("audit" in may)
    assert (person.post("/operations/redrive").status_code == 303) == ("operate" in may)
    given: dict[str, Any] = {"action": "assign", "to": "anna", "case": case_id}
    assert (person.post("/cases/bulk", **given).status_code == 303) == ("assign" in may)
    headers = {"origin": HERE, "x-csrf-token": person.signed.csrf}
    alert_id = running.case(case_id).riskiest
    noted = person.client.post(
        f"/v1/alerts/{alert_id}/notes", json={"text": "by the API"}, headers=headers
    )
    assert (noted.status_code == 201) == ("work" in may)
    assert person.client.get(f"/v1/alerts/{alert_id}").status_code == 200
    assert (person.client.get("/v1/audit").status_code == 200) == ("audit" in may)
    for path in ("/v1/score", "/v1/labels"):
        assert person.client.post(path, json=[], headers=headers).status_code == 403


def test_a_session_changes_nothing_by_the_api_without_its_token(running: Console) -> None:
    """JSON from a page of another origin is refused as a form is."""
    anna = running.person("anna")
    alert_id = running.cases()[0].riskiest
    for headers in (
        {"origin": HERE},
        {"origin": "https://evil.example", "x-csrf-token": anna.signed.csrf},
    ):
        refused = anna.client.post(
            f"/v1/alerts/{alert_id}/notes", json={"text": "x"}, headers=headers
        )
        assert refused.status_code == 403


def test_a_proxy_is_believed_from_its_own_address_only(tmp_path: Path) -> None:
    """The user must be known here; the header alone, from elsewhere, is nothing."""
    given: dict[str, Any] = {"console_sign_in": "proxy", "console_proxies": ["10.1.0.0/16"]}
    with console(tmp_path, customers=0, **given) as running:
        app = running.api.client.app
        header = {"x-forwarded-user": "anna"}

        def ask(peer: str, name: str) -> httpx.Response:
            from fastapi.testclient import TestClient  # noqa: PLC0415

            client = TestClient(app, base_url=HERE, client=(peer, 1))
            answered: httpx.Response = client.get(
                "/console/cases", headers={**header, "x-forwarded-user": name}
            )
            return answered

        assert ask("10.1.2.3", "anna").status_code == 200
        assert ask("10.1.2.3", "mallory").status_code == 403
        assert ask("10.2.0.1", "anna").url.path == "/console/sign-in"


def test_a_secure_cookie_is_held_to_this_host(tmp_path: Path) -> None:
    """By its name's prefix, where the console is reached by HTTPS."""
    with console(tmp_path, customers=0, clock=Clock(), console_cookie_secure=True) as running:
        cookie = sign_in_secure(running)
        assert cookie.startswith("__Host-penumbra_session=")
        assert "Secure" in cookie


def sign_in_secure(running: Console) -> str:
    """Sign in by HTTPS and return the cookie."""
    client = running.api.client
    client.base_url = "https://127.0.0.1"
    shown = client.get("/console/sign-in")
    held = re.search(r'name="form" value="([^"]+)"', shown.text)
    assert held
    answered = client.post(
        "/console/sign-in",
        data={"form": held[1], "username": "anna", "password": PASSWORD},
        headers={"origin": "https://127.0.0.1"},
        follow_redirects=False,
    )
    return str(answered.headers["set-cookie"])
