"""What people do: sign a pack, promote a bundle on it, roll back. Each is one transaction.

The rules are read, checked and followed under one lock of the ledger, so that no two acts can
come between each other's question and answer; the entry of the audit log is a part of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.ledger import audit
from service.ledger import promotion as rows
from service.ledger.bulk import VIOLATIONS
from service.ledger.promotion import PROMOTE, ROLLBACK, Signature
from service.promotion.errors import PromotionRefused
from service.promotion.rules import missing_for_promotion, missing_for_signature
from service.promotion.signers import current, those_who_signed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from service.ledger import Ledger
    from service.ledger.audit import By
    from service.ledger.promotion import PackFacts, Promotion
    from service.promotion.approvals import Approval
    from service.promotion.pack import Pack

_MEANWHILE = "another change came at the same moment; look at `penumbra models history` and repeat"


def sign(
    ledger: Ledger, approval: Approval, pinned: Mapping[str, str], *, by: By, now_ms: int
) -> tuple[str, ...]:
    """Record a person's signature of a pack; return the names of all whose signature is valid.

    Raises PromotionRefused where it would not count.
    """
    what = f"signature of {approval.name}"
    pack_sha256 = approval.pack_sha256
    try:
        with ledger.begin() as connection:
            rows.alone(connection)
            facts = _facts(rows.packs(connection, None), pack_sha256)
            ring = current(rows.signer_events(connection), pinned)
            earlier = rows.signatures_of(connection, pack_sha256)
            missing = missing_for_signature(facts, ring, earlier, approval)
            if missing or facts is None:
                raise PromotionRefused(what, missing)
            made = Signature(
                pack_sha256=pack_sha256,
                name=approval.name,
                public_key=ring[approval.name].public_key,
                signature=approval.signature,
                signed_ms=now_ms,
            )
            rows.add_signature(connection, made)
            said = f"pack {pack_sha256} about {facts.bundle_id}, signed by {approval.name}"
            audit.note(connection, by, "sign evidence", now_ms, detail=said)
            return those_who_signed([*earlier, made], ring, bundle_id=facts.bundle_id)
    except VIOLATIONS:
        raise PromotionRefused(what, [_MEANWHILE]) from None


def promote(
    ledger: Ledger,
    pack: Pack,
    *,
    bundle_id: str,
    first_champion: str,
    pinned: Mapping[str, str],
    by: By,
    now_ms: int,
) -> Promotion:
    """Make a bundle champion on the evidence of a pack.

    `first_champion` is the bundle that leads until there is a promotion, `by` whoever asks.
    Raises PromotionRefused with everything that is missing.
    """
    what = f"promotion of {bundle_id}"
    try:
        with ledger.begin() as connection:
            rows.alone(connection)
            packs = rows.packs(connection, None)
            facts = _facts(packs, pack.sha256)
            newest = rows.newest(connection)
            champion = first_champion if newest is None else newest.bundle_id
            signed_by: tuple[str, ...] = ()
            if facts is not None:
                signed_by = those_who_signed(
                    rows.signatures_of(connection, pack.sha256),
                    current(rows.signer_events(connection), pinned),
                    bundle_id=facts.bundle_id,
                )
            later = [one for one in packs if facts is not None and one.number > facts.number]
            missing = missing_for_promotion(
                facts, later, signed_by, bundle_id=bundle_id, champion=champion
            )
            if missing:
                raise PromotionRefused(what, missing)
            done = rows.add_promotion(
                connection,
                kind=PROMOTE,
                bundle_id=bundle_id,
                previous_id=champion,
                pack_sha256=pack.sha256,
                signed_by=signed_by,
                by=by.actor,
                reason=None,
                now_ms=now_ms,
            )
            return _recorded(connection, by, done)
    except VIOLATIONS:
        raise PromotionRefused(what, [_MEANWHILE]) from None


def roll_back(
    ledger: Ledger, *, by: By, reason: str, now_ms: int, bundle_id: str | None = None
) -> Promotion:
    """Make the champion before the present one champion again; one person suffices.

    `bundle_id` is the bundle that the caller believes to be champion, None if any will do.
    Raises PromotionRefused without a reason, or where there is nothing to go back to.
    """
    try:
        with ledger.begin() as connection:
            rows.alone(connection)
            newest = rows.newest(connection)
            missing = []
            if not reason.strip():
                missing.append("a rollback needs a reason; say what happened")
            if not by.actor.strip():
                missing.append("a rollback needs a name; say who asks for it")
            target = champion_before(rows.promotions_from(connection, 0))
            if target is None:
                missing.append("there was no champion before this one; promote another instead")
            if newest is not None and bundle_id not in {None, newest.bundle_id}:
                missing.append(f"{bundle_id} is not champion, {newest.bundle_id} is")
            if missing or newest is None or target is None:
                raise PromotionRefused("rollback", missing)
            done = rows.add_promotion(
                connection,
                kind=ROLLBACK,
                bundle_id=target,
                previous_id=newest.bundle_id,
                pack_sha256=None,
                signed_by=(),
                by=by.actor,
                reason=reason,
                now_ms=now_ms,
            )
            return _recorded(connection, by, done)
    except VIOLATIONS:
        raise PromotionRefused("rollback", [_MEANWHILE]) from None


def champion_before(history: list[Promotion]) -> str | None:
    """Return the champion before the present one: a promotion opens, a rollback closes one."""
    stack: list[str] = []
    for one in history:
        if one.kind == PROMOTE:
            stack.append(one.previous_id)
        elif stack:
            stack.pop()
    return stack[-1] if stack else None


def _recorded(connection: Connection, by: By, one: Promotion) -> Promotion:
    """Note a change of champion in the audit log, and return it."""
    why = f"signed by {' and '.join(one.signed_by)}" if one.signed_by else f"reason: {one.reason}"
    said = f"{one.bundle_id} after {one.previous_id}, {why}"
    audit.note(connection, by, one.kind, one.at_ms, detail=said)
    return one


def _facts(packs: list[PackFacts], pack_sha256: str) -> PackFacts | None:
    return next((one for one in packs if one.pack_sha256 == pack_sha256), None)
