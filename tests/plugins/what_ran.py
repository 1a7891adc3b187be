"""With PENUMBRA_REQUIRE_ALL=1 a test that could not run has failed: nothing is missing unnoticed.

Without it the closing summary lists what did not run and why (`-rs`).
"""

import os
from collections.abc import Generator

import pytest

REQUIRE_ALL = "PENUMBRA_REQUIRE_ALL"


def _demanded(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that says why it is one."""
    if report.outcome != "skipped" or hasattr(report, "wasxfail"):
        return
    if os.environ.get(REQUIRE_ALL) != "1":
        return
    why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"did not run, and {REQUIRE_ALL}=1 demands all: {why}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge every test."""
    report = yield
    _demanded(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Judge every file that skips itself as a whole."""
    report = yield
    _demanded(report)
    return report
