"""What signing in asks of the ledger: users, sessions, failures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.ledger import people
from service.ledger.opened import Opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from service.ledger.people import SessionRow, User


class PeopleSide(Opened):
    """Users and their sessions."""

    def now_ms(self) -> int:
        """Return the time on the ledger's clock."""
        return self._clock()

    def add_user(self, username: str, role: str, password_hash: str | None) -> bool:
        """Add a user; return whether the name was free."""
        now_ms = self._clock()
        user = people.User(username, role, password_hash, False, now_ms, now_ms)
        with self.begin() as connection:
            return people.add_user(connection, user)

    def user(self, username: str) -> User | None:
        """Return a user, None if there is none of that name."""
        with self.reading() as connection:
            return people.one_user(connection, username)

    def users(self) -> list[User]:
        """Return every user, by name."""
        with self.reading() as connection:
            return people.all_users(connection)

    def change_user(self, username: str, **values: str | bool | None) -> bool:
        """Change a user and end their sessions; return whether there is one of that name."""
        with self.begin() as connection:
            return people.change_user(connection, username, self._clock(), **values)

    def add_session(self, session: SessionRow) -> None:
        """Keep a new session."""
        with self.begin() as connection:
            people.add_session(connection, session)

    def session_and_user(self, token_sha256: bytes) -> tuple[SessionRow, User] | None:
        """Return a session and whose it is, whether or not it has ended."""
        with self.reading() as connection:
            return people.session_and_user(connection, token_sha256)

    def touch_session(self, token_sha256: bytes) -> None:
        """Note that a session was used."""
        with self.begin() as connection:
            people.touch_session(connection, token_sha256, self._clock())

    def end_session(self, token_sha256: bytes) -> bool:
        """Forget a session or ticket; return whether it was there."""
        with self.begin() as connection:
            return people.end_session(connection, token_sha256)

    def failures_of(self, who: Sequence[str]) -> dict[str, tuple[int, int, int]]:
        """Return (failures, time of the last, closed until) of each that failed to sign in."""
        with self.reading() as connection:
            return people.failures_of(connection, who)

    def note_failures(self, failed: dict[str, tuple[int, int]]) -> None:
        """Note (failures, closed until) of each."""
        with self.begin() as connection:
            for who, (failures, until_ms) in failed.items():
                people.note_failure(connection, who, failures, self._clock(), until_ms)

    def forget_failures(self, who: Sequence[str]) -> None:
        """Start counting anew."""
        with self.begin() as connection:
            people.forget_failures(connection, who)
