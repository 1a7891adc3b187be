"""The repository as the tests of its own rules see it."""

import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {"var", "build", "__pycache__", ".venv", ".venv-demo", ".git"}


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> tuple[Path, ...]:
    """Give the files that git tracks; all files but caches where there is no git."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, check=True, text=True
        ).stdout
        files = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        files = [
            file
            for file in ROOT.rglob("*")
            if not _NOT_OURS & set(file.relative_to(ROOT).parts) and "cache" not in str(file)
        ]
    return tuple(file for file in files if file.is_file())


@pytest.fixture(scope="session")
def project() -> dict[str, Any]:
    """Give pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def commands(project: dict[str, Any]) -> frozenset[str]:
    """Give the commands that `penumbra --help` lists: the entry points of all packages."""
    return frozenset(project["project"]["entry-points"]["penumbra.commands"])
