"""Keys: the key that signs, and the file in which its owner keeps it.

A signer's key is Ed25519 (RFC 8032). Its private half never leaves the signer's file, where it
lies under ChaCha20-Poly1305 (RFC 8439) with a key that scrypt (RFC 7914) makes of a passphrase.
Penumbra keeps the public half only, so that nobody who can write the ledger can sign for another.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from service.promotion.approvals import Approval, statement
from service.promotion.errors import KeyRefused

if TYPE_CHECKING:
    from pathlib import Path

SHORTEST_PASSPHRASE = 12
_FORMAT = "penumbra-signer-1"
_N, _R, _P = 2**16, 8, 1
"""scrypt's cost: 64 MiB and about a quarter of a second for each guess."""
_SALT_BYTES, _NONCE_BYTES = 16, 12


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """A key file: JSON, bytes as base64."""

    format: str
    name: str
    public_key: bytes
    scrypt: tuple[int, int, int]
    salt: bytes
    nonce: bytes
    sealed_key: bytes


@dataclass(frozen=True, slots=True)
class SignerKey:
    """An opened key: it can sign in its owner's name."""

    name: str
    public_key: bytes
    _private: Ed25519PrivateKey

    def approve(self, pack_sha256: str, bundle_id: str) -> Approval:
        """Return this person's approval of a pack, signed."""
        signed = self._private.sign(statement(pack_sha256, bundle_id, self.name))
        return Approval(pack_sha256, bundle_id, self.name, signed)


def fingerprint(public_key: bytes) -> str:
    """Return the SHA-256 of a public key in hex: short enough to read out to a colleague."""
    return hashlib.sha256(public_key).hexdigest()


def public_half(text: str) -> bytes:
    """Return the public key that `penumbra models signer key` printed. Raises KeyRefused."""
    try:
        found = bytes.fromhex(text)
        Ed25519PublicKey.from_public_bytes(found)
    except ValueError:
        raise KeyRefused(
            f"{text[:80]!r} is no public key of 64 hex digits; `penumbra models signer key NAME` "
            "prints it"
        ) from None
    return found


def make_key(path: Path, name: str, passphrase: str, *, n: int = _N) -> SignerKey:
    """Make a key and keep it in a new file that only its owner may read.

    `n` is scrypt's cost. Raises KeyRefused if the file exists or the passphrase is short.
    """
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise KeyRefused(
            f"a passphrase of {len(passphrase)} characters is soon guessed; take at least "
            f"{SHORTEST_PASSPHRASE}"
        )
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    cost = (n, _R, _P)
    sealed = ChaCha20Poly1305(_stretched(passphrase, salt, cost)).encrypt(
        nonce, private.private_bytes_raw(), name.encode()
    )
    content = msgspec.json.encode(_File(_FORMAT, name, public, cost, salt, nonce, sealed))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except FileExistsError:
        raise KeyRefused(
            f"{path} is there already; a key is not written over, name another with --key"
        ) from None
    except OSError as error:
        raise KeyRefused(f"{path} cannot be written ({error.strerror}); name another") from None
    return SignerKey(name, public, private)


def open_key(path: Path, name: str, passphrase: str) -> SignerKey:
    """Open a signer's key. Raises KeyRefused."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise KeyRefused(
            f"no key of {name} at {path} ({error.strerror}); name its file with --key, or make "
            f"one with `penumbra models signer add {name}`"
        ) from None
    except msgspec.DecodeError as error:
        raise KeyRefused(f"{path} is not a signer's key ({error}); name another file") from None
    if file.format != _FORMAT:
        raise KeyRefused(f"{path} has the form {file.format!r}; this version reads {_FORMAT!r}")
    if file.name != name:
        raise KeyRefused(f"{path} is the key of {file.name}, not of {name}; sign as {file.name}")
    try:
        box = ChaCha20Poly1305(_stretched(passphrase, file.salt, file.scrypt))
        raw = box.decrypt(file.nonce, file.sealed_key, name.encode())
        private = Ed25519PrivateKey.from_private_bytes(raw)
    except (InvalidTag, ValueError):
        raise KeyRefused(f"{path} does not open with this passphrase; try again") from None
    return SignerKey(name, private.public_key().public_bytes_raw(), private)


def _stretched(passphrase: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    memory = 256 * r * (n + p + 2)  # twice what scrypt needs
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=n, r=r, p=p, maxmem=memory, dklen=32)
