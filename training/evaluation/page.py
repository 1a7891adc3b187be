"""Tables and intervals as Markdown."""

from collections.abc import Sequence

from training.evaluation.figures import Interval


def table_lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a table, a line a row."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def interval(found: Interval) -> str:
    """Return a difference with its interval."""
    return f"{found.difference:+.3f} ({found.low:+.3f} to {found.high:+.3f})"


def verdict(found: Interval) -> str:
    """Say whether a difference is beyond doubt."""
    if found.low > 0:
        return "more, beyond doubt"
    return "less, beyond doubt" if found.high < 0 else "not to be told from nothing"
