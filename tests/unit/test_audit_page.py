"""The page and the terminal tell the same audit; the page stands alone."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
from builders.audits import audited

from training.audit import Audit, Finding, Grade, Verdict
from training.audit.page import render_audit
from training.audit.told import told

VOID = {"meta", "br", "link", "img", "input", "hr"}


class _Tags(HTMLParser):
    """Follows what is open and what it names elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its addresses."""
        self.seen.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.addresses += [v or "" for k, v in attrs if k in {"src", "href", "xlink:href"}]

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last."""
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()


def test_the_page_needs_no_script_and_no_network(tmp_path: Path) -> None:
    """Every address is a part of the page itself, and every tag is closed."""
    page = render_audit(audited(tmp_path, days=70), "payments.csv")
    tags = _Tags()
    tags.feed(page)
    assert tags.open == []
    assert "script" not in tags.seen
    assert {"svg", "table", "style"} <= tags.seen
    assert all(one.startswith("#") for one in tags.addresses)
    assert not re.search(r"url\((?!#)", page)


def test_the_page_shows_grades_verdict_and_pictures(tmp_path: Path) -> None:
    """For eyes and for those who cannot see."""
    found = audited(tmp_path, days=70)
    page = render_audit(found, "payments.csv")
    for grade in found.grades:
        assert f'aria-label="{grade.grade} of 5"' in page
    assert found.verdict.fitness[1:] in page
    assert page.count("<svg") == 3
    assert "prefers-color-scheme: dark" in page
    assert "var(--line-0" in page


def test_the_same_audit_gives_the_same_page(tmp_path: Path) -> None:
    """Nothing of the day or of chance is in it."""
    found = audited(tmp_path, days=70)
    assert render_audit(found, "payments.csv") == render_audit(found, "payments.csv")


def test_names_from_files_are_no_markup(tmp_path: Path) -> None:
    """A column may be called anything, also in the pictures."""
    odd = "<script>alert('$x$')</script>"
    leak: dict[str, Any] = {odd: lambda t: t["score"] + t["fraud"] * 9}
    mapping = f'  "{odd}": {{column: "{odd}", kind: number}}\n'
    found = audited(tmp_path, days=70, mapping=mapping, **leak)
    page = render_audit(found, odd)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "Oblique" not in page  # the slanted letters of formulas


def test_a_file_that_is_short_or_unlabelled_has_a_page_too(tmp_path: Path) -> None:
    """With the pictures that there are."""
    none = pl.DataFrame(
        schema={
            "transaction_id": pl.String,
            "is_fraud": pl.Boolean,
            "known_at": pl.Datetime("ms", "UTC"),
        }
    )
    page = render_audit(audited(tmp_path, labels=none), "payments.csv")
    assert "Not fit to train on" in page
    assert "Drift of inputs against the first weeks" not in page


def test_the_terminal_gets_findings_grades_and_verdict(tmp_path: Path) -> None:
    """Lines no longer than a terminal is wide; remedies under low grades."""
    found = audited(tmp_path, days=70)
    text = told(found, coloured=False)
    assert all(len(line) <= 100 for line in text.splitlines())
    flat = " ".join(text.split())
    for one in found.findings:
        assert " ".join(one.text.split()) in flat
    for grade in found.grades:
        assert f"{grade.grade} {grade.dimension}" in flat
        assert grade.remedy is None or f"→ {grade.remedy}" in flat
    assert f"Verdict: {found.verdict.fitness}" in flat


def test_colours_are_only_for_terminals() -> None:
    """They change no word."""
    found = Audit(
        (Finding("validity", "problem", "bad"),),
        (Grade("validity", 1, "bad", None),),
        Verdict("not fit to train on", ("validity: bad",)),
    )
    plain = told(found, coloured=False)
    painted = told(found, coloured=True)
    assert "\x1b[31m" in painted
    assert re.sub(r"\x1b\[\d+m", "", painted) == plain
