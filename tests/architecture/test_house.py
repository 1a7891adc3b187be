"""The rules of the house, over every tracked file."""

import re
from pathlib import Path

TOP_LEVEL = {
    "service", "models", "training", "loadtest", "tests", "docs", "deploy", ".ci",
    "Dockerfile", "pyproject.toml", "README.md", "Makefile", "CHANGELOG.md", "LICENSE",
    ".gitignore", ".dockerignore", ".pre-commit-config.yaml",
}  # fmt: skip
LONGEST = 300
HEAVIEST_BYTES = 2 * 1024 * 1024
SAYS_NOTHING = re.compile(r"(utils?|helpers?|common|misc|managers?)")
UNFINISHED = re.compile("|".join(["TO" + "DO", "FIX" + "ME", r"\bXX" + r"X\b", r"\?\?\?"]))
SILENCED = re.compile(r"# type: ignore(?!\[)|# noqa(?!: [A-Z])|mark\.(skip|xfail)|assert " + "True")
ELSEWHERE = re.compile(  # written in two parts each, since this file is a tracked file too
    "|".join(
        first + second
        for first, second in [
            ("/wor", "k/"),
            ("/roo", "t/"),
            ("/hom", r"e/\w"),
            ("python", r"hosted\.org"),
            ("pyp", r"i\.org"),
            ("registry\\.np", "mjs"),
            ("npm", r"js\.com"),
            ("unp", r"kg\.com"),
            ("jsde", "livr"),
        ]
    )
)


def _text(file: Path) -> str:
    """Return a file's text; nothing for one that is not text."""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def _found(pattern: re.Pattern[str], files: list[Path], root: Path) -> list[str]:
    """Return `file:line` of every match."""
    return [
        f"{file.relative_to(root)}:{number}"
        for file in files
        for number, line in enumerate(_text(file).splitlines(), 1)
        if pattern.search(line)
    ]


def _python(tracked: tuple[Path, ...]) -> list[Path]:
    return [file for file in tracked if file.suffix == ".py" and file != Path(__file__).resolve()]


def test_the_top_level_shows_the_architecture(tracked: tuple[Path, ...], root: Path) -> None:
    """Nothing lies about beside the parts that the design names."""
    assert {file.relative_to(root).parts[0] for file in tracked} <= TOP_LEVEL


def test_no_module_is_longer_than_three_hundred_lines(
    tracked: tuple[Path, ...], root: Path
) -> None:
    """At 300 lines there is a second idea in the file."""
    lengths = {str(f.relative_to(root)): len(_text(f).splitlines()) for f in _python(tracked)}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}


def test_every_module_and_folder_is_named_for_what_it_holds(
    tracked: tuple[Path, ...], root: Path
) -> None:
    """Names such as utils collect whatever has no place."""
    named = {part for f in _python(tracked) for part in f.relative_to(root).with_suffix("").parts}
    assert [name for name in named if SAYS_NOTHING.fullmatch(name)] == []


def test_nothing_is_left_unfinished_or_silenced(tracked: tuple[Path, ...], root: Path) -> None:
    """No notes to self, no test set aside, no complaint of a tool waved off without its name."""
    assert _found(UNFINISHED, _python(tracked), root) == []
    assert _found(SILENCED, _python(tracked), root) == []


def test_only_a_missing_part_of_the_machine_lets_a_test_not_run(
    tracked: tuple[Path, ...], root: Path
) -> None:
    """Skipping is the business of fixtures that look for a server, a browser or a data set."""
    tests = [f for f in _python(tracked) if "tests" in f.relative_to(root).parts]
    fixtures = [f for f in tests if f.parent.name == "plugins" or f.name == "conftest.py"]
    skips = re.compile(r"pytest\.(skip|importorskip)\(")
    assert _found(skips, [f for f in tests if f not in fixtures], root) == []


def test_no_file_knows_the_machine_it_was_written_on(tracked: tuple[Path, ...], root: Path) -> None:
    """No path of a developer's machine, no host of a package registry or content network."""
    assert _found(ELSEWHERE, list(tracked), root) == []


def test_no_tracked_file_is_heavy(tracked: tuple[Path, ...], root: Path) -> None:
    """A clone stays small: data and trained models beyond the demo's are made, not tracked."""
    heavy = [f for f in tracked if f.stat().st_size > HEAVIEST_BYTES]
    assert [str(file.relative_to(root)) for file in heavy] == []


def test_every_decision_is_listed_and_every_link_leads_somewhere(root: Path) -> None:
    """The index of decisions and the files agree."""
    folder = root / "docs" / "decisions"
    linked = re.findall(r"\((\d{4}-[a-z-]+\.md)\)", (folder / "README.md").read_text("utf-8"))
    assert sorted(linked) == sorted(file.name for file in folder.glob("[0-9]*.md"))
    for name in linked:
        text = (folder / name).read_text("utf-8")
        assert text.startswith(f"# {name[:4]}. ")
        assert [line for line in text.splitlines() if line.startswith("## ")] == [
            "## Context",
            "## Decision",
            "## Consequences",
        ]
