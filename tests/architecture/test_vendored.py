"""What is vendored is what its README says: name, version, hash, licence."""

import hashlib
import re
from pathlib import Path

import pytest

FOLDERS = ("service/console/static/vendor", "tests/vendor")
ROW = re.compile(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", re.MULTILINE)
LICENCE = re.compile(r"`([\w.-]*LICENSE[\w.-]*)`")


@pytest.mark.parametrize("folder", FOLDERS)
def test_vendored_files_are_those_that_were_looked_at(root: Path, folder: str) -> None:
    """Each has a hash and a licence beside it, and there is no other."""
    here = root / folder
    told = (here / "README.md").read_text(encoding="utf-8")
    listed = dict(ROW.findall(told))
    licences = set(LICENCE.findall(told))
    assert listed
    assert {file.name for file in here.iterdir()} == {*listed, *licences, "README.md"}
    for name, digest in listed.items():
        assert hashlib.sha256((here / name).read_bytes()).hexdigest() == digest
