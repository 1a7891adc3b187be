"""A change of champion as published: a recommendation to those who run the live rules.

Built from ledger rows only, so a resend is the same. Nothing in it decides a payment.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from models.instants import format_instant
from service.ledger.promotion import PROMOTE
from service.stream.ports import Outgoing

if TYPE_CHECKING:
    from service.ledger.promotion import Promotion

_encode = msgspec.json.Encoder().encode


class Recommendation(msgspec.Struct, kw_only=True):
    """One record of `penumbra.recommendations`; the key is the bundle's id.

    A rollback has a reason and neither pack nor signatures.
    """

    recommendation_id: str
    kind: str
    bundle_id: str
    previous_bundle_id: str
    recommendation: str
    pack_sha256: str | None
    signed_by: list[str]
    by: str
    reason: str | None
    at: str


def shown(one: Promotion) -> Recommendation:
    """Return a change of champion as published, and as the API shows it."""
    if one.kind == PROMOTE:
        said = (
            f"bundle {one.bundle_id} met its gate against the legacy rules; consider letting it "
            "decide, in the system that decides payments"
        )
    else:
        said = (
            f"bundle {one.previous_id} is champion no more; where it decides payments, consider "
            f"going back to what decided before ({one.bundle_id} or the rules)"
        )
    return Recommendation(
        recommendation_id=_identity(one),
        kind=one.kind,
        bundle_id=one.bundle_id,
        previous_bundle_id=one.previous_id,
        recommendation=said,
        pack_sha256=one.pack_sha256,
        signed_by=list(one.signed_by),
        by=one.by,
        reason=one.reason,
        at=format_instant(one.at_ms),
    )


def recommendation(one: Promotion) -> Outgoing:
    """Return a change of champion as a record."""
    return Outgoing(one.bundle_id.encode(), _encode(shown(one)))


def _identity(one: Promotion) -> str:
    name = f"recommendation\x00{one.number}\x00{one.bundle_id}\x00{one.at_ms}"
    return hashlib.blake2b(name.encode(), digest_size=12).hexdigest()
