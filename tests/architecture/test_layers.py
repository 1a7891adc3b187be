"""Who may import whom, and what a serving process never loads."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TRAINING_ONLY = (
    "torch",
    "sklearn",
    "lightgbm",
    "xgboost",
    "shap",
    "onnx",
    "onnxscript",
    "matplotlib",
)
SERVING = ["models", "service", "loadtest.simulator", "loadtest.demo"]

IMPORT_ALL = """
import importlib, importlib.abc, json, pkgutil, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

package, *hidden = sys.argv[1:]
sys.meta_path.insert(0, Absent())
root = importlib.import_module(package)
names = [found.name for found in pkgutil.walk_packages(root.__path__, package + ".")]
for name in names:
    if not name.endswith((".migrations.env", ".__main__")):  # they run when they are imported
        importlib.import_module(name)
print(json.dumps({"modules": len(names), "loaded": sorted(sys.modules)}))
"""


def _import_all(root: Path, package: str, *hidden: str) -> dict[str, Any]:
    """Import every module of a package in a process where `hidden` ones are not installed."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, package, *hidden],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert report["modules"] > 5
    return report


@pytest.mark.parametrize("package", SERVING)
def test_serving_works_where_the_training_extra_is_not_installed(package: str, root: Path) -> None:
    """Every module of worker, API and simulator imports without torch and its company."""
    _import_all(root, package, *TRAINING_ONLY)


@pytest.mark.parametrize("package", SERVING)
def test_serving_never_loads_what_training_needs(package: str, root: Path) -> None:
    """Where the extra is installed, nothing of it is in `sys.modules` all the same."""
    loaded = {name.partition(".")[0] for name in _import_all(root, package)["loaded"]}
    assert loaded.isdisjoint(TRAINING_ONLY)


def test_the_layers_hold(root: Path) -> None:
    """Every import contract of pyproject.toml is kept."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout
