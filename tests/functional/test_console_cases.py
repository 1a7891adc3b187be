"""Working on cases: the queue, claims, decisions and undo, escalation, many at once, the log."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.console import Console, Person, console

from service.cases.delivery import Delivery, label_id_of
from service.ledger.people import User

FRAUD = {"disposition": "confirmed_fraud", "reason_confirmed_fraud": "account_takeover"}
GENUINE = {"disposition": "false_positive", "reason_false_positive": "travel"}


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Console]:
    """Give a console with six cases, the first of two flags."""
    with console(tmp_path, customers=6) as started:
        yield started


def decide(person: Person, case_id: str, said: dict[str, str], decision_id: str = "d1") -> str:
    """Decide a case on its page; return where that leads."""
    answered = person.post(f"/cases/{case_id}/decide", decision_id=decision_id, note="", **said)
    assert answered.status_code == 303, answered.text
    return answered.headers["location"]


def sent_labels(running: Console) -> list[str]:
    """Let delivery do a round and return the ids of all labels at the broker."""
    Delivery(running.api.ledger, running.api.parts.settings, running.api.parts.labels).step()
    return [one["label_id"] for one in running.published("fraud-labels")]


def test_flags_of_one_customer_are_one_case(running: Console) -> None:
    """With the money of both, the riskiest's reasons, and the strictest legacy decision."""
    cases = running.cases()
    assert len(cases) == 6
    first = next(one for one in cases if one.customer_id == "customer-000")
    assert first.alerts == 2
    assert first.money_minor == 90_000 + 45_000
    assert first.reasons
    page = running.person("anna").get(f"/cases/{first.case_id}").text
    assert page.count("t000-3") >= 2
    assert "1,350.00 EUR" in page


def test_filters_and_order_stand_in_the_address(running: Console) -> None:
    """And a link from the queue carries them to the case and back."""
    anna = running.person("anna")
    one = anna.get("/cases?customer=customer-003").text
    assert "customer-003" in one
    assert "customer-002" not in one
    assert "?customer=customer-003" in one
    by_money = anna.get("/cases?sort=money&ascending=1").text
    # Two flags each have the first and the last, the others ever less money.
    order = [f"customer-00{n}" for n in (0, 5, 1, 2, 3, 4)]
    places = [by_money.index(f">{name}<") for name in order]
    assert places == sorted(places, reverse=True)
    assert "No case matches" in anna.get("/cases?min_risk=999&legacy=decline").text
    assert anna.get("/cases?sort=nothing").status_code == 422
    assert anna.get("/cases?customer=%00").status_code == 200


def test_the_queue_is_sent_again_only_when_it_changed(running: Console) -> None:
    """The fragment that pages ask for is empty otherwise."""
    anna = running.person("anna")
    page = anna.get("/cases").text
    version = page.split('name="v" value="')[1].split('"')[0]
    assert anna.get(f"/cases/live?v={version}").status_code == 204
    running.person("bert").post(f"/cases/{running.cases()[0].case_id}/claim")
    changed = anna.get(f"/cases/live?v={version}")
    assert changed.status_code == 200
    assert "bert" in changed.text


def test_a_claim_keeps_others_out_until_it_ends(running: Console) -> None:
    """It warns before, can be kept, and is nobody's afterwards; a lead may take over."""
    case_id = running.cases()[0].case_id
    anna, bert, lena = (running.person(name) for name in ("anna", "bert", "lena"))
    assert "Yours until" in anna.post(f"/cases/{case_id}/claim").text
    assert "anna" in bert.post(f"/cases/{case_id}/claim").text
    assert running.case(case_id).assignee == "anna"
    refused = bert.post(f"/cases/{case_id}/decide", decision_id="d", **FRAUD)
    assert refused.status_code == 409
    running.clock.pass_s(26 * 60)
    assert "Your claim ends in 4 min" in anna.get(f"/cases/{case_id}/claim").text
    anna.post(f"/cases/{case_id}/claim?keep=1")
    running.clock.pass_s(29 * 60)
    assert running.case(case_id).holder(running.clock()) == "anna"
    lena.post(f"/cases/{case_id}/claim?keep=1")
    assert running.case(case_id).assignee == "lena"
    running.clock.pass_s(31 * 60)
    assert running.case(case_id).holder(running.clock()) is None
    running.person("bert").post(f"/cases/{case_id}/claim")
    assert running.case(case_id).assignee == "bert"


