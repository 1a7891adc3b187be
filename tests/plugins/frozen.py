"""What was there before the first test is no garbage: the collector need not look at it again."""

import gc

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Set aside modules and collected tests, millions of objects, and look at the rest less often.

    Exporting a network makes and drops so many that a quarter of its time went into looking.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
