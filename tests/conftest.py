"""Fixtures that several kinds of test share; each comes from a plugin of its own."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = [
    "plugins.broker",
    "plugins.browser",
    "plugins.bundles",
    "plugins.frozen",
    "plugins.handbook",
    "plugins.ledger",
    "plugins.log_lines",
    "plugins.postgresql",
    "plugins.small_file",
    "plugins.stream",
    "plugins.what_ran",
]
