"""Passwords: hashed with Argon2id, compared in a time that does not tell whether a user exists."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models.errors import BadInput

LEAST_LENGTH = 12
MOST_LENGTH = 200

_hasher = PasswordHasher()
"""Argon2id at the second recommendation of RFC 9106 (64 MiB, three passes, four lanes)."""


class PasswordRefused(BadInput):
    """A password is too short or too long."""


def hashed(password: str) -> str:
    """Return the hash to keep. Raises PasswordRefused."""
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        raise PasswordRefused(
            f"a password has {LEAST_LENGTH} to {MOST_LENGTH} characters; choose another"
        )
    return _hasher.hash(password)


def agrees(password: str, known: str | None) -> bool:
    """Whether a password is the one of a hash; without a hash it takes as long and is not."""
    try:
        right = _hasher.verify(known or _nobody(), password[: MOST_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return right and known is not None


@cache
def _nobody() -> str:
    return _hasher.hash("the password of nobody")
