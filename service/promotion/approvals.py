"""Approvals: the words that a signer signs, and how they travel from a keyboard to the ledger.

An approval is text that people can read before they hand it over: the statement, and below it the
Ed25519 signature (RFC 8032) of exactly these words. So a key need not be where the ledger is.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.promotion.errors import ApprovalRefused

_TEXT = re.compile(
    r"Penumbra promotion\s*\npack sha256 (?P<pack>[0-9a-f]{64})\s*\n"
    r"bundle (?P<bundle>\S{1,128})\s*\napproved by (?P<name>\S{1,64})\s*\n"
    r"signature (?P<signature>[A-Za-z0-9+/]{86}==)\s*"
)


@dataclass(frozen=True, slots=True)
class Approval:
    """What somebody says to have approved, and their signature of it; nothing is checked yet."""

    pack_sha256: str
    bundle_id: str
    name: str
    signature: bytes

    def text(self) -> str:
        """Return the statement with its signature, as it is handed over."""
        words = statement(self.pack_sha256, self.bundle_id, self.name).decode()
        return f"{words}signature {b64encode(self.signature).decode()}\n"

    def is_by(self, public_key: bytes) -> bool:
        """Whether the owner of this public key signed it."""
        return is_valid(
            self.signature,
            public_key,
            pack_sha256=self.pack_sha256,
            bundle_id=self.bundle_id,
            name=self.name,
        )


def read_approval(text: str) -> Approval:
    """Read an approval as it was handed over. Raises ApprovalRefused."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ApprovalRefused(
            "this is not a signature of a pack; paste all five lines that `penumbra models sign "
            "PACK --as NAME --print` gave, from `Penumbra promotion` on"
        )
    return Approval(found["pack"], found["bundle"], found["name"], b64decode(found["signature"]))


def statement(pack_sha256: str, bundle_id: str, name: str) -> bytes:
    """Return the words that are signed: a signature of one pack is worth nothing elsewhere."""
    return (
        f"Penumbra promotion\npack sha256 {pack_sha256}\nbundle {bundle_id}\napproved by {name}\n"
    ).encode()


def is_valid(
    signature: bytes, public_key: bytes, *, pack_sha256: str, bundle_id: str, name: str
) -> bool:
    """Whether the owner of a public key signed this pack for this bundle under this name."""
    try:
        key = Ed25519PublicKey.from_public_bytes(public_key)
        key.verify(signature, statement(pack_sha256, bundle_id, name))
    except (InvalidSignature, ValueError):
        return False
    return True