def test_a_decision_leads_to_the_next_case_and_becomes_a_label_once_it_cannot_be_undone(
    running: Console,
) -> None:
    """Not a moment before, and after a restart all the same: the ledger knows."""
    anna = running.person("anna")
    first, second = (one.case_id for one in running.cases()[:2])
    anna.post(f"/cases/{first}/claim")
    running.clock.pass_s(42)
    assert decide(anna, first, FRAUD) == f"/console/cases/{second}?after=d1"
    assert "Undo" in anna.get(f"/cases/{second}?after=d1").text
    assert "Undo" not in running.person("bert").get(f"/cases/{second}?after=d1").text
    decided = running.case(first)
    assert (decided.status, decided.disposition, decided.handling_ms) == (
        "decided",
        "confirmed_fraud",
        42_000,
    )
    running.clock.pass_s(9)
    assert sent_labels(running) == []
    running.clock.pass_s(2)
    flags = running.api.ledger.alerts_of_case(first)
    ids = {label_id_of(f"d1:{alert_id}") for alert_id in flags}
    assert set(sent_labels(running)) == ids
    assert len(sent_labels(running)) == len(ids) == decided.alerts
    label = running.published("fraud-labels")[0]
    assert (label["is_fraud"], label["source"], label["fraud_type"]) == (
        True,
        "disposition",
        "account_takeover",
    )
    assert running.api.ledger.case_totals("anna").handling_ms == 42_000


def test_an_undone_decision_leaves_no_label(running: Console) -> None:
    """The case is back with whoever decided; after the time it is too late."""
    anna, bert = running.person("anna"), running.person("bert")
    first, second = (one.case_id for one in running.cases()[:2])
    decide(anna, first, FRAUD)
    assert bert.post("/decisions/d1/undo").status_code == 409
    assert anna.post("/decisions/d1/undo").headers["location"] == f"/console/cases/{first}"
    assert running.case(first).holder(running.clock()) == "anna"
    decide(anna, second, GENUINE, "d2")
    running.clock.pass_s(11)
    assert anna.post("/decisions/d2/undo").status_code == 409
    assert all("d2" in one for one in sent_labels(running))


def test_a_form_sent_twice_decides_once(running: Console) -> None:
    """Its decision has an id that the page made."""
    anna, case_id = running.person("anna"), running.cases()[0].case_id
    decide(anna, case_id, FRAUD)
    decide(anna, case_id, FRAUD)
    assert running.actions().count("decide") == 1
    wrong = anna.post(f"/cases/{case_id}/decide", decision_id="d9", disposition="confirmed_fraud")
    assert wrong.status_code == 422


def test_nobody_approves_their_own_escalation(running: Console) -> None:
    """An analyst's goes to any lead, a lead's to another."""
    anna, lena = running.person("anna"), running.person("lena")
    one, other = (case.case_id for case in running.cases()[:2])
    anna.post(f"/cases/{one}/claim")
    assert anna.post(f"/cases/{one}/escalate", note="too large for me").status_code == 303
    assert anna.post(f"/cases/{one}/decide", decision_id="d1", **FRAUD).status_code == 409
    assert running.person("bert").post(f"/cases/{one}/claim").text.count("a lead decides") == 1
    decide(lena, one, FRAUD, "d2")
    assert "too large for me" in lena.get(f"/cases/{one}").text
    lena.post(f"/cases/{other}/escalate")
    assert lena.post(f"/cases/{other}/decide", decision_id="d3", **FRAUD).status_code == 409
    assert running.case(other).status == "open"


def test_a_lead_assigns_and_decides_many_at_once(running: Console) -> None:
    """What somebody else holds is left; an assigned case stays theirs."""
    anna, lena = running.person("anna"), running.person("lena")
    ids = [one.case_id for one in running.cases()]
    lena.post("/cases/bulk", action="assign", to="bert", case=ids[:2])
    assert [running.case(one).holder(running.clock()) for one in ids[:3]] == ["bert", "bert", None]
    running.clock.pass_s(24 * 3600)
    assert running.case(ids[0]).holder(running.clock()) == "bert"
    anna = running.person("anna")
    answered = anna.post("/cases/bulk", action="decide", case=ids[1:5], **GENUINE)
    assert "after=" in answered.headers["location"]
    assert "left=1" in answered.headers["location"]
    assert [running.case(one).status for one in ids] == ["open", "open", *["decided"] * 3, "open"]
    decision_id = answered.headers["location"].split("after=")[1].split("&")[0]
    anna.post(f"/decisions/{decision_id}/undo")
    assert {running.case(one).status for one in ids} == {"open"}


