"""The commands of the Makefile and the script of continuous integration."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROMISED = {
    "help", "install", "demo", "test", "lint", "bars", "demo-bundle",
    "docs-settings", "coverage", "lock", "first-minute",
}  # fmt: skip


def _make(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run make; variables of an outer make are kept out."""
    outer = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHON", "ARGS", "TESTS", "WORKERS"}
    return subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=root,
        env={name: value for name, value in os.environ.items() if name not in outer},
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_lists_every_command(root: Path) -> None:
    """Help is made from the targets themselves, so nothing is missing from it."""
    listed = set(re.findall(r"^  ([a-z-]+) {2,}\S", _make(root).stdout, re.MULTILINE))
    declared = set(
        re.findall(r"^\.PHONY: ([a-z-]+)$", (root / "Makefile").read_text("utf-8"), re.MULTILINE)
    )
    assert listed == declared
    assert listed >= PROMISED


@pytest.mark.parametrize("command", sorted(PROMISED))
def test_every_command_can_be_planned(root: Path, command: str) -> None:
    """Each target and all it depends on exist."""
    planned = _make(root, "--dry-run", command)
    assert planned.returncode == 0, planned.stderr


def test_another_python_is_refused_in_one_clear_line(root: Path, tmp_path: Path) -> None:
    """Whoever has no Python 3.11 learns what to do, not how a build fails."""
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    fake.chmod(0o755)
    refused = _make(root, f"PYTHON={fake}", f"VENV={tmp_path / 'venv'}", "install")
    assert refused.returncode != 0
    assert refused.stderr.splitlines()[0] == (
        f"Penumbra needs Python 3.11 and {fake} is not: make PYTHON=/path/to/python3.11"
    )
    assert not (tmp_path / "venv").exists()


def test_penumbra_commands_of_the_makefile_exist(root: Path, commands: frozenset[str]) -> None:
    """A target never calls a command that `penumbra --help` does not list."""
    makefile = (root / "Makefile").read_text("utf-8")
    called = set(re.findall(r"(?:bin|\(BIN\))/penumbra ([a-z-]+)", makefile))
    assert called
    assert called <= commands


def test_modules_that_make_runs_exist(root: Path) -> None:
    """`python -m package.module` in a target names a module of the repository."""
    makefile = (root / "Makefile").read_text("utf-8")
    for module in re.findall(r"python -m ((?:models|service|training|loadtest)[.\w]*)", makefile):
        path = root.joinpath(*module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_ci_fails_on_the_first_mistake_and_demands_everything(root: Path) -> None:
    """Strict shell, nothing read from standard input, nothing skipped, tests last."""
    script = (root / ".ci" / "run").read_text("utf-8")
    assert script.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in script
    assert "export PENUMBRA_REQUIRE_ALL=1" in script
    assert script.rstrip().splitlines()[-1].startswith("make test")
    assert os.access(root / ".ci" / "run", os.X_OK)


def test_every_shell_script_is_valid_and_strict(tracked: tuple[Path, ...]) -> None:
    """Bash can read all of them, and an error or an unset variable ends each."""
    scripts = [file for file in tracked if file.suffix == ".sh" or file.parent.name == ".ci"]
    assert scripts
    for script in scripts:
        checked = subprocess.run(
            ["bash", "-n", str(script)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stderr
        assert "\nset -euo pipefail\n" in script.read_text("utf-8"), script
        assert os.access(script, os.X_OK), script


def test_tests_of_a_group_share_a_worker(tmp_path: Path) -> None:
    """What one of them prepared, a trained bundle for instance, is not made again for the next."""
    (tmp_path / "test_grouped.py").write_text(
        "import os, pathlib, pytest\n"
        "pytestmark = pytest.mark.xdist_group('one')\n"
        "@pytest.mark.parametrize('n', range(8))\n"
        "def test_some(n):\n"
        "    pathlib.Path(__file__).with_name(os.environ['PYTEST_XDIST_WORKER']).touch()\n"
    )
    words = ["-c", os.devnull, "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    outer = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(tmp_path / "test_grouped.py")],
        cwd=tmp_path,
        env=outer,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "8 passed" in ran.stdout, ran.stdout
    assert len(list(tmp_path.glob("gw*"))) == 1
