"""A minute in which every payment is flagged: decisions must not wait for explanations."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from loadtest.feed import Feed, Messages, create_topics
from loadtest.results import Figure
from loadtest.system import System, free_port, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

STREAM = "transactions"
PARTITIONS = 4
SECONDS, RATE = 60, 5_000
LEAST_SHARE = 0.9
"""Of the normal rate of decisions, what must be kept while everything is flagged."""
DRAIN_S = 30.0
WARM_UP = 2_000
NEVER, ALWAYS = 1e6, -1e6
"""Thresholds in log-odds: nothing is flagged, everything is."""
FAR_MS = 90 * 86_400_000
START_MS = 1_782_907_200_000  # 2026-07-01T12:00:00Z: the drill lies within this hour
SLICE_S = 0.1
OLDEST = "penumbra_alerts_pending_oldest_seconds"


@dataclass(frozen=True, slots=True)
class Run:
    """One minute under load.

    `rate` is decisions a second, from the first to the last, `cpu_us` the worker's processor time
    for one of them.
    `memory_mb` is what worker and relay grew by, `pending` how many flags had no explanation
    when the last decision was written; `drained` explanations a second after it, `in_order`
    whether those came highest risk first, `oldest_s` the metric of the age of the oldest, or None
    if nothing was pending any more when it could be read.
    """

    offered: int
    rate: float
    cpu_us: float
    memory_mb: float
    flags: int
    pending: int
    drained: float
    in_order: bool
    oldest_s: float | None


def burst(folder: Path, bundle: Path, seconds: int = SECONDS, rate: int = RATE) -> list[Figure]:
    """Measure the rate of decisions where nothing is flagged, everything, and nothing again."""
    messages = payments(WARM_UP + seconds * rate, rate)
    quiet = with_threshold(bundle, folder / "quiet", NEVER)
    loud = with_threshold(bundle, folder / "loud", ALWAYS)
    before = run(folder / "before", quiet, messages, rate)
    under = run(folder / "under", loud, messages, rate, drain=True)
    after = run(folder / "after", quiet, messages, rate)
    normal = (before.rate + after.rate) / 2
    return [
        Figure(
            f"decisions a second, {under.offered:,} payments at {rate:,}/s for {seconds} s: "
            "nothing flagged (before, after) / everything flagged",
            f"{before.rate:,.0f}, {after.rate:,.0f} / {under.rate:,.0f}, "
            f"{100 * under.rate / normal:.0f} % of normal",
            f"{100 * LEAST_SHARE:.0f} %",
            under.rate >= LEAST_SHARE * normal,
        ),
        Figure(
            "the worker's processor time a decision: nothing flagged / everything flagged",
            f"{before.cpu_us:.0f}, {after.cpu_us:.0f} / {under.cpu_us:.0f} µs",
            "printed",
            True,
        ),
        Figure(
            "flags; pending in the ledger at the last decision; of these lost",
            f"{under.flags:,}; {under.pending:,}; {under.offered - under.flags:,}",
            "every payment a flag, none lost",
            under.flags == under.offered,
        ),
        Figure(
            "memory worker and relay grew by: nothing flagged / everything flagged",
            f"{max(before.memory_mb, after.memory_mb):,.0f} / {under.memory_mb:,.0f} MB",
            "nothing is kept for a pending flag: at most 200 MB more",
            under.memory_mb <= max(before.memory_mb, after.memory_mb) + 200,
        ),
        Figure(
            "explained after the last decision, highest risk first",
            f"{under.drained:,.0f} a second: {under.pending / max(under.drained, 1e-9) / 60:,.0f} "
            f"minutes for all; {'in order' if under.in_order else 'out of order'}",
            "in order",
            under.in_order and under.drained > 0,
        ),
        Figure(
            "age of the oldest pending flag, as penumbra_alerts_pending_oldest_seconds tells it",
            "nothing is pending any more" if under.oldest_s is None else f"{under.oldest_s:,.0f} s",
            "told",
            under.oldest_s is None or under.oldest_s > 0,
        ),
    ]


def run(folder: Path, bundle: Path, messages: Messages, rate: int, *, drain: bool = False) -> Run:
    """Stream everything at a fixed rate into one worker and watch the ledger."""
    with System(folder, bundle_path=str(bundle)) as system:
        system.start_broker()
        create_topics(system.address, PARTITIONS)
        system.start("worker", "worker")
        feed = Feed(system.address)
        feed.watermark(START_MS + FAR_MS)
        feed.send_now(messages.between(0, WARM_UP))  # joins the group, compiles, seals the hour
        feed.flush()
        system.wait_consumed(STREAM, WARM_UP)
        before_mb, before_s = system.memory_mb("worker"), system.cpu_s("worker")
        begun = time.monotonic()
        _open_loop(feed, messages.between(WARM_UP, len(messages.at_ms)), rate)
        feed.close()
        total = len(messages.at_ms)
        system.wait_consumed(STREAM, total)
        seconds = time.monotonic() - begun
        cpu_us = 1e6 * (system.cpu_s("worker") - before_s) / (total - WARM_UP)
        ended_ms = time.time_ns() // 1_000_000
        grown = system.memory_mb("worker") - before_mb
        pending = system.ledger.pending_alerts()
        flags = system.ledger.flags()
        drained, in_order, oldest = 0.0, True, None
        if drain:
            oldest = _oldest(system)
            drained, in_order = _drained(system, pending, ended_ms)
        return Run(
            offered=total, rate=(total - WARM_UP) / seconds, cpu_us=cpu_us, memory_mb=grown,
            flags=flags, pending=pending, drained=drained, in_order=in_order, oldest_s=oldest,
        )  # fmt: skip


def payments(count: int, rate: int) -> Messages:
    """Return payments of 5,000 customers, one after the other at this rate, within an hour."""
    rng = np.random.default_rng(11)
    amount = np.round(rng.lognormal(8, 1.2, count)).astype(np.int64)
    customer = rng.integers(0, 5_000, count)
    merchant = rng.integers(0, 800, count)
    device = customer + 5_000 * rng.integers(0, 2, count)
    at_ms = START_MS + (np.arange(count) * 1000 // rate)
    value = [
        b'{"transaction_id":"b%d","occurred_at":"%s+00:00","customer_id":"c%d",'
        b'"merchant_id":"m%d","amount_minor":%d,"currency":"EUR","channel":"ecommerce",'
        b'"country":"FR","device_id":"d%d"}' % row
        for row in zip(
            range(count), _instants(at_ms), customer.tolist(), merchant.tolist(), amount.tolist(),
            device.tolist(), strict=True,
        )
    ]  # fmt: skip
    return Messages([b"c%d" % one for one in customer.tolist()], value, at_ms)


def with_threshold(bundle: Path, folder: Path, log_odds: float) -> Path:
    """Return a copy of a bundle that flags from another log-odds on, for a drill."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bundle, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest |= {"threshold": log_odds, "threshold_at_risk": None}
    body = json.dumps(manifest).encode()
    (folder / "manifest.json").write_bytes(body)
    (folder / "DONE").write_text(hashlib.sha256(body).hexdigest())
    return folder


