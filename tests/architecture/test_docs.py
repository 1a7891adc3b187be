"""The documentation speaks of what is there: links, files, commands, settings, metrics."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from service import metrics
from service.cli import penumbra
from service.settings import Settings
from training.audit.scorecard import rules

UNFINISHED = re.compile(
    r"\b(TB" + r"D|TO" + r"DO|FIX" + r"ME|lorem ipsum|place" + r"holder|coming soon)\b",
    re.IGNORECASE,
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FILE = re.compile(
    r"`((?:models|service|training|loadtest|tests|deploy|docs)/[\w./-]+)(?:::(\w+))?`"
)
INLINE = re.compile(r"`((?:penumbra|make) [^`]+)`")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SETTING = re.compile(r"\bPENUMBRA_[A-Z_]+\b")
SHELL = {"", "sh", "bash", "console"}
OF_TESTS = {"PENUMBRA_REQUIRE_ALL", "PENUMBRA_HANDBOOK"}
OF_SCRIPTS = {"PENUMBRA_PARTITIONS", "PENUMBRA_REPLICATION", "PENUMBRA_PRINCIPAL"}
BY_NAME = {"PENUMBRA_SECRETS_DIR"}


@pytest.fixture(scope="module")
def pages(tracked: tuple[Path, ...], root: Path) -> dict[str, str]:
    """Give every page of documentation by its path."""
    found = {file.relative_to(root) for file in tracked if file.suffix == ".md"}
    return {
        str(path): (root / path).read_text(encoding="utf-8")
        for path in sorted(found)
        if path.parts[0] in {"docs", "README.md"}
    }


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as Git hosts make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


def _lines(text: str) -> Iterator[str]:
    """Yield each command line of a page: of shell blocks, of indented blocks, and inline."""
    for language, body in BLOCK.findall(text):
        if language in SHELL:
            yield from re.sub(r"\\\n\s*", " ", body).splitlines()
    rest = BLOCK.sub("", text)
    yield from re.findall(r"^    (\S.*)$", rest, re.MULTILINE)
    yield from INLINE.findall(rest)


def _called(text: str, program: str) -> Iterator[tuple[str, list[str]]]:
    """Yield (command, the words after it) of each call of a program."""
    for line in _lines(text):
        plain = line.split("#")[0]
        for call in re.split(r"&&|\||;", plain):
            words = [word for word in call.split() if not re.match(r"^[A-Z_]+=", word)]
            if len(words) > 1 and words[0].removeprefix("$ ") == program:
                yield words[1], words[2:]


def test_every_link_leads_somewhere(pages: dict[str, str], root: Path) -> None:
    """Relative links name files, and anchors name headings."""
    broken = []
    for name, text in pages.items():
        for target in LINK.findall(BLOCK.sub("", text)):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (root / name).parent / path if path else root / name
            if not file.exists() or (
                anchor and anchor not in _anchors(file.read_text(encoding="utf-8"))
            ):
                broken.append(f"{name}: {target}")
    assert broken == []


def test_every_file_and_test_that_is_named_exists(pages: dict[str, str], root: Path) -> None:
    """A path in backticks is a path of the repository; after `::` stands a function in it."""
    missing = []
    for name, text in pages.items():
        for path, function in FILE.findall(text):
            file = root / path
            if not file.exists() or (
                function and f"def {function}(" not in file.read_text(encoding="utf-8")
            ):
                missing.append(f"{name}: {path} {function}".strip())
    assert missing == []


def test_every_command_and_option_exists(pages: dict[str, str]) -> None:
    """What a reader copies is what the command line takes."""
    context = click.Context(penumbra)
    wrong = []
    for name, text in pages.items():
        if name.startswith("docs/decisions/"):
            continue  # a decision also reasons about what is to come
        for command, words in _called(text, "penumbra"):
            if not re.fullmatch(r"[a-z][a-z-]*", command):
                continue  # a global option, or the word COMMAND
            found = penumbra.get_command(context, command)
            if found is None:
                wrong.append(f"{name}: penumbra {command}")
                continue
            while isinstance(found, click.Group) and words and words[0] in found.commands:
                found = found.commands[words.pop(0)]
            options = [word.split("=")[0] for word in words if word.startswith("--")]
            known = {o for p in found.params for o in (*p.opts, *p.secondary_opts)} | {"--help"}
            wrong += [f"{name}: penumbra {command} {o}" for o in options if o not in known]
    assert wrong == []


def test_every_target_of_make_exists(pages: dict[str, str], root: Path) -> None:
    """`make X` is a target of the Makefile."""
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*##", makefile, re.MULTILINE))
    called = {
        (name, target)
        for name, text in pages.items()
        for target, _ in _called(text, "make")
        if re.fullmatch(r"[a-z][a-z-]*", target)
    }
    assert sorted((name, target) for name, target in called if target not in targets) == []
    assert called


def test_every_setting_that_is_named_exists(pages: dict[str, str]) -> None:
    """A name with our prefix is a field of the settings, or read by tests or scripts."""
    known = {f"PENUMBRA_{field.upper()}" for field in Settings.model_fields}
    known |= OF_TESTS | OF_SCRIPTS | BY_NAME
    named = {(name, one) for name, text in pages.items() for one in SETTING.findall(text)}
    assert sorted((name, one) for name, one in named if one.rstrip("_") not in known) == []


def test_operators_find_every_metric(pages: dict[str, str]) -> None:
    """The table of metrics has all that are declared, and no other."""
    declared = {
        one.name + ("_total" if one.kind == "counter" else "")
        for one in vars(metrics).values()
        if isinstance(one, metrics.Declared)
    }
    listed = set(re.findall(r"^\| `(penumbra_\w+)` \|", pages["docs/operators.md"], re.MULTILINE))
    assert listed == declared


def test_the_rules_of_the_scorecard_are_those_that_grade(pages: dict[str, str]) -> None:
    """The table of the page on the audit is the one in use, row by row."""
    assert "\n".join(rules()) in pages["docs/audit.md"]


def test_no_page_is_left_unfinished(pages: dict[str, str]) -> None:
    """What is not written yet is not announced."""
    assert [name for name, text in pages.items() if UNFINISHED.search(text)] == []
