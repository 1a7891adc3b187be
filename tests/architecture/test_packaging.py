"""What an installation contains, and that serving is pinned with hashes and without torch."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

PINNED = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+) \\$", re.MULTILINE)


def _name(requirement: str) -> str:
    """Return the normal name of a requirement's package."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[=<>~! ;]", requirement)[0]).lower()


@pytest.fixture(scope="module")
def wheel_names(root: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build a wheel from a copy of the sources and return the files in it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    listed = ["pyproject.toml", "README.md", "LICENSE", "models", "service", "training", "loadtest"]
    subprocess.run(
        ["tar", "--create", "--file", str(source / "all.tar"), "--exclude=__pycache__", *listed],
        cwd=root,
        check=True,
    )
    subprocess.run(["tar", "--extract", "--file", "all.tar"], cwd=source, check=True)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    build += ["--no-build-isolation", "--wheel-dir", str(out), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_a_wheel_contains_every_file_of_the_packages(
    wheel_names: set[str], tracked: tuple[Path, ...], root: Path
) -> None:
    """Code, rules, mappings, migrations, the demo bundle: what is tracked in a package ships."""
    packages = {"models", "service", "training", "loadtest"}
    names = {file.relative_to(root) for file in tracked}
    expected = {name.as_posix() for name in names if name.parts[0] in packages}
    assert sorted(expected - wheel_names) == []
    assert not any(name.startswith(("tests", "docs", "deploy")) for name in wheel_names)


@pytest.mark.parametrize("lock", ["requirements.lock", "build.lock"])
def test_every_locked_package_has_its_hashes(root: Path, lock: str) -> None:
    """A package that was exchanged after locking is refused at installation."""
    text = (root / "deploy" / lock).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", text)
    pins = [block for block in blocks if "==" in block.splitlines()[0]]
    assert pins
    assert [block.splitlines()[0] for block in pins if "--hash=sha256:" not in block] == []


def test_the_lock_pins_what_serving_depends_on(root: Path, project: dict[str, Any]) -> None:
    """`make lock` was run after the last change of a dependency, and torch is not in it."""
    text = (root / "deploy" / "requirements.lock").read_text(encoding="utf-8")
    locked = dict(PINNED.findall(text))
    for requirement in project["project"]["dependencies"]:
        version = requirement.split("==")[1]
        assert locked.get(_name(requirement)) == version, requirement
    training = {_name(each) for each in project["project"]["optional-dependencies"]["training"]}
    assert training.isdisjoint(locked)
    assert "torch" in training