def _instants(at_ms: NDArray[np.int64]) -> list[bytes]:
    return [bytes(one) for one in np.datetime_as_string(at_ms.astype("M8[ms]")).astype("S")]


def _open_loop(feed: Feed, messages: Messages, rate: int) -> None:
    """Send at a fixed rate whatever becomes of it: who is late catches up, nobody waits."""
    begun = time.monotonic()
    sent, total = 0, len(messages.at_ms)
    while sent < total:
        due = min(total, int((time.monotonic() - begun + SLICE_S) * rate))
        feed.send_now(messages.between(sent, due))
        sent = due
        time.sleep(max(0.0, begun + sent / rate - SLICE_S - time.monotonic()))
    feed.flush()


def _drained(system: System, pending: int, since_ms: int) -> tuple[float, bool]:
    """Return explanations a second since the last decision, and whether the riskiest came first."""
    ledger = system.ledger
    begun = time.monotonic()
    wait_for(
        lambda: time.monotonic() - begun > DRAIN_S or not ledger.pending_alerts(),
        "explanations", timeout_s=2 * DRAIN_S,
    )  # fmt: skip
    system.check_alive()
    seconds = time.time_ns() / 1e9 - since_ms / 1e3
    return (pending - ledger.pending_alerts()) / seconds, ledger.explained_by_risk(since_ms)


def _oldest(system: System) -> float | None:
    """Return the metric of the age of the oldest pending alert, from a server of its own."""
    port = free_port()
    system.start("serve", "serve", "--host", "127.0.0.1", "--port", str(port))
    told: list[float] = []

    def said() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
                lines = page.read().decode().splitlines()
        except OSError:
            return False
        told[:] = [float(line.split()[-1]) for line in lines if line.startswith(f"{OLDEST} ")]
        return bool(told and told[0] > 0) or not system.ledger.pending_alerts()

    wait_for(said, "the age of the oldest pending alert", timeout_s=180)
    return told[0] if told and told[0] > 0 else None
