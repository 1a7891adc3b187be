"""Signing, promoting and rolling back, on both databases: what is missing is refused and said."""

from pathlib import Path
from threading import Thread

import pytest
from builders.promotions import OPERATOR, Office
from sqlalchemy import exc, text

from service.ledger import Ledger
from service.ledger.promotion import Signature, add_promotion, add_signature
from service.promotion import signers
from service.promotion.errors import PromotionRefused
from service.promotion.signing import fingerprint
from service.promotion.standing import unproven


@pytest.fixture
def office(ledger: Ledger, tmp_path: Path) -> Office:
    """Give an office on an empty ledger."""
    return Office(ledger, tmp_path)


def test_two_people_promote_and_one_rolls_back(office: Office) -> None:
    """The whole way there and back, each step a fact of its own."""
    pack = office.pack("candidate")
    assert office.sign(pack, office.signer("alice")) == ("alice",)
    assert office.sign(pack, office.signer("bob")) == ("alice", "bob")
    done = office.promote("candidate", pack)
    assert (done.number, done.bundle_id, done.previous_id) == (1, "candidate", "tiny-first")
    assert done.signed_by == ("alice", "bob")
    assert office.champion() == "candidate"
    back = office.roll_back("false alarms doubled")
    assert (back.kind, back.bundle_id, back.reason) == (
        "rollback", "tiny-first", "false alarms doubled",
    )  # fmt: skip
    assert office.ledger.promotions() == [done, back]


def test_a_promotion_says_everything_that_is_missing_at_once(office: Office) -> None:
    """One line names each fault, so that nobody mends them one after the other."""
    office.sign(pack := office.pack("other", verdict="keep shadowing"), office.signer("alice"))
    with pytest.raises(PromotionRefused) as refused:
        office.promote("candidate", pack)
    said = str(refused.value)
    assert "is about other, not about candidate" in said
    assert "its verdict is 'keep shadowing'" in said
    assert "only alice has signed" in said
    assert len(refused.value.missing) == 3
    assert "\n" not in said


def test_a_pack_that_this_ledger_did_not_build_counts_for_nothing(office: Office) -> None:
    """Its figures could be anyone's."""
    pack = office.pack("candidate", known=False)
    with pytest.raises(PromotionRefused, match="did not build that pack"):
        office.sign(pack, office.signer("alice"))
    with pytest.raises(PromotionRefused, match="did not build that pack"):
        office.promote("candidate", pack)


def test_evidence_against_an_earlier_champion_is_stale(office: Office) -> None:
    """What was compared with one champion says nothing against the next."""
    alice, bob = office.signer("alice"), office.signer("bob")
    stale, pack = office.pack("late"), office.pack("candidate")
    for one in (stale, pack):
        office.sign(one, alice)
        office.sign(one, bob)
    office.promote("candidate", pack)
    with pytest.raises(PromotionRefused, match="built while tiny-first was champion"):
        office.promote("late", stale)
    with pytest.raises(PromotionRefused, match="is champion already"):
        office.promote("candidate", pack)


def test_a_later_rejection_stands_in_the_way_of_an_earlier_pack(office: Office) -> None:
    """Nobody picks the look that pleased best."""
    pack = office.pack("candidate")
    for name in ("alice", "bob"):
        office.sign(pack, office.signer(name))
    office.pack("candidate", verdict="reject")
    with pytest.raises(PromotionRefused, match="a later pack rejects"):
        office.promote("candidate", pack)


def test_nobody_signs_twice_nor_with_a_strangers_key(office: Office) -> None:
    """Two signatures are of two people, each with the key that the ledger knows."""
    pack, alice = office.pack("candidate"), office.signer("alice")
    office.sign(pack, alice)
    with pytest.raises(PromotionRefused, match="alice has signed it already"):
        office.sign(pack, alice)
    office.signer("bob")
    with pytest.raises(PromotionRefused, match="not the key of bob"):
        office.sign(pack, office.key("bob"))
    with pytest.raises(PromotionRefused, match="mallory may not sign"):
        office.sign(pack, office.key("mallory"))


def test_one_key_belongs_to_one_person(office: Office) -> None:
    """A second name for the same key would make two people of one."""
    alice = office.signer("alice")
    with pytest.raises(PromotionRefused, match="this key is that of alice"):
        signers.add(office.ledger, "bob", alice.public_key, by=OPERATOR, now_ms=office.now())
    with pytest.raises(PromotionRefused, match="has a key already"):
        office.signer("alice")
    with pytest.raises(PromotionRefused, match="no name for a signer"):
        office.signer("Alice\nBob")


