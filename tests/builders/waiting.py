"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable

PATIENCE_S = 90.0
_PAUSE_S = 0.02


def wait_for(true: Callable[[], bool], what: str) -> None:
    """Look again and again until a condition holds; fail with what was waited for."""
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(_PAUSE_S)
