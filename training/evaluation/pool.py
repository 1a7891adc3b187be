"""Processes that fit side by side, and end when the one that asked them does."""

import os
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context, parent_process


def processes(jobs: int, *, tasks_each: int | None = None) -> ProcessPoolExecutor:
    """Return a pool of new processes, at most `jobs` at a time; each ends after `tasks_each`."""
    return ProcessPoolExecutor(
        jobs,
        mp_context=get_context("spawn"),
        initializer=end_with_parent,
        max_tasks_per_child=tasks_each,
    )


def end_with_parent() -> None:
    """Watch the parent: one that was killed tells nobody to stop."""
    parent = parent_process()
    if parent is None:
        raise RuntimeError("only a process that another one started has somebody to wait for")

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
