"""Signing in: a password or a ticket against a session; and the door that closes on guessing.

A session's token is random and known to its browser only; the ledger keeps its hash. It ends
when it was not used for a while, in any case after some hours, and at once when the user is
disabled or changed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from models.errors import PenumbraError
from service.ledger.people import SESSION, TICKET, SessionRow
from service.people.passwords import agrees

if TYPE_CHECKING:
    from service.ledger import Ledger
    from service.ledger.people import User
    from service.settings_console import ConsoleSettings

TICKET_MS = 10 * 60_000
TOUCH_MS = 30_000
"""A session's use is noted so often: not every request writes."""
FREE_FAILURES = {"user": 5, "address": 20}
"""So many failures in a row close nothing: people mistype, and offices share an address."""
FIRST_WAIT_MS = 30_000
LONGEST_WAIT_MS = 15 * 60_000
FORGET_MS = 60 * 60_000


class SignInRefused(PenumbraError):
    """Nobody was signed in; the message does not tell whether the user exists."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A user with a session. `csrf` goes with each form of theirs."""

    username: str
    role: str
    token: str

    @property
    def csrf(self) -> str:
        """A token for this session's forms; the session's own cannot be told from it."""
        return hashlib.sha256(b"csrf:" + self.token.encode()).hexdigest()

    def sent_csrf(self, given: str | None) -> bool:
        """Whether a form came from a page of this session."""
        return hmac.compare_digest(self.csrf, given or "")


def sign_in(
    ledger: Ledger, settings: ConsoleSettings, username: str, password: str, address: str
) -> Signed:
    """Start a session for a password. Raises SignInRefused, also while the door is closed."""
    now_ms = ledger.now_ms()
    keys = {"user": f"user:{username}", "address": f"address:{address}"}
    failed = ledger.failures_of(list(keys.values()))
    closed_ms = max((until for _, _, until in failed.values()), default=0)
    if closed_ms > now_ms:
        raise SignInRefused(
            f"too many failed attempts; try again in {(closed_ms - now_ms + 999) // 1000} s"
        )
    user = ledger.user(username)
    right = agrees(password, None if user is None else user.password_hash)
    if user is None or not right or user.disabled:
        ledger.note_failures(
            {key: _failed_again(kind, failed.get(key), now_ms) for kind, key in keys.items()}
        )
        raise SignInRefused("user name or password is wrong")
    ledger.forget_failures([keys["user"]])
    return start(ledger, settings, user)


def enter(ledger: Ledger, settings: ConsoleSettings, ticket: str) -> Signed:
    """Start a session for a ticket, which is then gone. Raises SignInRefused."""
    found = ledger.session_and_user(_hash(ticket))
    usable = (
        found is not None
        and found[0].kind == TICKET
        and found[0].expires_ms > ledger.now_ms()
        and not found[1].disabled
        and ledger.end_session(_hash(ticket))
    )
    if found is None or not usable:
        raise SignInRefused("this sign-in link was used or has run out; ask for a new one")
    return start(ledger, settings, found[1])


def ticket_for(ledger: Ledger, username: str) -> str:
    """Return a ticket that signs a user in once, within ten minutes."""
    return _kept(ledger, TICKET, username, TICKET_MS)


def start(ledger: Ledger, settings: ConsoleSettings, user: User) -> Signed:
    """Start a session for a user who has shown who they are."""
    token = _kept(ledger, SESSION, user.username, settings.console_session_h * 3_600_000)
    return Signed(user.username, user.role, token)


def signed(
    ledger: Ledger, settings: ConsoleSettings, token: str, *, used: bool = True
) -> Signed | None:
    """Return whose session a token is, None once it has ended.

    A request that a page makes by itself is not `used`: it does not keep a session alive.
    """
    found = ledger.session_and_user(_hash(token))
    if found is None:
        return None
    session, user = found
    now_ms = ledger.now_ms()
    idle_ms = settings.console_idle_min * 60_000
    if (
        session.kind != SESSION
        or user.disabled
        or session.expires_ms <= now_ms
        or session.seen_ms + idle_ms <= now_ms
    ):
        return None
    if used and now_ms - session.seen_ms > TOUCH_MS:
        ledger.touch_session(session.token_sha256)
    return Signed(user.username, user.role, token)


def sign_out(ledger: Ledger, token: str) -> None:
    """End a session."""
    ledger.end_session(_hash(token))


def _kept(ledger: Ledger, kind: str, username: str, lasts_ms: int) -> str:
    token = secrets.token_urlsafe(32)
    now_ms = ledger.now_ms()
    ledger.add_session(SessionRow(_hash(token), kind, username, now_ms, now_ms, now_ms + lasts_ms))
    return token


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _failed_again(kind: str, before: tuple[int, int, int] | None, now_ms: int) -> tuple[int, int]:
    """Return (failures, closed until) after one more failure."""
    failures, failed_ms, _ = before or (0, now_ms, 0)
    failures = 1 if now_ms - failed_ms > FORGET_MS else failures + 1
    over = failures - FREE_FAILURES[kind]
    wait_ms = min(FIRST_WAIT_MS * 2 ** min(over, 10), LONGEST_WAIT_MS) if over >= 0 else 0
    return failures, now_ms + wait_ms
