"""Connections to SQLite or PostgreSQL: transactions begun explicitly, failures given one name.

On SQLite every writing transaction begins with BEGIN IMMEDIATE. A deferred one that first
reads and then writes fails at once when another writer came between, whatever the timeout.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import create_engine, event, exc
from sqlalchemy.engine import URL, make_url

from service.errors import LedgerRefused, LedgerUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

BUSY_TIMEOUT_MS = 15_000
CONNECT_TIMEOUT_S = 5

_PRAGMAS = (
    f"busy_timeout = {BUSY_TIMEOUT_MS}",
    "page_size = 8192",  # feature blobs: 20 % faster than 4096, counts only for a new file
    "journal_mode = WAL",
    "synchronous = NORMAL",
    "cache_size = -131072",  # 128 MiB at most: the index of transaction ids must stay in memory
    # Pages, 128 MiB. Pages of random keys are changed by every commit and written back once a
    # checkpoint: a log of 32 MiB made a backtest half as slow again.
    "wal_autocheckpoint = 16000",
)


class Connections:
    """A pool of connections to one database, for writing and for reading."""

    def __init__(self, url: str) -> None:
        self._url = _understood(url)
        self.where = self._url.render_as_string(hide_password=True)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        engine = _sqlite(self._url) if self.is_sqlite else _postgresql(self._url)
        self._writing = engine.execution_options(penumbra_begin="BEGIN IMMEDIATE")
        # SQLite's reads are of one moment anyway.
        one_moment = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reading = engine.execution_options(penumbra_begin="BEGIN", **one_moment)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection in one writing transaction, committed unless an error leaves it.

        Raises LedgerUnavailable if the database does not answer; whether a transaction that
        failed while committing was kept is then unknown.
        """
        with self._named_failures(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection for a short read, all of one moment.

        Long ones would keep SQLite's log growing.
        """
        with self._named_failures(), self._reading.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection of the pool."""
        self._writing.dispose()

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        try:
            yield
        except (exc.IntegrityError, exc.ProgrammingError, exc.DataError):
            raise
        except (exc.DBAPIError, exc.TimeoutError) as error:
            raise LedgerUnavailable(self.where, _one_line(error)) from error
        except (sqlite3.OperationalError, psycopg.OperationalError) as error:
            raise LedgerUnavailable(self.where, _one_line(error)) from error


def _understood(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError:
        raise LedgerRefused(
            repr(url),
            "not a database URL",
            "give sqlite:///path/to/ledger.db or postgresql://user@host/database",
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if parsed.database in {None, "", ":memory:"}:
            raise LedgerRefused(url, "a ledger in memory is lost", "give sqlite:///path/to/file")
        return parsed.set(drivername="sqlite")
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise LedgerRefused(
        parsed.render_as_string(hide_password=True),
        f"{backend} is not supported",
        "use sqlite:/// or postgresql://",
    )


def _sqlite(url: URL) -> Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerRefused(str(url), str(error), "choose a folder that can be written") from error
    engine = create_engine(
        url, connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_MS / 1000}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        how = connection.get_execution_options().get("penumbra_begin", "BEGIN IMMEDIATE")
        connection.exec_driver_sql(how)

    return engine


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "penumbra"},
    )


def _one_line(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    return " ".join(str(original).split()) or type(original).__name__
