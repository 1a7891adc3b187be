"""The Dockerfile, read instruction by instruction."""

import fnmatch
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("deploy_image")  # groups begin first: this one takes long

Instruction = tuple[str, str]


@pytest.fixture(scope="module")
def instructions(root: Path) -> list[Instruction]:
    """Give the Dockerfile's instructions with continued lines joined."""
    text = (root / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    split = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(word.upper(), rest) for word, rest in split]


@pytest.fixture(scope="module")
def last_stage(instructions: list[Instruction]) -> list[Instruction]:
    """Give the instructions of the stage that is shipped."""
    start = max(i for i, (word, _) in enumerate(instructions) if word == "FROM")
    return instructions[start:]


def _all(instructions: list[Instruction], word: str) -> list[str]:
    return [rest for name, rest in instructions if name == word]


def _environment(instructions: list[Instruction]) -> dict[str, str]:
    """Return the variables that ENV sets."""
    pairs = [pair for rest in _all(instructions, "ENV") for pair in rest.split()]
    return {name: value.strip('"') for name, _, value in (pair.partition("=") for pair in pairs)}


def test_every_stage_starts_from_a_slim_image_pinned_by_tag(
    instructions: list[Instruction],
) -> None:
    """The base is Python 3.11 to the patch release, never "latest"."""
    given = dict(each.split("=", 1) for each in _all(instructions, "ARG"))
    bases = [rest.split()[0] for rest in _all(instructions, "FROM")]
    assert len(bases) == 2
    for base in bases:
        named = re.sub(r"\$\{(\w+)\}", lambda match: given[match.group(1)], base)
        assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", named)


def test_the_container_runs_as_nobody_special(last_stage: list[Instruction]) -> None:
    """A numeric user other than root, set before anything of ours runs."""
    words = [word for word, _ in last_stage]
    (user,) = _all(last_stage, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert words.index("USER") < words.index("ENTRYPOINT") < words.index("CMD")


def test_the_command_is_a_list_and_a_command_of_penumbra(
    last_stage: list[Instruction], commands: frozenset[str]
) -> None:
    """No shell stands between the engine's signals and the process."""
    (entry,), (command,) = _all(last_stage, "ENTRYPOINT"), _all(last_stage, "CMD")
    assert json.loads(entry) == ["penumbra"]
    assert json.loads(command)[0] in commands


def test_the_image_says_whether_it_is_well(last_stage: list[Instruction]) -> None:
    """The health check needs no tool that a slim image lacks."""
    (check,) = _all(last_stage, "HEALTHCHECK")
    probe = json.loads(check[check.index("CMD") + 4 :])
    assert probe[:2] == ["python", "-c"]
    compile(probe[2], "healthcheck", "exec")
    assert "/healthz" in probe[2]


def test_compiled_kernels_do_not_depend_on_the_building_machine(
    last_stage: list[Instruction],
) -> None:
    """Name and features of the processor are both fixed before the cache is filled."""
    words = [word for word, _ in last_stage]
    assert words.index("ENV") < words.index("RUN")
    environment = _environment(last_stage)
    assert environment["NUMBA_CPU_NAME"] == "x86-64-v3"
    assert environment["NUMBA_CPU_FEATURES"] == ""
    assert environment["NUMBA_CACHE_DIR"].startswith("/var/cache/")


def test_building_the_image_fills_the_cache_of_kernels(
    last_stage: list[Instruction], tmp_path: Path
) -> None:
    """The build's own rehearsal compiles every kernel, for the processor named and no other."""
    (rehearsal,) = [ran for ran in _all(last_stage, "RUN") if ran.startswith("[")]
    python, *arguments = json.loads(rehearsal)
    assert python == "python"
    environment = _environment(last_stage) | {
        "PATH": os.environ["PATH"],
        "NUMBA_CACHE_DIR": str(tmp_path / "kernels"),
        "PENUMBRA_VAR_DIR": str(tmp_path / "var"),
    }
    subprocess.run([sys.executable, *arguments], env=environment, check=True)
    indexes = list((tmp_path / "kernels").rglob("*.nbi"))
    assert indexes
    for index in indexes:
        content = index.read_bytes()
        assert b"x86-64-v3" in content
        assert b"+sse" not in content


def test_packages_come_from_the_locks_alone(instructions: list[Instruction]) -> None:
    """Every installation demands hashes or takes no dependencies; torch is not named."""
    installs = [
        part
        for rest in _all(instructions, "RUN")
        for part in rest.split("&&")
        if "pip install" in part
    ]
    assert installs
    for install in installs:
        assert "--require-hashes" in install or "--no-deps" in install
    assert not any("torch" in rest for _, rest in instructions)


def test_nothing_secret_or_careless_is_in_the_image(instructions: list[Instruction]) -> None:
    """No ADD, no sudo, no package manager left open, no password in a variable."""
    assert _all(instructions, "ADD") == []
    assert not any("sudo" in rest or "curl" in rest for _, rest in instructions)
    secret = re.compile("PASSWORD|SECRET|TOKEN|DATABASE_URL")
    assert [name for name in _environment(instructions) if secret.search(name)] == []
    for ran in _all(instructions, "RUN"):
        assert "apt-get install" not in ran or "--no-install-recommends" in ran
    for folder in _all(instructions, "WORKDIR"):
        assert folder.startswith("/")


def test_what_is_copied_exists_and_is_let_through(
    instructions: list[Instruction], root: Path
) -> None:
    """.dockerignore keeps everything out but the sources of a COPY."""
    allowed = [
        line.removeprefix("!")
        for line in (root / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    ]
    for rest in _all(instructions, "COPY"):
        if rest.startswith("--from="):
            continue
        for source in rest.split()[:-1]:
            assert (root / source).exists(), source
            assert any(fnmatch.fnmatch(source, pattern) for pattern in allowed), source
