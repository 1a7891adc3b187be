"""An audit as text for a terminal: findings, scorecard, verdict."""

import textwrap

import click

from training.audit.findings import Audit

_WIDTH = 100
_OF_LEVEL = {"good": "green", "note": "blue", "warning": "yellow", "problem": "red"}
_OF_GRADE = {5: "green", 4: "green", 3: "yellow", 2: "yellow", 1: "red"}
_OF_FITNESS = {"fit to train on": "green", "fit with care": "yellow", "not fit to train on": "red"}


def told(found: Audit, *, coloured: bool) -> str:
    """Return the text; `coloured` adds the terminal's colours."""

    def paint(text: str, colour: str) -> str:
        return click.style(text, fg=colour) if coloured else text

    checks = max(len(one.check) for one in found.findings)
    lines = ["Findings"]
    for one in found.findings:
        level = paint(f"{one.level:<8}", _OF_LEVEL[one.level])
        lines += _indented(f"{level} {one.check:<{checks}}  ", one.text, 11 + checks)
    lines += ["", "Scorecard (5 is best)"]
    dimensions = max(len(one.dimension) for one in found.grades)
    for grade in found.grades:
        mark = paint(str(grade.grade), _OF_GRADE[grade.grade])
        lines += _indented(
            f"{mark} {grade.dimension:<{dimensions}}  ", grade.reason, 4 + dimensions
        )
        if grade.remedy:
            lines += _indented(" " * (4 + dimensions) + "→ ", grade.remedy, 6 + dimensions)
    verdict = found.verdict
    lines += ["", f"Verdict: {paint(verdict.fitness, _OF_FITNESS[verdict.fitness])}"]
    for reason in verdict.reasons:
        lines += _indented("- ", reason, 2)
    return "\n".join(lines)


def _indented(first: str, text: str, width: int) -> list[str]:
    """Return a text after its `first` words, further lines set in by `width`."""
    parts = textwrap.wrap(text, _WIDTH - width, break_long_words=False, break_on_hyphens=False)
    return [first + parts[0], *(" " * width + part for part in parts[1:])]
