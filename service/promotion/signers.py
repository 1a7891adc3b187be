"""Who may sign: names and public keys, as they stand after everything that happened to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from service.ledger import audit
from service.ledger import promotion as rows
from service.promotion.approvals import is_valid
from service.promotion.errors import PromotionRefused
from service.promotion.signing import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from service.ledger import Ledger
    from service.ledger.audit import By
    from service.ledger.promotion import Signature, SignerEvent

NEEDED = 2
"""How many different people sign a pack before its bundle may be promoted."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")


@dataclass(frozen=True, slots=True)
class Signer:
    """A person whose signature counts, since `since_ms`."""

    name: str
    public_key: bytes
    since_ms: int


def current(events: Iterable[SignerEvent], pinned: Mapping[str, str]) -> dict[str, Signer]:
    """Return by name the signers whose key was added and not revoked since.

    `pinned` maps names to fingerprints (PENUMBRA_SIGNERS): if there are any, only those count.
    """
    ring: dict[str, Signer] = {}
    for event in events:
        ring.pop(event.name, None)
        if event.event == rows.ADDED:
            ring[event.name] = Signer(event.name, event.public_key, event.at_ms)
    if pinned:
        ring = {
            name: one
            for name, one in ring.items()
            if pinned.get(name) == fingerprint(one.public_key)
        }
    return ring


def those_who_signed(
    signatures: Iterable[Signature], ring: Mapping[str, Signer], *, bundle_id: str
) -> tuple[str, ...]:
    """Return the names of different people whose signature is valid, sorted.

    A signature is valid if it was made with the key that its signer has now. One key under two
    names is one person.
    """
    found: dict[bytes, str] = {}
    for one in signatures:
        signer = ring.get(one.name)
        if signer is None or signer.public_key != one.public_key:
            continue
        if is_valid(
            one.signature,
            signer.public_key,
            pack_sha256=one.pack_sha256,
            bundle_id=bundle_id,
            name=one.name,
        ):
            found.setdefault(signer.public_key, one.name)
    return tuple(sorted(found.values()))


def add(ledger: Ledger, name: str, public_key: bytes, *, by: By, now_ms: int) -> None:
    """Make a person a signer. Raises PromotionRefused where one of that name or key is there."""
    with ledger.begin() as connection:
        rows.alone(connection)
        events = rows.signer_events(connection)
        missing = []
        if not _NAME.fullmatch(name):
            missing.append(
                f"{name!r} is no name for a signer; take small letters, digits, . _ @ and -"
            )
        if name in current(events, {}):
            missing.append(f"{name} has a key already; revoke it first")
        others = {one.name for one in events if one.public_key == public_key} - {name}
        if others:
            missing.append(f"this key is that of {', '.join(sorted(others))}; everyone has an own")
        if missing:
            raise PromotionRefused(f"signer {name}", missing)
        rows.add_signer_event(
            connection,
            name=name,
            public_key=public_key,
            event=rows.ADDED,
            by=by.actor,
            reason=None,
            now_ms=now_ms,
        )
        said = f"{name}, key {fingerprint(public_key)}"
        audit.note(connection, by, "add signer", now_ms, detail=said)


def revoke(ledger: Ledger, name: str, *, by: By, reason: str, now_ms: int) -> None:
    """Let a person's key count no more, for packs signed already either.

    Champions of the past stay champions: what they were promoted by is checked when it happens.
    Raises PromotionRefused for a name without a key.
    """
    with ledger.begin() as connection:
        rows.alone(connection)
        ring = current(rows.signer_events(connection), {})
        if name not in ring:
            known = ", ".join(sorted(ring)) or "nobody"
            raise PromotionRefused(
                f"revoking {name}", [f"there is no such signer; there are: {known}"]
            )
        rows.add_signer_event(
            connection,
            name=name,
            public_key=ring[name].public_key,
            event=rows.REVOKED,
            by=by.actor,
            reason=reason,
            now_ms=now_ms,
        )
        audit.note(connection, by, "revoke signer", now_ms, detail=f"{name}: {reason}")


def ring_of(ledger: Ledger, pinned: Mapping[str, str]) -> dict[str, Signer]:
    """Return those who may sign now."""
    with ledger.reading() as connection:
        return current(rows.signer_events(connection), pinned)
