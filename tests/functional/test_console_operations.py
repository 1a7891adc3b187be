"""For operators: the page, dead letters sent in again, users by the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.console import Console, console
from builders.ledger_rows import dead_letter_rows, own
from click.testing import CliRunner

from service.cli import penumbra
from service.commands import dead_letters
from service.ledger import Commit, Ledger

BAD = {
    "transaction_id": "bad", "customer_id": "c", "merchant_id": "m", "amount_minor": 5,
    "currency": "EUR", "occurred_at": "2026-07-01T12:00:00",
}  # fmt: skip


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Console]:
    """Give a console without cases, with refused records of three streams."""
    with console(tmp_path, customers=0) as started:
        started.api.client.post("/v1/score", json=BAD)
        for stream in ("transactions", "fraud-labels"):
            lease = own(started.api.ledger, stream=stream)
            letters = dead_letter_rows([0])
            counters = {"consumed": 1, "dead_letters": 1}
            batch = Commit(next_offset=1, counters=counters, dead_letters=letters)
            started.api.ledger.commit(lease, batch)
        yield started


def test_the_page_accounts_for_everything_and_says_what_is_missing(running: Console) -> None:
    """Also before anything was read."""
    page = running.person("rob").get("/operations").text
    for said in ("all accounted for ✓", "http/0", "naive time", "flag to explanation",
                 "None of the newest 500", "not set"):  # fmt: skip
        assert said in page
    assert "Send chosen again" not in page
    assert running.person("rob").get("/operations/live").status_code == 200
    assert running.person("rob").get("/operations?reason=none").text.count("None of this reason")


def test_dead_letters_go_in_again_the_way_they_came(running: Console) -> None:
    """HTTP's are scored again, labels go to their topic, inputs we only read are handed back."""
    adam, ledger = running.person("adam"), running.api.ledger
    ids = [one.id for one in ledger.dead_letters()]
    page = adam.get("/operations").text
    assert "Send chosen again" in page
    answered = adam.post("/operations/redrive", letter=[str(one) for one in ids])
    assert answered.status_code == 303
    handed = running.api.broker.log("penumbra.redrive").records[0]
    assert [record.value for record in handed] == [b"\xff{\x00"]
    assert dict(handed[0].headers)["source_topic"] == b"transactions"
    assert len(running.api.broker.log("fraud-labels").records[0]) == 1
    assert ledger.coverage().streams["http"]["dead_letters"] == 2, "still wrong, so refused again"
    assert [one.redriven_ms is not None for one in ledger.dead_letters_by_id(ids)] == [True] * 3
    adam.post("/operations/redrive", letter=[str(one) for one in ids])
    assert len(handed) == 1
    assert running.actions().count("redrive") == 2


def test_masked_records_are_not_sent_again(running: Console) -> None:
    """What lost its card number is not what was sent."""
    ledger = running.api.ledger
    running.api.client.post("/v1/score", json=BAD | {"customer_id": "5555555555554444"})
    letter = ledger.dead_letters()[-1]
    assert b"555555******4444" in letter.payload
    running.person("adam").post("/operations/redrive", letter=str(letter.id))
    assert ledger.dead_letters_by_id([letter.id])[0].redriven_ms is None


def test_dead_letters_are_listed_and_redriven_by_command(
    running: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By id or by reason, never all without being told."""
    monkeypatch.setenv("PENUMBRA_DATABASE_URL", running.api.ledger.where)
    scored: list[bytes] = []
    monkeypatch.setattr(dead_letters, "_scoring", lambda _: scored.append)
    run = CliRunner()
    listed = run.invoke(penumbra, ["dead-letters", "list", "--bytes"]).output
    assert "naive_time" in listed
    assert "has no offset from UTC" in listed
    assert '"transaction_id"' in listed
    assert "say which" in str(run.invoke(penumbra, ["dead-letters", "redrive"]).exception)
    done = run.invoke(penumbra, ["dead-letters", "redrive", "--reason", "naive_time"])
    assert "1 taken again" in done.output, done
    assert len(scored) == 1
    assert "(sent again)" in run.invoke(penumbra, ["dead-letters", "list"]).output


def test_users_are_made_and_changed_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No default password, no two of a name, every change in the log."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setenv("PENUMBRA_DATABASE_URL", url)
    run = CliRunner()

    def users(*words: str, typed: str | None = None) -> str:
        done = run.invoke(penumbra, ["users", *words], input=typed)
        return f"{done.output}{done.exception or ''}"

    assert "no users" in users("list")
    assert "12 to 200 characters" in users("add", "ann", "--role", "lead", typed="short\n")
    assert "may sign in" in users("add", "ann", "--role", "lead", typed="long enough a one\n")
    assert "already" in users("add", "ann", "--role", "lead", typed="long enough a one\n")
    assert "is no user name" in users("add", "a b", "--role", "lead", "--no-password")
    assert "root" in users("add", "bob", "--role", "root", "--no-password")
    users("add", "bob", "--role", "risk", "--no-password")
    users("set-role", "bob", "--role", "admin")
    users("set-password", "ann", typed="another long one\n")
    users("disable", "ann")
    assert "/console/enter?ticket=" in users("link", "bob")
    assert "there is no user" in users("disable", "eve")
    listed = users("list").splitlines()
    assert [line.split() for line in listed] == [
        ["ann", "lead", "password", "disabled"],
        ["bob", "admin", "proxy", "or", "link", "active"],
    ]
    ledger = Ledger.open(url)
    assert [one.action for one in reversed(ledger.audit_page(where={}))] == [
        "add user", "add user", "set-role", "set-password", "disable", "sign-in link",
    ]  # fmt: skip
    ledger.close()
