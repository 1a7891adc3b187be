"""What a command set for its log lines ends with the test that ran it."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def log_lines_as_they_were() -> Iterator[None]:
    """Commands run in this process point log lines at their own stderr: take that back."""
    yield
    structlog.reset_defaults()
