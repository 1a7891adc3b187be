"""An empty ledger on each database: what a test says of one must hold on both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.ledger import Ledger

NOW_MS = 1_785_600_000_000
"""The time on the clock of the ledgers of tests: 2026-08-01T16:00:00Z."""


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    url: str = request.getfixturevalue("new_database")()
    return url


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """Give an empty ledger, on each kind of database in turn."""
    opened = Ledger.open(ledger_url, clock=lambda: NOW_MS)
    yield opened
    opened.close()
