"""Ruleset files: what a valid one gives, and how a wrong one is refused."""

from pathlib import Path

import pytest

from models.catalogue import NAMES
from models.errors import BadInput
from service.rules import Fault, Ruleset, RulesetRefused

GOOD = """\
name: small
version: 7
rules:
  - name: large
    condition: amount > 220
    action: decline
    score: 90
"""


def write(folder: Path, text: str) -> Path:
    """Put a ruleset into a file."""
    file = folder / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def faults(folder: Path, text: str) -> tuple[Fault, ...]:
    """Return what is wrong with a ruleset."""
    with pytest.raises(RulesetRefused) as caught:
        Ruleset.load(write(folder, text), features=NAMES)
    return caught.value.faults


@pytest.mark.parametrize("name", ["default", "handbook"])
def test_the_packaged_rulesets_load_with_the_catalogue(name: str) -> None:
    """Both shipped rulesets use names that the kernel computes."""
    ruleset = Ruleset.load(name, features=NAMES)
    assert ruleset.name == name
    assert len(ruleset.rules) >= 3


def test_the_version_changes_with_the_file(tmp_path: Path) -> None:
    """An edit without a new version number still shows as another version."""
    first = Ruleset.load(write(tmp_path, GOOD), features=NAMES)
    edited = Ruleset.load(write(tmp_path, GOOD.replace("220", "221")), features=NAMES)
    assert first.version.startswith("small@7+")
    assert edited.version.startswith("small@7+")
    assert first.version != edited.version


def test_every_fault_of_a_file_is_told_at_its_line_and_column(tmp_path: Path) -> None:
    """One reading finds all mistakes; the message shows the first and where the others are."""
    text = """\
name: wrong
version: 1
colour: red
rules:
  - name: folded
    condition: >-
      amount > 3 and
      nigth == 1
    action: decline
    score: 90
  - name: literal
    condition: |
      amount > 3

        and channel == "ecomerce"
    action: refuse
    score: high
  - name: quoted
    condition: 'channel == ''atm'' and amuont > 3'
    action: Decline
    score: -1
  - name: double
    condition: "channel == \\"atm\\" and amuont > 3"
    action: decline
    score: .nan
  - name: plain
    condition: amount > 3 and
      amuont > 3
    score: 1
  - just text
"""
    found = faults(tmp_path, text)
    assert [(fault.line, fault.column, fault.what.split(";")[0]) for fault in found] == [
        (3, 1, 'unknown key "colour"'),
        (8, 7, 'unknown name "nigth"'),
        (15, 24, 'channel is never "ecomerce"'),
        (16, 13, 'unknown action "refuse"'),
        (17, 12, 'the score "high" must be a number of at least 0'),
        (19, 40, 'unknown name "amuont"'),
        (20, 13, 'unknown action "Decline"'),
        (21, 12, 'the score "-1" must be a number of at least 0'),
        (23, 40, 'unknown name "amuont"'),
        (25, 12, 'the score ".nan" must be a number of at least 0'),
        (26, 5, '"action" is missing'),
        (28, 7, 'unknown name "amuont"'),
        (30, 5, "a rule is a mapping with name, description, condition, action, score"),
    ]


def test_the_message_is_one_line_with_file_line_and_column(tmp_path: Path) -> None:
    """An editor can jump to `file:line:column` of the first fault."""
    text = GOOD.replace("amount", "amuont").replace("decline", "decine")
    with pytest.raises(RulesetRefused) as caught:
        Ruleset.load(write(tmp_path, text), features=NAMES)
    assert str(caught.value) == (
        f"{tmp_path / 'rules.yaml'}:5:16: "
        'unknown name "amuont"; did you mean amount? (and 1 more, at 6:13)'
    )


@pytest.mark.parametrize(
    ("text", "line", "column", "what"),
    [
        ("", 1, 1, "a ruleset is a mapping"),
        ("- a\n", 1, 1, "a ruleset is a mapping"),
        ("name: a\nversion: 1\nrules: []\n", 3, 8, "at least one entry"),
        ("name: a\nversion: 1\n", 1, 1, '"rules" is missing'),
        ("name: a\nversion:\nrules: [a]\n", 2, 9, '"version" must be a single value'),
        ("name: a\n\tversion: 1\n", 2, 1, "not YAML"),
        ("name: 'a\n", 2, 1, "not YAML"),
        ("name: a\x01\n", 1, 1, "not YAML"),
        (GOOD + "---\nname: b\n", 8, 1, "not YAML"),
        (GOOD.replace("name: small", "name: s m"), 1, 7, '"s m" is no name'),
        (GOOD + "    score: 1\n", 8, 5, 'the key "score" stands twice'),
        (GOOD + GOOD[GOOD.index("  - ") :], 8, 5, 'the rule "large" stands twice'),
        (GOOD.replace("amount > 220", "[amount]"), 5, 16, '"condition" must be a single value'),
        (GOOD + "    <<: {score: 3}\n", 8, 5, 'unknown key "<<"'),
    ],
)
def test_a_malformed_file_is_refused_at_its_place(
    tmp_path: Path, text: str, line: int, column: int, what: str
) -> None:
    """Damaged YAML and wrong shapes are told like wrong conditions."""
    fault = faults(tmp_path, text)[0]
    assert what in fault.what
    assert (fault.line, fault.column) == (line, column)


def test_a_missing_file_names_the_packaged_rulesets(tmp_path: Path) -> None:
    """The message says what else could have been given."""
    with pytest.raises(BadInput, match="packaged name: default, handbook"):
        Ruleset.load(tmp_path / "none.yaml", features=NAMES)
    with pytest.raises(BadInput, match="cannot be read"):
        Ruleset.load("defualt", features=NAMES)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """The byte that is not UTF-8 is named."""
    file = tmp_path / "rules.yaml"
    file.write_bytes(GOOD.encode() + b"# caf\xe9\n")
    with pytest.raises(BadInput, match=f"not UTF-8 at byte {len(GOOD) + 5}"):
        Ruleset.load(file, features=NAMES)
