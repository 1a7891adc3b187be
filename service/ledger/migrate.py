"""Bring a database to the schema of this version; several processes may do so at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from service.errors import LedgerRefused

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.ledger.connection import Connections

_LOCK = 0x70656E756D627261  # "penumbra": the advisory lock held while migrating PostgreSQL


def upgrade(connections: Connections) -> None:
    """Create or upgrade the schema in one transaction; nothing to do is cheap.

    Raises LedgerRefused if a newer version of Penumbra has written the database.
    """
    scripts = ScriptDirectory.from_config(_config())
    newest = scripts.get_current_head()
    with connections.read() as connection:
        if _revision(connection) == newest:
            return
    with connections.write() as connection:
        if not connections.is_sqlite:
            # SQLite's BEGIN IMMEDIATE already keeps every other process out.
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        found = _revision(connection)
        known = {script.revision for script in scripts.walk_revisions()}
        if found is not None and found not in known:
            raise LedgerRefused(
                connections.where,
                f"its schema {found!r} is newer than this version's {newest!r}",
                "upgrade Penumbra",
            )
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
