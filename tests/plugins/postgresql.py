"""A private PostgreSQL server for the session, started from Debian's own binaries.

PostgreSQL refuses to run as root: a root session starts it as the user postgres.
"""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

_BINARIES = Path("/usr/lib/postgresql")
_MISSING = "PostgreSQL is not installed: apt-get install postgresql"


def _binaries() -> Path | None:
    found = [path.parent for path in _BINARIES.glob("*/bin/initdb")]
    return max(found, key=lambda path: int(re.sub(r"\D", "", path.parent.name)), default=None)


def _owner() -> str | None:
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam("postgres").pw_name
    return pytest.skip("PostgreSQL cannot run as root and there is no user postgres")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Start a server that listens on a socket of its own; give the folder of the socket."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip(_MISSING)
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="penumbra-pg-"))
    if owner is not None:
        shutil.chown(folder, owner, owner)

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [binaries / program, "-D", folder / "data", *arguments],
            user=owner,
            group=owner,
            extra_groups=None if owner is None else [],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr.decode(errors='replace')}")

    try:
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=200"
        run("pg_ctl", "start", "--wait", "-l", str(folder / "log"), "-o", options)
        yield str(folder)
        run("pg_ctl", "stop", "--mode=immediate", "--wait")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def new_database(
    postgresql_server: str, request: pytest.FixtureRequest
) -> Iterator[Callable[[], str]]:
    """Make an empty database that no other test has: `new_database()` returns its URL."""
    made: list[str] = []
    admin = psycopg.connect(host=postgresql_server, user="postgres", autocommit=True)

    def make() -> str:
        name = f"test_{os.getpid()}_{id(request.node):x}_{len(made)}"
        admin.execute(f"CREATE DATABASE {name}".encode())
        made.append(name)
        return f"postgresql://postgres@/{name}?host={postgresql_server}"

    yield make
    for name in made:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    admin.close()
