"""What must be there before a signature or a promotion counts: pure, every fault at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.promotion.signers import NEEDED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from service.ledger.promotion import PackFacts, Signature
    from service.promotion.approvals import Approval
    from service.promotion.signers import Signer

PROMOTED = "promote"
"""The only verdict on which a bundle is promoted."""
REJECTED = "reject"
_UNKNOWN_PACK = (
    "this ledger did not build that pack: what it says cannot be checked; "
    "build one with `penumbra evidence` on this ledger"
)


def missing_for_signature(
    facts: PackFacts | None,
    ring: Mapping[str, Signer],
    earlier: Sequence[Signature],
    approval: Approval,
) -> list[str]:
    """Return why a signature would not count, nothing if it does."""
    missing = []
    name = approval.name
    if facts is None:
        missing.append(_UNKNOWN_PACK)
    elif facts.bundle_id != approval.bundle_id:
        missing.append(f"the pack is about {facts.bundle_id}, not about {approval.bundle_id}")
    signer = ring.get(name)
    if signer is None:
        missing.append(f"{name} may not sign; `penumbra models signer list` tells who may")
    elif not approval.is_by(signer.public_key):
        missing.append(f"this is not the key of {name} that the ledger knows; use that one")
    if any(one.name == name for one in earlier):
        missing.append(f"{name} has signed it already; it takes {NEEDED} different people")
    elif signer is not None and any(one.public_key == signer.public_key for one in earlier):
        missing.append("this key has signed it already under another name")
    return missing


def missing_for_promotion(
    facts: PackFacts | None,
    later: Sequence[PackFacts],
    signed_by: Sequence[str],
    *,
    bundle_id: str,
    champion: str,
) -> list[str]:
    """Return what is missing before `bundle_id` may follow `champion`, nothing if it may.

    `facts` is the pack shown, None if this ledger does not know it; `later` are the packs built
    after it; `signed_by` the different people with a valid signature of it.
    """
    missing = []
    if bundle_id == champion:
        missing.append(f"{bundle_id} is champion already")
    if facts is None:
        return [*missing, _UNKNOWN_PACK]
    if facts.bundle_id != bundle_id:
        missing.append(f"the pack is about {facts.bundle_id}, not about {bundle_id}")
    if facts.verdict != PROMOTED:
        missing.append(
            f"its verdict is {facts.verdict!r}, not {PROMOTED!r}; let the shadow period go on, or "
            "look at what it says is not met"
        )
    if facts.champion_id != champion:
        missing.append(
            f"it was built while {facts.champion_id} was champion, and {champion} is now; "
            "build another"
        )
    if any(one.bundle_id == bundle_id and one.verdict == REJECTED for one in later):
        missing.append("a later pack rejects the bundle; build another and see why")
    if len(signed_by) < NEEDED:
        who = f"only {', '.join(signed_by)} has" if signed_by else "nobody has"
        missing.append(
            f"it takes valid signatures of {NEEDED} different people and {who} signed; "
            "sign with `penumbra models sign`"
        )
    return missing