def test_a_reopened_case_is_decided_anew_and_its_label_superseded(running: Console) -> None:
    """Only a lead reopens."""
    anna, lena, case_id = running.person("anna"), running.person("lena"), running.cases()[0].case_id
    decide(anna, case_id, FRAUD)
    running.clock.pass_s(11)
    sent_labels(running)
    assert anna.post(f"/cases/{case_id}/reopen").status_code == 403
    lena.post(f"/cases/{case_id}/reopen")
    decide(lena, case_id, GENUINE, "d2")
    running.clock.pass_s(11)
    sent_labels(running)
    labels = running.published("fraud-labels")
    n = len(labels) // 2
    before = {one["transaction_id"]: one["label_id"] for one in labels[:n]}
    after = {one["transaction_id"]: one["supersedes"] for one in labels[n:]}
    assert before == after
    assert {one["is_fraud"] for one in labels[n:]} == {False}


def test_an_undetermined_case_becomes_no_label(running: Console) -> None:
    """It says nothing, so nothing is learned from it."""
    said = {"disposition": "undetermined", "reason_undetermined": "customer_unreachable"}
    decide(running.person("anna"), running.cases()[0].case_id, said)
    running.clock.pass_s(11)
    assert sent_labels(running) == []
    assert running.api.ledger.waiting_labels() == 0


def test_every_view_and_action_is_in_the_log(running: Console) -> None:
    """Who, what, which customer, from where; and card numbers in notes are masked."""
    anna, case = running.person("anna"), running.cases()[0]
    path = f"/cases/{case.case_id}"
    anna.get("/cases")
    anna.get(path)
    anna.get(f"{path}/verify?alert={case.riskiest}")
    anna.post(f"{path}/claim")
    anna.post(f"{path}/note", note="paid with 5555555555554444")
    decide(anna, case.case_id, FRAUD)
    anna.post("/decisions/d1/undo")
    anna.client.get(f"/v1/customers/{case.customer_id}/timeline")
    assert running.actions() == [
        "view queue",
        "view case",
        "verify",
        "claim",
        "note",
        "decide",
        "undo",
        "view timeline",
    ]
    about = running.api.ledger.audit_page(where={"customer_id": str(case.customer_id)})
    assert len(about) == 7
    assert {(one.actor, one.role, one.address) for one in about} == {
        ("anna", "analyst", "testclient")
    }
    page = anna.get(path).text
    assert "5555555555554444" not in page
    assert "555555******4444" in page


def test_a_case_page_tells_what_is_needed_to_decide(running: Console) -> None:
    """Reasons, the sum, the timeline, what it is linked to, the rules, the record."""
    case = running.cases()[0]
    page = running.person("rob").get(f"/cases/{case.case_id}").text
    for said in (
        "Why it was flagged",
        "Would not be flagged if",
        "adds up to",
        "✓",
        "This customer, lately",
        "Linked cases",
        "device-0",
        "Legacy rules",
        "additivity_error",
        "opened by the first flag",
    ):
        assert said in page
    assert "data-decide" not in page
    assert running.person("rob").get("/cases/case-none").status_code == 404
    assert running.person("rob").get(f"/alerts/{case.riskiest}").url.path.endswith(case.case_id)


def test_verify_says_when_something_stored_is_not_what_it_was(running: Console) -> None:
    """The button is worth something only if it can fail."""
    case, rob = running.cases()[0], running.person("rob")
    path = f"/cases/{case.case_id}/verify?alert={case.riskiest}"
    assert "identical, bit for bit" in rob.get(path).text
    with running.api.ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE scores SET log_odds = log_odds + 0.0001")
    assert "✗ Differs from what is stored" in rob.get(path).text


def test_names_that_look_like_markup_are_text(running: Console) -> None:
    """Whatever a payment or a person says."""
    with running.api.ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE cases SET customer_id = '<script>alert(1)</script>'")
    case_id = running.cases()[0].case_id
    for path in ("/cases", f"/cases/{case_id}"):
        page = running.person("anna").get(path).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert" in page


def test_a_user_is_never_shown_with_a_hash(running: Console) -> None:
    """Nothing that leaves the ledger for a page holds one."""
    user = running.api.ledger.user("anna")
    assert isinstance(user, User)
    assert user.password_hash is not None
    for path in ("/cases", "/audit", "/operations"):
        assert user.password_hash not in running.person("lena").get(path).text
