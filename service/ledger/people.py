"""Users, their sessions, and how often somebody failed to sign in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.ledger.case_tables import sessions, sign_in_failures, users

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Select

SESSION, TICKET = "session", "ticket"
"""A session is shown with each request; a ticket signs in once and is then gone."""


@dataclass(frozen=True, slots=True)
class User:
    """A user; without a hash no password signs in (a proxy does, or a ticket)."""

    username: str
    role: str
    password_hash: str | None
    disabled: bool
    created_ms: int
    changed_ms: int


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session as stored: only the hash of its token is known."""

    token_sha256: bytes
    kind: str
    username: str
    created_ms: int
    seen_ms: int
    expires_ms: int


def add_user(connection: Connection, user: User) -> bool:
    """Add a user; return whether the name was free."""
    if one_user(connection, user.username) is not None:
        return False
    connection.execute(insert(users).values({name: getattr(user, name) for name in User.__slots__}))
    return True


def one_user(connection: Connection, username: str) -> User | None:
    """Return a user, None if there is none of that name."""
    found = connection.execute(_users().where(users.c.username == username)).first()
    return None if found is None else User(*found)


def all_users(connection: Connection) -> list[User]:
    """Return every user, by name."""
    return [User(*row) for row in connection.execute(_users().order_by(users.c.username))]


def change_user(
    connection: Connection, username: str, now_ms: int, **values: str | bool | None
) -> bool:
    """Change columns of a user and end all their sessions; return whether there is one."""
    changed = connection.execute(
        update(users).where(users.c.username == username).values(changed_ms=now_ms, **values)
    )
    connection.execute(delete(sessions).where(sessions.c.username == username))
    return changed.rowcount == 1


def add_session(connection: Connection, session: SessionRow) -> None:
    """Keep a new session; those that have ended go."""
    connection.execute(delete(sessions).where(sessions.c.expires_ms <= session.created_ms))
    connection.execute(
        insert(sessions).values({name: getattr(session, name) for name in SessionRow.__slots__})
    )


def session_and_user(connection: Connection, token_sha256: bytes) -> tuple[SessionRow, User] | None:
    """Return a session and whose it is, whether or not it has ended."""
    names = SessionRow.__slots__
    found = connection.execute(
        select(*(sessions.c[name] for name in names), *users.c)
        .join_from(sessions, users, sessions.c.username == users.c.username)
        .where(sessions.c.token_sha256 == token_sha256)
    ).first()
    if found is None:
        return None
    return SessionRow(*found[: len(names)]), User(*found[len(names) :])


def touch_session(connection: Connection, token_sha256: bytes, now_ms: int) -> None:
    """Note that a session was used."""
    connection.execute(
        update(sessions).where(sessions.c.token_sha256 == token_sha256).values(seen_ms=now_ms)
    )


def end_session(connection: Connection, token_sha256: bytes) -> bool:
    """Forget a session or a ticket; return whether it was there."""
    gone = connection.execute(delete(sessions).where(sessions.c.token_sha256 == token_sha256))
    return gone.rowcount == 1


def failures_of(connection: Connection, who: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """Return (failures, time of the last, closed until) of each that failed to sign in."""
    c = sign_in_failures.c
    found = connection.execute(
        select(c.who, c.failures, c.failed_ms, c.until_ms).where(c.who.in_(list(who)))
    )
    return {row[0]: (row[1], row[2], row[3]) for row in found}


def note_failure(
    connection: Connection, who: str, failures: int, failed_ms: int, until_ms: int
) -> None:
    """Note how often somebody has failed by now, and until when the door stays closed."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    row = dialect.insert(sign_in_failures).values(
        who=who, failures=failures, failed_ms=failed_ms, until_ms=until_ms
    )
    connection.execute(
        row.on_conflict_do_update(
            index_elements=[sign_in_failures.c.who],
            set_={"failures": failures, "failed_ms": failed_ms, "until_ms": until_ms},
        )
    )


def forget_failures(connection: Connection, who: Sequence[str]) -> None:
    """Start counting anew."""
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.who.in_(list(who))))


def _users() -> Select[Any]:
    return select(*(users.c[name] for name in User.__slots__))
