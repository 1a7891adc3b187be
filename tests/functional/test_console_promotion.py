"""Sign-off in the console: what is asked, who has signed, and every act in the audit log."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from builders.console import Console, Person, console
from builders.promotions import Office
from plugins.bundles import make_bundle

from models.bundle import load_bundle
from service.promotion.pack import Pack, packs_dir
from service.promotion.signing import SignerKey


@dataclass
class Desk:
    """A console, people with keys, and a pack about a challenger that may be promoted."""

    console: Console
    office: Office
    pack: Pack
    keys: dict[str, SignerKey]

    def approval(self, name: str) -> str:
        """Return what `penumbra models sign --print` gives somebody."""
        key = self.keys[name]
        return key.approve(self.pack.sha256, self.pack.manifest.bundle_id).text()

    def sign(self, person: Person, name: str) -> int:
        """Hand in a signature; return the status."""
        return person.post("/promotion/signatures", approval=self.approval(name)).status_code


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk at which rita and adam may sign."""
    other = make_bundle(tmp_path / "other", name="other", threshold=-50.0)
    with console(tmp_path, customers=0, challenger_paths=[other]) as running:
        folder = packs_dir(running.api.parts.settings)
        folder.mkdir(parents=True)
        first = running.api.parts.lineup.champion.bundle.bundle_id
        office = Office(running.api.ledger, folder, first=first)
        keys = {name: office.signer(name) for name in ("rita", "adam")}
        for file in folder.glob("*.key"):
            file.unlink()
        yield Desk(running, office, office.pack(load_bundle(other).bundle_id), keys)


def test_two_people_sign_one_promotes_and_one_goes_back(desk: Desk) -> None:
    """From the first look to the rollback; each act is in the audit log, by whom and about what."""
    rita, adam = desk.console.person("rita"), desk.console.person("adam")
    candidate, first = desk.pack.manifest.bundle_id, desk.office.first
    page = rita.get("/promotion").text
    assert "0 of 2" in page
    assert f"penumbra models sign {desk.pack.folder.name} --as rita --print" in page
    assert desk.pack.sha256 in page
    assert "Make it champion" not in page
    assert desk.sign(rita, "rita") == 303
    page = rita.get("/promotion").text
    assert "You have signed it." in page
    assert "only rita has signed" in page
    assert rita.post(f"/promotion/packs/{desk.pack.sha256}/promote").status_code == 409
    assert desk.sign(adam, "adam") == 303
    assert "Make it champion" in adam.get("/promotion").text
    done = adam.post(f"/promotion/packs/{desk.pack.sha256}/promote")
    assert (done.status_code, desk.office.champion()) == (303, candidate)
    page = rita.get("/promotion").text
    assert f"{candidate} is champion" in page
    assert f"Go back from {candidate} to {first}" in page
    assert rita.post("/promotion/rollback", champion=candidate, reason=" ").status_code == 409
    assert rita.post("/promotion/rollback", champion=first, reason="why not").status_code == 409
    back = rita.post("/promotion/rollback", champion=candidate, reason="alerts doubled")
    assert (back.status_code, desk.office.champion()) == (303, first)
    log = desk.console.api.ledger.audit_page(limit=100, where={})
    acts = [(one.actor, one.role, one.action) for one in reversed(log) if "view" not in one.action]
    assert acts == [
        ("operator", "admin", "add signer"),
        ("operator", "admin", "add signer"),
        ("operator", "admin", "build evidence"),
        ("rita", "risk", "sign evidence"),
        ("adam", "admin", "sign evidence"),
        ("adam", "admin", "promote"),
        ("rita", "risk", "rollback"),
    ]
    assert log[0].detail == f"{first} after {candidate}, reason: alerts doubled"
    assert desk.pack.sha256 in (log[2].detail or "")


def test_everybody_hands_in_their_own_signature_once(desk: Desk) -> None:
    """Another's, a second one, one that is broken, one of another key: refused, with the reason."""
    rita = desk.console.person("rita")
    theirs = rita.post("/promotion/signatures", approval=desk.approval("adam"))
    assert theirs.status_code == 422
    assert "everybody hands in their own" in theirs.text
    half = rita.post("/promotion/signatures", approval=desk.approval("rita")[:80])
    assert "paste all five lines" in half.text
    stranger = desk.office.key("rita").approve(desk.pack.sha256, desk.pack.manifest.bundle_id)
    wrong = rita.post("/promotion/signatures", approval=stranger.text())
    assert wrong.status_code == 409
    assert "not the key of rita that the ledger knows" in wrong.text
    assert desk.sign(rita, "rita") == 303
    assert desk.sign(rita, "rita") == 409
    assert len(desk.console.api.ledger.signatures(desk.pack.sha256)) == 1


@pytest.mark.parametrize("name", ["anna", "lena", "rob"])
def test_who_may_not_promote_sees_it_and_changes_nothing(desk: Desk, name: str) -> None:
    """No form on the page, and none accepted."""
    person = desk.console.person(name)
    page = person.get("/promotion").text
    assert desk.pack.manifest.bundle_id in page
    assert "<textarea" not in page
    for path in ("signatures", "rollback", f"packs/{desk.pack.sha256}/promote"):
        assert person.post(f"/promotion/{path}").status_code == 403


def test_a_form_of_another_page_signs_nothing(desk: Desk) -> None:
    """Without the session's token neither signature nor promotion nor rollback."""
    rita = desk.console.person("rita")
    for path in ("signatures", "rollback", f"packs/{desk.pack.sha256}/promote"):
        assert rita.post(f"/promotion/{path}", csrf="0" * 64).status_code == 403


def test_the_evidence_is_read_as_it_was_built(desk: Desk) -> None:
    """A file to keep, noted; touched or elsewhere, it is refused and the page says where it is."""
    rita = desk.console.person("rita")
    path = f"/promotion/packs/{desk.pack.sha256}/evidence"
    read = rita.get(path)
    assert read.text == "<p>evidence</p>"
    assert read.headers["content-disposition"].startswith("attachment")
    assert desk.console.actions()[-1] == "read evidence"
    (desk.pack.folder / "evidence.html").write_text("better")
    assert "evidence.html was changed" in rita.get(path).text
    page = rita.get("/promotion").text
    assert "Read the evidence" not in page
    assert "its folder is not in" in page


def test_earlier_packs_can_be_opened(desk: Desk) -> None:
    """The newest is shown unless another is asked for."""
    later = desk.office.pack("another", verdict="reject")
    rita = desk.console.person("rita")
    assert "another held against gate" in rita.get("/promotion").text
    page = rita.get(f"/promotion?pack={desk.pack.sha256}").text
    assert f"{desk.pack.manifest.bundle_id} held against gate" in page
    assert f"?pack={later.sha256}" in page


def test_without_a_key_the_page_says_how_to_get_one(desk: Desk) -> None:
    """A key is made where its owner sits, and its public half is handed over."""
    desk.console.api.ledger.add_user("ruth", "risk", "x")
    page = desk.console.person("ruth").get("/promotion").text
    assert "penumbra models signer key ruth" in page
    assert "<textarea" not in page
