"""docs/results.md: figures with their command, bar, machine, date and commit, one table a part."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_HEAD = "# Results\n\nEvery figure here was printed by the command named above its table.\n"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. `bar` is what it had to reach, `met` whether it did."""

    what: str
    figure: str
    bar: str
    met: bool

    def line(self) -> str:
        """Return the figure as a row of a Markdown table."""
        return f"| {self.what} | {self.figure} | {self.bar} | {'yes' if self.met else '**no**'} |"


def section(command: str, figures: list[Figure], notes: list[str]) -> str:
    """Return the body of a section: where it comes from, the table, and notes."""
    rows = "\n".join(figure.line() for figure in figures)
    said = "".join(f"\n{note}\n" for note in notes)
    return (
        f"`{command}` · {_machine()} · {datetime.now(UTC):%Y-%m-%d} · commit {_commit()}\n\n"
        f"| what | figure | bar | met |\n|---|---|---|---|\n{rows}\n{said}"
    )


def write_section(page: Path, name: str, body: str) -> None:
    """Replace the section called `name` of the page, or add it at the end."""
    text = page.read_text(encoding="utf-8") if page.exists() else _HEAD
    heading = f"\n## {name}\n\n"
    if heading in text:
        before, _, rest = text.partition(heading)
        _, separator, after = rest.partition("\n## ")
        text = before + heading + body + separator + after
    else:
        text = text.rstrip("\n") + "\n" + heading + body
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8")


def _machine() -> str:
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":", 1)[1] for line in info.read_text().splitlines()
                 if line.startswith("model name")]  # fmt: skip
        model = names[0].strip() if names else model
    return f"{model}, {len(os.sched_getaffinity(0))} cores"


def _commit() -> str:
    """Return the commit, marked where tracked files differ from it: the page itself may."""
    known = _git("rev-parse", "--short", "HEAD")
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs/results.md")
    return f"{known}-dirty" if changed else known or "unknown"


def _git(*arguments: str) -> str:
    found = subprocess.run(  # noqa: S603 - git as it is
        ["git", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip()
