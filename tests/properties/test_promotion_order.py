"""No order of events makes a champion of a bundle that two different people did not sign for."""

import contextlib
import shutil
import tempfile
from pathlib import Path

import pytest
from builders.promotions import Office
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from service.ledger import Ledger
from service.promotion import signers
from service.promotion.errors import PackRefused, PromotionRefused
from service.promotion.pack import Pack, read_pack
from service.promotion.signing import SignerKey
from service.promotion.standing import unproven

PEOPLE = st.sampled_from(["alice", "bob", "carol"])
BUNDLES = st.sampled_from(["one", "two"])


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an empty ledger to copy: migrating one for each example would take seconds."""
    path = tmp_path_factory.mktemp("empty") / "ledger.db"
    Ledger.open(f"sqlite:///{path}").close()
    return path


class Promotions(RuleBasedStateMachine):
    """People who add keys, sign, touch packs, promote and roll back, in any order."""

    template: Path

    def __init__(self) -> None:
        """Begin with an empty ledger."""
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "ledger.db")
        self.ledger = Ledger.open(f"sqlite:///{self.folder}/ledger.db")
        self.office = Office(self.ledger, self.folder)
        self.keys: dict[str, SignerKey] = {}
        self.packs: list[tuple[str, Pack]] = []
        self.signed: dict[str, set[bytes]] = {}

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.ledger.close()
        shutil.rmtree(self.folder)

    @rule(name=PEOPLE, other=PEOPLE)
    def add(self, name: str, other: str) -> None:
        """Make somebody a signer, by an own key or by another's."""
        key = self.keys[other] if other in self.keys else self.office.key(name)
        with contextlib.suppress(PromotionRefused):
            signers.add(self.ledger, name, key.public_key, by="op", now_ms=self.office.now())
            self.keys[name] = SignerKey(name, key.public_key, key._private)

    @rule(name=PEOPLE)
    def revoke(self, name: str) -> None:
        """Let a key count no more."""
        with contextlib.suppress(PromotionRefused):
            signers.revoke(self.ledger, name, by="op", reason="x", now_ms=self.office.now())

    @rule(bundle=BUNDLES, verdict=st.sampled_from(["promote", "promote", "reject"]))
    def build(self, bundle: str, verdict: str) -> None:
        """Build a pack."""
        self.packs.append((verdict, self.office.pack(bundle, verdict=verdict)))

    @rule(name=PEOPLE, back=st.integers(1, 3))
    def sign(self, name: str, back: int) -> None:
        """Sign one of the last packs."""
        if name not in self.keys or back > len(self.packs):
            return
        pack, key = self.packs[-back][1], self.keys[name]
        with contextlib.suppress(PromotionRefused):
            self.office.sign(pack, key)
            self.signed.setdefault(pack.sha256, set()).add(key.public_key)

    @rule(back=st.integers(1, 3))
    def touch(self, back: int) -> None:
        """Change a byte of a pack."""
        if back <= len(self.packs):
            file = self.packs[-back][1].folder / "evidence.html"
            file.write_bytes(file.read_bytes() + b" ")

    @rule(bundle=BUNDLES, back=st.integers(1, 3))
    def promote(self, bundle: str, back: int) -> None:
        """Promote on one of the last packs; whatever works must have had all it takes."""
        if back > len(self.packs):
            return
        verdict, pack = self.packs[-back]
        with contextlib.suppress(PromotionRefused, PackRefused):
            self.office.promote(bundle, read_pack(pack.folder))
            assert verdict == "promote"
            assert pack.manifest.bundle_id == bundle
            assert len(self.signed[pack.sha256]) >= 2

    @rule()
    def roll_back(self) -> None:
        """Go back, if there is somewhere to go."""
        with contextlib.suppress(PromotionRefused):
            self.office.roll_back()

    @invariant()
    def every_champion_is_proven(self) -> None:
        """Each change of champion in the ledger stands up to those who follow it."""
        history = self.ledger.promotions()
        assert [one for one in history if unproven(self.ledger, one)] == []
        for one in history:
            if one.kind == "promote":
                assert len(set(one.signed_by)) >= 2
                assert len(self.signed[str(one.pack_sha256)]) >= 2


def test_no_order_of_events_promotes_without_two_different_signers(empty: Path) -> None:
    """Random orders of everything that people can do."""
    Promotions.template = empty
    machine = Promotions.TestCase()
    machine.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
    machine.runTest()
