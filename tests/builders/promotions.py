"""Signers, evidence packs and promotions on a ledger, without a shadow period behind them."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path

from service.ledger import Ledger
from service.ledger.audit import By
from service.ledger.promotion import Promotion
from service.promotion import acts, signers
from service.promotion.pack import Pack, PackManifest, write_pack
from service.promotion.signing import SignerKey, make_key

NOW_MS = 1_785_600_000_000
PASSPHRASE = "a long one of tests"  # noqa: S105 - opens keys of tests only
CHEAP = 2
"""scrypt's cost in tests."""
FIRST = "tiny-first"
FINDINGS = b'[{"condition":"days","asked":"at least 28","found":"31","status":"met"}]'
OPERATOR = By("operator", "admin")


@dataclass
class Office:
    """People, their keys, and packs on one ledger. The clock goes on by a second an act."""

    ledger: Ledger
    folder: Path
    first: str = FIRST
    pinned: dict[str, str] = field(default_factory=dict)
    _ticks: "itertools.count[int]" = field(default_factory=lambda: itertools.count(NOW_MS, 1000))

    def now(self) -> int:
        """Return the time, later than before."""
        return next(self._ticks)

    def key(self, name: str) -> SignerKey:
        """Make a key whose public half nobody knows yet."""
        return make_key(self.folder / f"{name}-{self.now()}.key", name, PASSPHRASE, n=CHEAP)

    def signer(self, name: str) -> SignerKey:
        """Make a person a signer."""
        made = self.key(name)
        signers.add(self.ledger, name, made.public_key, by=OPERATOR, now_ms=self.now())
        return made

    def champion(self) -> str:
        """Return who is champion."""
        newest = self.ledger.newest_promotion()
        return self.first if newest is None else newest.bundle_id

    def pack(self, bundle_id: str, *, verdict: str = "promote", known: bool = True) -> Pack:
        """Build a pack about a bundle; `known` says that this ledger built it."""
        number = self.now()
        manifest = PackManifest(
            bundle_id=bundle_id,
            champion_id=self.champion(),
            verdict=verdict,
            gate="gate@1",
            gate_sha256="0" * 64,
            window=("2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z"),
            built_at="2026-08-01T00:00:00Z",
        )
        files = {"evidence.json": str(number).encode(), "evidence.html": b"<p>evidence</p>"}
        made = write_pack(self.folder / f"pack-{number}", manifest, files)
        if known:
            self.ledger.record_pack(
                OPERATOR,
                pack_sha256=made.sha256,
                bundle_id=bundle_id,
                champion_id=manifest.champion_id,
                verdict=verdict,
                gate=manifest.gate,
                gate_sha256=manifest.gate_sha256,
                from_ms=0,
                until_ms=1,
                evaluation=FINDINGS,
            )
        return made

    def sign(self, pack: Pack, key: SignerKey) -> tuple[str, ...]:
        """Sign a pack."""
        approval = key.approve(pack.sha256, pack.manifest.bundle_id)
        return acts.sign(self.ledger, approval, self.pinned, by=OPERATOR, now_ms=self.now())

    def promote(self, bundle_id: str, pack: Pack) -> Promotion:
        """Promote a bundle on a pack."""
        return acts.promote(
            self.ledger,
            pack,
            bundle_id=bundle_id,
            first_champion=self.first,
            pinned=self.pinned,
            by=OPERATOR,
            now_ms=self.now(),
        )

    def roll_back(self, reason: str = "too many false alarms") -> Promotion:
        """Go back."""
        return acts.roll_back(self.ledger, by=OPERATOR, reason=reason, now_ms=self.now())

    def promoted(self, bundle_id: str) -> Promotion:
        """Do all that it takes to promote a bundle; signers are made when there are none."""
        keys = [self.signer(f"{name}{self.now()}") for name in ("alice", "bob")]
        pack = self.pack(bundle_id)
        for key in keys:
            self.sign(pack, key)
        return self.promote(bundle_id, pack)
