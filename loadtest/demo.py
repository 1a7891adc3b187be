"""`penumbra demo`: the whole product on one machine, on simulated payments.

Everything runs as its own process with the product's own commands; this file only plays the
payment company: it simulates 60 days and a live stream, and produces it to the broker.
"""

from __future__ import annotations

import json
import signal
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import click
import polars as pl
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from loadtest.feed import Feed, Messages, create_topics
from loadtest.simulator import LiveStream, demo_config, keys, wire
from loadtest.simulator.files import write_rates
from loadtest.system import System, free_port, wait_for
from models.instants import parse_instants

if TYPE_CHECKING:
    from loadtest.simulator import Chunk

STREAM = "transactions"
STEP_S = 0.5
WARM_DAYS = 30
PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Prepared:
    """The simulated past on disk."""

    transactions: Path
    labels: Path
    rates: Path
    rows: int
    score_from: str


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the API; 0: a free one.")
@click.option("--rate", default=4.0, show_default=True, help="Live payments a second.")
@click.option("--seed", default=11, show_default=True, help="Seed of the simulation.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where the demo keeps everything; emptied first.",
)
@click.option("--for", "seconds", type=float, help="End by itself after so many seconds.")
def demo(port: int, rate: float, seed: int, folder: Path, seconds: float | None) -> None:
    """Show the whole product on this machine, on simulated payments, until Ctrl-C."""
    console = Console()
    begun = time.monotonic()
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stream = LiveStream(demo_config(seed), clock=time.time, rate=rate)
    address = f"127.0.0.1:{port or free_port()}"
    with System(folder, api_port=address.rsplit(":", 1)[1], idle_after_s="1") as system:
        system.start_broker()
        create_topics(system.address, partitions=1)
        console.print(f"broker      {system.address} (embedded, in memory)")
        system.start("serve", "serve")
        past = prepare(stream, folder, console)
        # The API compiles the kernels while the past is simulated; the others find them ready.
        wait_for(lambda: stop.is_set() or _ready(system, address), "the API", timeout_s=PATIENCE_S)
        if stop.is_set():
            return
        console.print(f"API         http://{address}")
        system.env["PENUMBRA_RATES_PATH"] = str(past.rates)
        watch = Thread(target=tell_first_alert, args=(address, begun, console, stop), daemon=True)
        watch.start()
        replay_past(system, past, console, stop)
        if not stop.is_set():
            system.start("worker", "worker")
            console.print(f"live        {rate:g} payments a second, http://{address}")
            console.print("            Ctrl-C ends the demo; simulated data only")
            go_live(system, stream, stop, begun, seconds)
        console.print("stopping    worker, API, broker")
    console.print("stopped")


def prepare(stream: LiveStream, folder: Path, console: Console) -> Prepared:
    """Simulate the past and write it to files."""
    config = stream.config
    chunks: list[Chunk] = []
    with _bar(console) as bar:
        task = bar.add_task("simulating ", total=config.days + 1)
        for chunk in stream.history():
            chunks.append(chunk)
            bar.update(task, advance=1)
    transactions = pl.concat([chunk.transactions for chunk in chunks])
    labels = pl.concat([chunk.labels for chunk in chunks])
    paths = folder / "past.parquet", folder / "past.labels.parquet", folder / "rates.csv"
    transactions.write_parquet(paths[0])
    labels.write_parquet(paths[1])
    write_rates(config, paths[2])
    first_scored = chunks[WARM_DAYS].day
    return Prepared(*paths, len(transactions), str(first_scored))


def replay_past(system: System, past: Prepared, console: Console, stop: Event) -> None:
    """Bring the past into the ledger: the first days as histories, the rest with decisions."""
    system.start(
        "backtest", "backtest",
        "--data", str(past.transactions), "--mapping", "canonical", "--labels", str(past.labels),
        "--from", past.score_from, "--stream", STREAM,
    )  # fmt: skip
    with _bar(console) as bar:
        task = bar.add_task("replaying  ", total=past.rows)
        while system.is_running("backtest") and not stop.is_set():
            counters = system.ledger.counters(STREAM)
            seen = counters.get("warmed", 0) + counters.get("consumed", 0)
            bar.update(task, completed=seen)
            time.sleep(STEP_S)
        counters = system.ledger.counters(STREAM)
        seen = counters.get("warmed", 0) + counters.get("consumed", 0)
        bar.update(task, completed=seen)
    if stop.is_set():
        return
    system.check_ended_well("backtest")
    recorded = seen - counters["duplicates"] - counters["dead_letters"]
    console.print(f"replayed    {past.rows:,} in, {recorded:,} recorded, {past.rows - seen:,} lost")


def go_live(
    system: System, stream: LiveStream, stop: Event, begun: float, seconds: float | None
) -> None:
    """Produce what occurs, as it occurs, until told to stop."""
    feed = Feed(system.address)
    while not stop.wait(STEP_S):
        system.check_alive()
        chunk = stream.poll()
        feed.send_now(_messages(chunk.transactions, "customer_id", "occurred_at"))
        feed.send_labels(_messages(chunk.labels, "transaction_id", "known_at"))
        feed.flush()
        if seconds is not None and time.monotonic() - begun > seconds:
            break
    feed.close()


def tell_first_alert(address: str, begun: float, console: Console, stop: Event) -> None:
    """Print when the first explained alert can be read from the API."""

    def there() -> bool:
        return stop.is_set() or bool(_alerts(address))

    wait_for(there, "the first alert", timeout_s=PATIENCE_S)
    alerts = _alerts(address)
    if alerts:
        reason = alerts[0]["reasons"][:1]
        console.print(
            f"first alert after {time.monotonic() - begun:.1f} s: risk {alerts[0]['risk_score']}, "
            f"{reason[0] if reason else 'no single reason'}"
        )


def _ready(system: System, address: str) -> bool:
    system.check_alive()
    try:
        with urllib.request.urlopen(f"http://{address}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except OSError:
        return False


def _alerts(address: str) -> list[dict[str, Any]]:
    try:
        with urllib.request.urlopen(f"http://{address}/v1/alerts", timeout=2) as answer:
            found: list[dict[str, Any]] = json.load(answer)["alerts"]
            return found
    except (OSError, ValueError, KeyError):
        return []


def _messages(frame: pl.DataFrame, key: str, moment: str) -> Messages:
    at_ms, _, _ = parse_instants(frame[moment].to_list())
    return Messages(keys(frame, key), wire(frame), at_ms)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=console
    )
