"""No order of events makes a champion of a bundle that two different people did not sign for."""

import contextlib
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from builders.promotions import OPERATOR, Office
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.ledger import Ledger
from service.promotion import signers
from service.promotion.errors import PackRefused, PromotionRefused
from service.promotion.pack import Pack, read_pack
from service.promotion.signing import SignerKey
from service.promotion.standing import unproven

PEOPLE = ("alice", "bob", "carol")
BUNDLES = ("one", "two")
STEPS = 40


class Walk:
    """People who add keys, sign, touch packs, promote and roll back, as dice say."""

    def __init__(self, ledger: Ledger, folder: Path, rng: np.random.Generator) -> None:
        self.ledger = ledger
        self.office = Office(ledger, folder)
        self.rng = rng
        self.keys: dict[str, SignerKey] = {}
        self.packs: list[tuple[str, Pack]] = []
        self.signed: dict[str, set[bytes]] = {}
        self.promoted = 0

    def step(self) -> None:
        """Do one thing, and see that a champion who came of it is proven."""
        acts = {
            self.add: 3, self.revoke: 0.5, self.build: 2, self.sign: 6, self.touch: 0.5,
            self.promote: 4, self.roll_back: 0.5,
        }  # fmt: skip
        weights = np.array(list(acts.values()))
        act = list(acts)[self.rng.choice(len(acts), p=weights / weights.sum())]
        before = self.ledger.newest_promotion()
        with contextlib.suppress(PromotionRefused, PackRefused):
            act()
        newest = self.ledger.newest_promotion()
        if newest is not None and newest != before:
            assert unproven(self.ledger, newest) == []

    def add(self) -> None:
        """Make somebody a signer, by an own key or, at times, by another's."""
        name, other = self.rng.choice(PEOPLE, 2).tolist()
        known = self.keys.get(other) if self.rng.random() < 0.3 else None
        key = known or self.office.key(name)
        signers.add(self.ledger, name, key.public_key, by=OPERATOR, now_ms=self.office.now())
        self.keys[name] = SignerKey(name, key.public_key, key._private)

    def revoke(self) -> None:
        """Let a key count no more."""
        name = str(self.rng.choice(PEOPLE))
        signers.revoke(self.ledger, name, by=OPERATOR, reason="x", now_ms=self.office.now())

    def build(self) -> None:
        """Build a pack."""
        verdict = str(self.rng.choice(["promote", "reject", "keep shadowing"], p=[0.7, 0.1, 0.2]))
        pack = self.office.pack(str(self.rng.choice(BUNDLES)), verdict=verdict)
        self.packs.append((verdict, pack))

    def sign(self) -> None:
        """Have somebody sign one of the last packs."""
        name, pack = str(self.rng.choice(PEOPLE)), self.one_of_the_last()[1]
        if name in self.keys:
            self.office.sign(pack, self.keys[name])
            self.signed.setdefault(pack.sha256, set()).add(self.keys[name].public_key)

    def touch(self) -> None:
        """Change a byte of a pack."""
        file = self.one_of_the_last()[1].folder / "evidence.html"
        file.write_bytes(file.read_bytes() + b" ")

    def promote(self) -> None:
        """Promote on one of the last packs; whatever works must have had all it takes."""
        verdict, pack = self.one_of_the_last()
        mine = self.rng.random() < 0.9
        bundle = pack.manifest.bundle_id if mine else str(self.rng.choice(BUNDLES))
        done = self.office.promote(bundle, read_pack(pack.folder))
        self.promoted += 1
        assert verdict == "promote"
        assert bundle == pack.manifest.bundle_id
        assert len(set(done.signed_by)) >= 2
        assert len(self.signed[pack.sha256]) >= 2

    def roll_back(self) -> None:
        """Go back, if there is somewhere to go."""
        self.office.roll_back()

    def one_of_the_last(self) -> tuple[str, Pack]:
        """Return one of the last two packs."""
        if not self.packs:
            self.build()
        return self.packs[-int(self.rng.integers(1, min(2, len(self.packs)) + 1))]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an empty ledger to copy: migrating one for each example would take seconds."""
    path = tmp_path_factory.mktemp("empty") / "ledger.db"
    Ledger.open(f"sqlite:///{path}").close()
    return path


def walked(empty: Path, seed: int) -> int:
    """Walk, and return how many promotions worked."""
    with TemporaryDirectory() as folder:
        shutil.copy(empty, f"{folder}/ledger.db")
        ledger = Ledger.open(f"sqlite:///{folder}/ledger.db")
        walk = Walk(ledger, Path(folder), np.random.default_rng(seed))
        for _ in range(STEPS):
            walk.step()
        ledger.close()
        return walk.promoted


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9))
def test_no_order_of_events_promotes_without_two_different_signers(empty: Path, seed: int) -> None:
    """Random orders of everything that people can do."""
    walked(empty, seed)


def test_such_walks_do_promote(empty: Path) -> None:
    """Of walks that never promote nothing would be shown."""
    assert sum(walked(empty, seed) for seed in range(5)) > 0
