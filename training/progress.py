"""Progress of long work: a bar on a terminal, nothing in tests."""

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Advance = Callable[[int], None]


class Tracker(Protocol):
    """Told what is being done, and how far it has come."""

    def task(self, label: str, total: int) -> Advance:
        """Begin a piece of work of `total` steps; call the result with steps done."""

    def say(self, line: str) -> None:
        """Tell one fact."""


class Silent:
    """Shows nothing."""

    def task(self, label: str, total: int) -> Advance:
        """Begin a piece of work nobody watches."""
        del label, total
        return lambda _steps: None

    def say(self, line: str) -> None:
        """Keep quiet."""
        del line


class Bars:
    """Rich bars on standard error; use as a context manager."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<34}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def task(self, label: str, total: int) -> Advance:
        """Begin a bar; where there is no terminal, a line."""
        if not self._progress.console.is_terminal:
            self.say(f"{label} ({total:,} steps)")
        number = self._progress.add_task(label, total=total)
        return lambda steps: self._progress.update(number, advance=steps)

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self._progress.console.print(line, highlight=False)
