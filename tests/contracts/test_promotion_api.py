"""Promotion over HTTP: the same refusals as on the command line, and who may ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from builders.api import Api, api
from builders.promotions import Office
from plugins.bundles import make_bundle

from models.bundle import load_bundle
from service.people.roles import may
from service.promotion.pack import packs_dir


@pytest.fixture
def served(ledger_url: str, tmp_path: Path) -> Iterator[tuple[Api, Office, str]]:
    """Give an API, people with keys, and the id of a challenger."""
    champion = make_bundle(tmp_path / "champion", threshold=1.0)
    other = make_bundle(tmp_path / "other", name="other", threshold=-50.0)
    with api(ledger_url, tmp_path, champion, challenger_paths=[other]) as one:
        folder = packs_dir(one.parts.settings)
        folder.mkdir(parents=True)
        office = Office(one.ledger, folder, first=load_bundle(champion).bundle_id)
        yield one, office, load_bundle(other).bundle_id


def test_it_promotes_and_rolls_back_with_the_same_refusals(
    served: tuple[Api, Office, str],
) -> None:
    """What is missing is listed; nothing half happens."""
    one, office, other = served
    pack = office.pack(other)
    office.sign(pack, office.signer("alice"))
    refused = one.client.post(f"/v1/models/{other}/promote", json={"pack": pack.folder.name})
    assert refused.status_code == 409
    assert refused.json()["type"].endswith(":promotion-refused")
    assert "only alice has" in refused.json()["errors"][0]["error"]
    office.sign(pack, office.signer("bob"))
    done = one.client.post(f"/v1/models/{other}/promote", json={"pack": pack.folder.name})
    assert done.status_code == 200
    assert done.json()["signed_by"] == ["alice", "bob"]
    assert one.client.get("/v1/models").json()["models"][0]["bundle_id"] == other
    wrong = one.client.post(f"/v1/models/{office.first}/rollback", json={"reason": "why not"})
    assert wrong.status_code == 409
    assert "is not champion" in wrong.json()["detail"]
    back = one.client.post(f"/v1/models/{other}/rollback", json={"reason": "false alarms"})
    assert back.json()["bundle_id"] == office.first
    assert [row["kind"] for row in one.client.get("/v1/promotion").json()["history"]] == [
        "rollback", "promote",
    ]  # fmt: skip


def test_it_tells_evidence_signatures_and_what_is_missing(served: tuple[Api, Office, str]) -> None:
    """Enough to see, before anybody tries, why a promotion would be refused."""
    one, office, other = served
    office.pack("another", verdict="reject")
    pack = office.pack(other)
    office.sign(pack, office.signer("alice"))
    told = one.client.get("/v1/promotion", params={"bundle_id": other}).json()
    assert told["champion"] == told["first_champion"] == office.first
    assert [signer["name"] for signer in told["signers"]] == ["alice"]
    (shown,) = told["packs"]
    assert shown["pack_sha256"] == pack.sha256
    assert [(each["name"], each["valid"]) for each in shown["signatures"]] == [("alice", True)]
    assert len(shown["missing"]) == 1
    assert len(one.client.get("/v1/promotion").json()["packs"]) == 2


def test_only_packs_in_their_folder_are_read(served: tuple[Api, Office, str]) -> None:
    """No path leads out of it; a touched pack is refused as on the command line."""
    one, office, other = served
    for name in ("../pack", "/etc", ".hidden", ""):
        asked = one.client.post(f"/v1/models/{other}/promote", json={"pack": name})
        assert asked.status_code == 422
    missing = one.client.post(f"/v1/models/{other}/promote", json={"pack": "none"})
    assert missing.json()["type"].endswith(":pack-refused")
    pack = office.pack(other)
    (pack.folder / "evidence.html").write_text("better")
    touched = one.client.post(f"/v1/models/{other}/promote", json={"pack": pack.folder.name})
    assert touched.status_code == 409
    assert "evidence.html was changed" in touched.json()["detail"]


def test_analysts_do_not_promote() -> None:
    """Risk teams and administrators do, and programs with a token."""
    assert [role for role in ("analyst", "lead", "risk", "admin", "read-only", "program")
            if may(role, "promote")] == ["risk", "admin", "program"]  # fmt: skip
