"""A small file of payments and the bundle trained on it, once for all tests of a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from builders.small_file import Files


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Give the small file in a folder of its own."""
    from builders.small_file import write_small_file  # noqa: PLC0415 - needs the training extra

    return write_small_file(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def trained(files: Files) -> Path:
    """Train a bundle with everything on."""
    result = files.train("bundle", files.config())
    assert result.exit_code == 0, result.output + repr(result.exception)
    return files.folder / "bundle"


@pytest.fixture(scope="session")
def at_risk(files: Files) -> Path:
    """Train a bundle ranked by probability x amount, at least cost, and nothing beside it."""
    result = files.train("at-risk", files.config_at_risk())
    assert result.exit_code == 0, result.output + repr(result.exception)
    return files.folder / "at-risk"
