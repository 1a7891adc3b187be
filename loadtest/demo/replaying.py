"""The simulated past, brought into the ledger: first days as histories, the rest with decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

if TYPE_CHECKING:
    from threading import Event

    from rich.console import Console

    from loadtest.demo.bank import Past
    from loadtest.system import System

STREAM = "transactions"
STEP_S = 0.5


def replay(system: System, past: Past, console: Console, stop: Event) -> str:
    """Run the past through Penumbra behind a bar; return how many went in and are recorded."""
    system.start(
        "backtest", "backtest",
        "--data", str(past.transactions), "--mapping", "canonical", "--labels", str(past.labels),
        "--from", past.score_from, "--stream", STREAM,
    )  # fmt: skip
    with bar(console) as shown:
        task = shown.add_task("replaying  ", total=past.rows)
        while system.is_running("backtest") and not stop.wait(STEP_S):
            shown.update(task, completed=_seen(system))
        shown.update(task, completed=_seen(system))
    if stop.is_set():
        return "stopped"
    system.check_ended_well("backtest")
    counters = system.ledger.counters(STREAM)
    seen = _seen(system)
    recorded = seen - counters["duplicates"] - counters["dead_letters"]
    return f"{past.rows:,} in, {recorded:,} recorded, {past.rows - seen:,} lost"


def bar(console: Console) -> Progress:
    """Return a bar of the demo's kind."""
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console
    )


def _seen(system: System) -> int:
    counters = system.ledger.counters(STREAM)
    return counters.get("warmed", 0) + counters.get("consumed", 0)
