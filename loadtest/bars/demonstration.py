"""The demo as a newcomer starts it: seconds until the first explained alert."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from typing import TYPE_CHECKING

from loadtest.results import Figure
from loadtest.system import PENUMBRA

if TYPE_CHECKING:
    from pathlib import Path

FIRST_ALERT_LIMIT_S = 60.0
_AFTER = re.compile(r"first alert after ([0-9.]+) s")


def demonstration(folder: Path) -> list[Figure]:
    """Run the demo cold (no compiled kernels) and warm."""
    with tempfile.TemporaryDirectory() as cache:
        cold, said = _first_alert(folder, {"NUMBA_CACHE_DIR": cache})
        warm, _ = _first_alert(folder, {"NUMBA_CACHE_DIR": cache})
    replayed = next((line for line in said.splitlines() if line.startswith("replayed")), "")
    return [
        Figure("demo with no kernel compiled yet: first explained alert in the API",
               f"{cold:.1f} s", "printed", met=True),
        Figure("demo as `make demo` installs it: first explained alert in the API", f"{warm:.1f} s",
               f"under {FIRST_ALERT_LIMIT_S:.0f} s", warm < FIRST_ALERT_LIMIT_S),
        Figure("demo: the past", replayed.removeprefix("replayed").strip(), "0 lost",
               replayed.endswith(" 0 lost")),
    ]  # fmt: skip


def _first_alert(folder: Path, environment: dict[str, str]) -> tuple[float, str]:
    done = subprocess.run(  # noqa: S603 - our own command
        [*PENUMBRA, "demo", "--port", "0", "--folder", str(folder), "--for", "120"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    found = _AFTER.search(done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(f"the demo ended with {done.returncode}: {done.stderr[-2000:]}")
    return float(found[1]), done.stdout