def test_a_revoked_key_counts_no_more(office: Office) -> None:
    """Neither for packs to come nor for those signed and not yet promoted."""
    pack, alice, bob = office.pack("candidate"), office.signer("alice"), office.signer("bob")
    office.sign(pack, alice)
    office.sign(pack, bob)
    signers.revoke(office.ledger, "bob", by=OPERATOR, reason="left", now_ms=office.now())
    with pytest.raises(PromotionRefused, match="only alice has signed"):
        office.promote("candidate", pack)
    with pytest.raises(PromotionRefused, match="there is no such signer; there are: alice"):
        signers.revoke(office.ledger, "bob", by=OPERATOR, reason="left", now_ms=office.now())


def test_pinned_signers_are_the_only_ones(office: Office) -> None:
    """Whoever may add signers to the ledger still cannot add them to the settings."""
    pack, alice, bob = office.pack("candidate"), office.signer("alice"), office.signer("bob")
    office.sign(pack, alice)
    office.sign(pack, bob)
    office.pinned = {"alice": fingerprint(alice.public_key), "bob": "0" * 64}
    with pytest.raises(PromotionRefused, match="only alice has signed"):
        office.promote("candidate", pack)
    office.pinned["bob"] = fingerprint(bob.public_key)
    office.promote("candidate", pack)


def test_a_signature_of_another_pack_proves_nothing(office: Office) -> None:
    """Copied from one pack to the next by someone who can write the database."""
    alice, bob = office.signer("alice"), office.signer("bob")
    first, second = office.pack("candidate"), office.pack("candidate")
    for key in (alice, bob):
        office.sign(first, key)
    with office.ledger.begin() as connection:
        for one in office.ledger.signatures(first.sha256):
            copied = Signature(second.sha256, one.name, one.public_key, one.signature, 0)
            add_signature(connection, copied)
    with pytest.raises(PromotionRefused, match="nobody has signed"):
        office.promote("candidate", second)


def test_a_rollback_needs_a_reason_and_somewhere_to_go(office: Office) -> None:
    """One person suffices, but not without a word."""
    with pytest.raises(PromotionRefused, match="no champion before"):
        office.roll_back()
    office.promoted("candidate")
    with pytest.raises(PromotionRefused, match="needs a reason"):
        office.roll_back(" ")


def test_rollbacks_go_back_one_champion_at_a_time(office: Office) -> None:
    """After three promotions the way back is the way there, and ends at the first champion."""
    for name in ("a", "b", "c"):
        office.promoted(name)
    assert [office.roll_back().bundle_id for _ in range(3)] == ["b", "a", "tiny-first"]
    with pytest.raises(PromotionRefused, match="no champion before"):
        office.roll_back()


def test_a_row_written_past_the_rules_is_seen(office: Office) -> None:
    """A champion without two signatures, or a rollback to a bundle that never led, is unproven."""
    with office.ledger.begin() as connection:
        one = add_promotion(
            connection, kind="promote", bundle_id="smuggled", previous_id="tiny-first",
            pack_sha256="0" * 64, signed_by=("alice", "bob"), by="mallory", reason=None, now_ms=1,
        )  # fmt: skip
        two = add_promotion(
            connection, kind="rollback", bundle_id="worse", previous_id="smuggled",
            pack_sha256=None, signed_by=(), by="mallory", reason="so", now_ms=2,
        )  # fmt: skip
    assert unproven(office.ledger, one) == ["it carries 0 valid signatures, not 2"]
    assert unproven(office.ledger, two) == ["it goes back to a bundle that was not champion before"]


def test_a_signer_who_left_since_did_sign(office: Office) -> None:
    """Revoking a key does not unseat the champions of the past."""
    done = office.promoted("candidate")
    for name in done.signed_by:
        signers.revoke(office.ledger, name, by=OPERATOR, reason="left", now_ms=office.now())
    assert unproven(office.ledger, done) == []


@pytest.mark.parametrize("table", ["signers", "evidence_packs", "signatures", "promotions"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {}", "DELETE FROM {}"])
def test_the_database_refuses_to_change_what_was_recorded(
    office: Office, table: str, change: str
) -> None:
    """Append-only by the database itself, not by our good behaviour."""
    office.promoted("candidate")
    column = {"signatures": "name = 'x'"}.get(table, "number = number + 1")
    with pytest.raises(exc.IntegrityError, match="never changed"), office.ledger.begin() as one:
        one.execute(text(change.format(table, column)))


def test_two_who_promote_at_once_do_not_both(office: Office) -> None:
    """One act at a time: the second reads what the first wrote, and is refused."""
    pack = office.pack("candidate")
    for name in ("alice", "bob"):
        office.sign(pack, office.signer(name))
    done: list[str] = []

    def promote() -> None:
        try:
            done.append(office.promote("candidate", pack).bundle_id)
        except PromotionRefused as refused:
            done.append(str(refused))

    threads = [Thread(target=promote) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert done.count("candidate") == 1
    assert sum("is champion already" in one for one in done) == 2
    assert len(office.ledger.promotions()) == 1
