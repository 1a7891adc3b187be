"""The Fraud Detection Handbook's simulated transactions, where they are at hand."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[2].parent / "shared" / "data" / "handbook_simulated.parquet"


@pytest.fixture(scope="session")
def handbook() -> Path:
    """Give the path of the handbook's data (PENUMBRA_HANDBOOK names another place)."""
    path = Path(os.environ.get("PENUMBRA_HANDBOOK", _BESIDE))
    if not path.is_file():
        pytest.skip(f"the handbook's data is not at {path}: set PENUMBRA_HANDBOOK")
    return path
