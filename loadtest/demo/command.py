"""`penumbra demo`: the whole product on one machine, on simulated payments.

Everything of Penumbra runs as its own process with the product's own commands; the bank, which
plays the payment company, is a process too. This file starts them in order and says so.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
import urllib.request
from pathlib import Path
from threading import Event, Thread
from typing import Any

import click
from rich.console import Console

from loadtest.demo.bank import Bank, Plan
from loadtest.demo.control import Control
from loadtest.demo.live import live, start_worker
from loadtest.demo.replaying import STREAM, bar, replay
from loadtest.feed import create_topics
from loadtest.system import System, free_port, wait_for

PATIENCE_S = 300.0
USER = "demo"
REVIEWED = 0.5
"""Share of payments drawn for review: a bank this small declines few frauds a day."""


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the API; 0: a free one.")
@click.option("--rate", default=4.0, show_default=True, help="Live payments a second.")
@click.option("--days", default=60, show_default=True, help="Days of the simulated past.")
@click.option("--customers", default=8_000, show_default=True, help="Customers of the bank.")
@click.option("--seed", default=11, show_default=True, help="Seed of the simulation.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where the demo keeps everything; emptied first.",
)
@click.option("--for", "seconds", type=float, help="End by itself after so many seconds.")
def demo(
    port: int,
    rate: float,
    days: int,
    customers: int,
    seed: int,
    folder: Path,
    seconds: float | None,
) -> None:
    """Show the whole product on this machine, on simulated payments, until Ctrl-C."""
    begun = time.monotonic()
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())
    address = f"127.0.0.1:{port or free_port()}"
    with Control() as control, System(
        folder,
        api_port=address.rsplit(":", 1)[1],
        idle_after_s="1",
        legacy_source="inline",
        dead_letter_limit="1",
        console_notice="Simulated data",
        review_sample_rate=str(REVIEWED),
        demo_control_url=control.url,
        demo_control_token=control.token,
    ) as system:  # fmt: skip
        system.start_broker()
        create_topics(system.address, partitions=1)
        plan = Plan(seed, days, customers, rate, folder.resolve(), system.address)
        with Bank(plan) as bank:
            _show(system, bank, plan, control, address, stop, begun, begun + (seconds or math.inf))
        Console().print("stopping    worker, API, broker")
    Console().print("stopped")


def _show(
    system: System,
    bank: Bank,
    plan: Plan,
    control: Control,
    address: str,
    stop: Event,
    begun: float,
    until_s: float,
) -> None:
    """Tell the story, one line a step."""
    console = Console()
    console.print(f"broker      {system.address} (embedded, in memory)")
    system.start("serve", "serve")
    with bar(console) as shown:
        task = shown.add_task("simulating ", total=plan.config.days + 1)
        past = bank.past(lambda: shown.update(task, advance=1))
    # The API compiles the kernels while the past is simulated; the others find them ready.
    wait_for(lambda: stop.is_set() or _ready(system, address), "the API", timeout_s=PATIENCE_S)
    if stop.is_set():
        return
    console.print(f"bundle      {_champion(address)} (the hash of its files), verified")
    system.env["PENUMBRA_RATES_PATH"] = str(past.rates)
    watch = Thread(target=_tell_first_alert, args=(address, begun, console, stop), daemon=True)
    watch.start()
    system.start("users", "users", "add", USER, "--role", "analyst", "--no-password")
    said = replay(system, past, console, stop)
    if stop.is_set():
        return
    system.check_ended_well("users")
    console.print(f"replayed    {plan.days} simulated days, {plan.warm_days} before: {said}")
    reviewed = bank.review(system.ledger.drawn(STREAM))
    console.print(f"reviewed    {reviewed:,} declined payments that a lot had drawn, each labelled")
    start_worker(system, stop)
    _wait_labelled(system, reviewed, stop)
    console.print("live        payments as they occur; Ctrl-C ends the demo; simulated data only")
    link = system.run("users", "link", USER)
    console.print(
        f"compare     http://{address}/console/comparison?from={past.compare_from}"
        "&at=legacy_alert_rate",
        soft_wrap=True,
    )
    console.print(f"open        {link}&to=/console/now", soft_wrap=True)
    console.print(
        f"            signs you in once, within ten minutes, as the demo's analyst; another:\n"
        f"            PENUMBRA_VAR_DIR={system.folder} PENUMBRA_API_PORT={address.split(':')[1]} "
        f"{_program()} users link {USER}",
        soft_wrap=True,
    )
    live(system, bank, control, stop, until_s)


def _wait_labelled(system: System, reviewed: int, stop: Event) -> None:
    """Wait until the labels of the review are in the ledger: the comparison stands on them."""

    def there() -> bool:
        system.check_alive()
        return stop.is_set() or system.ledger.labels("sample") >= reviewed

    wait_for(there, "the labels of the review", timeout_s=PATIENCE_S)


def _program() -> str:
    """Return how `penumbra` is called from here."""
    beside = Path(sys.executable).with_name("penumbra")
    return os.path.relpath(beside) if beside.exists() else "penumbra"


def _tell_first_alert(address: str, begun: float, console: Console, stop: Event) -> None:
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
    return _asked(address, "/readyz") is not None


def _champion(address: str) -> str:
    found = _asked(address, "/v1/models") or {}
    return str(found["models"][0]["bundle_id"])


def _alerts(address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (_asked(address, "/v1/alerts") or {}).get("alerts", [])
    return found


def _asked(address: str, path: str) -> dict[str, Any] | None:
    """Return what the API says, None while it does not."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=2) as answer:
            found: dict[str, Any] = json.load(answer)
            return found
    except (OSError, ValueError):
        return None
