"""Opening a ledger: schema made and upgraded safely, unusable databases refused in one line."""

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from models.errors import PenumbraError
from service.errors import LedgerRefused, LedgerUnavailable
from service.ledger import Ledger
from service.ledger.tables import metadata

_OPEN = "import sys; from service.ledger import Ledger; Ledger.open(sys.argv[1]).close()"


def test_migrations_build_the_tables_that_the_code_names(ledger: Ledger) -> None:
    """Columns, types, keys and indexes of a migrated database are those of tables.py."""
    with ledger.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_an_open_ledger_can_be_opened_again(ledger: Ledger, ledger_url: str) -> None:
    """The schema is made once; what is there stays."""
    ledger.mark_published("s", 0, "t", 4)
    again = Ledger.open(ledger_url)
    assert again.published("s", 0) == {"t": 4}
    again.close()


def test_processes_that_open_an_empty_database_at_once_all_succeed(ledger_url: str) -> None:
    """One of them makes the schema, the others wait for it."""
    started = [
        subprocess.Popen([sys.executable, "-c", _OPEN, ledger_url], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    failures = [process.communicate()[1].decode() for process in started]
    assert [process.returncode for process in started] == [0] * 4, failures


def test_a_ledger_of_a_newer_version_is_refused(ledger: Ledger, ledger_url: str) -> None:
    """An old version does not write into a schema it does not know."""
    with ledger.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerRefused, match=r"'9999' is newer .*upgrade Penumbra"):
        Ledger.open(ledger_url)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("not a url", "not a database URL"),
        ("mysql://host/ledger", "mysql is not supported"),
        ("sqlite://", "in memory is lost"),
        ("sqlite:////proc/nowhere/ledger.db", "choose a folder that can be written"),
    ],
)
def test_an_unusable_url_is_refused_with_the_fix(url: str, said: str) -> None:
    """One line says what is wrong with it."""
    with pytest.raises(LedgerRefused, match=said) as caught:
        Ledger.open(url)
    assert isinstance(caught.value, PenumbraError)
    assert "\n" not in str(caught.value)


def test_a_database_that_does_not_answer_is_unavailable() -> None:
    """One line without the password, and quickly."""
    with pytest.raises(LedgerUnavailable) as caught:
        Ledger.open("postgresql://me:s3cret@127.0.0.1:1/ledger")
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_ledger_is_one_clear_line(tmp_path: Path) -> None:
    """A file of another kind is not overwritten."""
    other = tmp_path / "ledger.db"
    other.write_bytes(b"not a database " * 1000)
    with pytest.raises(PenumbraError) as caught:
        Ledger.open(f"sqlite:///{other}")
    assert "\n" not in str(caught.value)
    assert other.read_bytes().startswith(b"not a database")
